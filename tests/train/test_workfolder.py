"""A work folder belongs to one training: another one never carries its checkpoints on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train import recipe as recipes
from xuncha.train import workfolder
from xuncha.train.compare.rules import Gate
from xuncha.train.recipe import Recipe


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("{}\n")
    return path


@pytest.fixture
def recipe(rows: Path) -> Recipe:
    return replace(recipes.find("debug"), rows=str(rows), extra_rows=str(rows))


def begun(work: Path) -> Path:
    """What a training that was killed leaves, and a model folder of an earlier one."""
    (work / "checkpoints" / "checkpoint-4").mkdir(parents=True)
    (work / "model").mkdir()
    return work


def test_the_same_training_goes_on(recipe: Recipe, taxonomy: Taxonomy, tmp_path: Path) -> None:
    work = begun(tmp_path / "work")
    for _ in range(2):
        workfolder.claim(work, workfolder.identity(recipe, taxonomy), print)
    assert (work / "checkpoints" / "checkpoint-4").is_dir()


@pytest.mark.parametrize("what", ["recipe", "taxonomy", "rows, extra_rows"])
def test_an_unfinished_training_of_other_inputs_is_refused_and_kept(
    what: str, recipe: Recipe, taxonomy: Taxonomy, rows: Path, tmp_path: Path
) -> None:
    work = begun(tmp_path / "work")
    workfolder.claim(work, workfolder.identity(recipe, taxonomy), print)
    if what == "recipe":
        recipe = replace(recipe, seed=99)
    elif what == "taxonomy":
        taxonomy = replace(taxonomy, version="2")
    else:
        rows.write_text("{}\n{}\n")
    with pytest.raises(XunchaError) as caught:
        workfolder.claim(work, workfolder.identity(recipe, taxonomy), print)
    assert str(caught.value) == (
        f"{work}: holds the checkpoints of an unfinished training with another {what}. "
        "Give another --work folder, or --fresh to start anew."
    )
    assert (work / "checkpoints" / "checkpoint-4").is_dir()


def test_a_finished_training_makes_way_for_grown_rows_but_its_model_stays(
    recipe: Recipe, taxonomy: Taxonomy, rows: Path, tmp_path: Path
) -> None:
    work, said = begun(tmp_path / "work"), list[str]()
    workfolder.claim(work, workfolder.identity(recipe, taxonomy), said.append)
    workfolder.finish(work)
    rows.write_text("{}\n{}\n")
    workfolder.claim(work, workfolder.identity(recipe, taxonomy), said.append)
    assert said == [f"{work}: the training there had another rows, extra_rows and is done with; starting anew"]
    assert sorted(path.name for path in work.iterdir()) == ["model", "run.json"]


def test_another_gate_is_no_other_training(recipe: Recipe, taxonomy: Taxonomy) -> None:
    lax = replace(recipe, gate=Gate(tolerance=0.5))
    assert workfolder.identity(lax, taxonomy) == workfolder.identity(recipe, taxonomy)


def test_a_model_is_exported_only_from_the_training_that_its_options_name(
    recipe: Recipe, taxonomy: Taxonomy, tmp_path: Path
) -> None:
    work = begun(tmp_path / "work")
    workfolder.claim(work, workfolder.identity(recipe, taxonomy), print)
    workfolder.require(work, workfolder.identity(recipe, taxonomy))
    with pytest.raises(XunchaError) as caught:
        workfolder.require(work, workfolder.identity(replace(recipe, seed=9), taxonomy))
    assert str(caught.value) == (
        f"{work}: the training there had another recipe. Give the options that it was made with, or train again."
    )
