"""The command line: a table of commands, each loaded when it is called, so that help and one check start fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

from xuncha.serve.commands.spot import read_arguments, spot_check

if TYPE_CHECKING:
    import typer

# Commands that compute with onnxruntime alone. numpy comes with a BLAS that starts a thread a core when it is imported.
_WITHOUT_BLAS = ("check", "score", "demo", "models")


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is (`module:attribute`, a function or a Typer app), its line of help, what it needs."""

    target: str
    help: str
    needs: str = ""
    extra: str = ""


COMMANDS = {
    "check": Command("xuncha.serve.commands.check:check", "Check texts at the prompt: coloured evidence, score, rule."),
    "score": Command("xuncha.serve.commands.score:score", "Score a table: CSV, TSV, JSONL or Parquet, plain or gzip."),
    "demo": Command("xuncha.serve.commands.demo:demo", "Score two sample tables and show some verdicts."),
    "models": Command("xuncha.models.cli:app", "List, show and verify models."),
    "labels": Command("xuncha.labels.cli:app", "Look at the taxonomy; check, count, split and convert labelled rows."),
    "train": Command("xuncha.train.cli:train_command", "Train a model from labelled rows.", "torch", "train"),
    "evaluate": Command(
        "xuncha.train.evaluation.cli:evaluate_command", "Measure a model on labelled rows.", "sklearn", "train"
    ),
    "bench": Command("xuncha.train.bench.cli:bench_command", "Measure scoring speed beside peers.", "torch", "train"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that `arguments` (default: the process's own) name, then exit the process.

    Exit codes: 0 done; 1 the command found what it looks for (`check`: something is flagged); 2 usage or error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    called = next((one for one in given if not one.startswith("-")), "")
    if called in _WITHOUT_BLAS:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    asked = read_arguments(given)
    if asked is not None:
        _leave(int(spot_check(asked)), at_once=arguments is None)
    from xuncha.serve.app import command_line

    found = _load(called, COMMANDS[called]) if called in COMMANDS else None
    command_line({name: command.help for name, command in COMMANDS.items()}, called, found)(given, prog_name="xuncha")


def _leave(code: int, *, at_once: bool) -> NoReturn:
    """End the process; at once, without taking down what the system takes down anyway, a tenth of one check."""
    if at_once:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def _load(name: str, command: Command) -> Callable[..., Any] | typer.Typer:
    if command.needs and find_spec(command.needs) is None:
        print(f"xuncha {name} needs {command.needs}: pip install 'xuncha[{command.extra}]'", file=sys.stderr)
        raise SystemExit(2)
    module, attribute = command.target.split(":")
    found: Callable[..., Any] | typer.Typer = getattr(import_module(module), attribute)
    return found
