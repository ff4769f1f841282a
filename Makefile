# `make help` lists the targets. Everything is installed into .venv in this checkout; the system's Python stays as it is.
SHELL    := /bin/bash
PYTHON   ?= python3
VENV     := .venv
BIN      := $(VENV)/bin
PACKAGES := labels train models serve
LINKS    := $(PACKAGES:%=.links/xuncha/%)
RECIPE   ?= nano
MODEL    ?= nano
# Newest versions that this project was tested with; torch is the CPU build where pip finds one.
PIP      := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test lint type train evaluate behaviour bench bench-live bench-rooms export clean dist

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'

$(VENV)/.base: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) torch==$$(sed -n 's/^torch==//p' constraints.txt)
	$(PIP) -e '.[train,dev]'
	@touch $@

setup: $(VENV)/.base ## install what scoring needs (no torch)

setup-dev: $(VENV)/.dev $(LINKS) ## install everything, for training and tests

demo: $(VENV)/.base ## score the two sample tables with the released model
	$(BIN)/xuncha demo

test: setup-dev lint type ## everything: lint, types, import directions, all tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: setup-dev ## ruff and import-linter
	$(BIN)/ruff check $(PACKAGES) tests
	$(BIN)/ruff format --check $(PACKAGES) tests
	$(BIN)/lint-imports

type: setup-dev ## mypy --strict
	$(BIN)/mypy

train: setup-dev ## fine-tune a recipe from the committed rows (RECIPE=nano)
	$(BIN)/xuncha train $(RECIPE)

behaviour: setup-dev ## list the behaviour cases that the released model gets wrong
	$(BIN)/python tests/behaviour/list_failures.py

evaluate: setup-dev ## the released figures from the committed test rows (MODEL=nano)
	$(BIN)/xuncha evaluate $(MODEL) labels/data

export: setup-dev ## write the ONNX model folder again from the last training run (RECIPE=nano)
	$(BIN)/xuncha train $(RECIPE) --export-only

bench: setup-dev ## scoring speed beside what else there is, in one run (BENCH='-o DIR --growth')
	$(BIN)/xuncha bench $(BENCH)

bench-live: setup-dev ## a stream of 1,000 live rooms, two lines a second each
	$(BIN)/python -m xuncha.serve.live.load

bench-rooms: setup-dev ## precision and recall of xuncha live on the written rooms, bar by bar
	$(BIN)/python -m tests.serve.live.measure

dist: setup-dev ## sdist and wheel
	rm -rf build dist
	$(BIN)/python -m build --quiet

clean: ## remove what was built, but not the environment
	rm -rf build dist .links .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-output *.egg-info

# Type checkers cannot see the install mapping in pyproject.toml; these links show it to them.
.links/xuncha/%:
	@mkdir -p $(@D) && ln -sfn ../../$* $@
