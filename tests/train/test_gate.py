"""Champion and challenger: nothing ships that is worse, and --force leaves a trace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import Bundle, open_bundle
from xuncha.train import gate, pipeline
from xuncha.train import recipe as recipes
from xuncha.train.cli import train_command
from xuncha.train.compare.rules import Gate

ROWS = str(Path(__file__).parents[2] / "labels" / "data")
OFF = "off_platform"
MakeRow = Callable[..., Row]


@pytest.fixture
def rows(make_row: MakeRow) -> list[Row]:
    true = [make_row(f"w{n}", f"加微{n}", [OFF], [("加微", OFF, "contact")]) for n in range(100)]
    extreme = [
        make_row(f"z{n}", f"最好{n}", ["exaggerated"], [("最好", "exaggerated", "absolute")]) for n in range(100)
    ]
    return [*true, *extreme, *(make_row(f"n{n}", f"好货{n}") for n in range(50))]


def test_the_verdict_is_recorded_in_the_model_and_the_report_names_the_final_model(
    make_bundle: Callable[..., Bundle], rows: list[Row], tmp_path: Path
) -> None:
    old, new = make_bundle(tmp_path / "old"), make_bundle(tmp_path / "new", blind="微")
    found = gate.judge(gate.Champion(old), new.folder, gate.Arena(rows, frozenset(), Gate(speed=0), tmp_path))
    after = open_bundle(new.folder)
    recorded = json.loads(after.path("metrics.json").read_text("utf-8"))["gate"]
    assert (recorded["champion"], recorded["verdict"], recorded["forced"]) == (old.model_id, "hold", False)
    assert recorded["rules"]["speed"] == 0 and recorded["labels"][OFF]["new"] == 0.0
    assert found.new == after.model_id
    assert json.loads((tmp_path / "gate" / "comparison.json").read_text("utf-8"))["new"] == after.model_id


def test_a_comparison_that_could_not_be_made_is_refused_before_training(
    make_bundle: Callable[..., Bundle], rows: list[Row], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    old = make_bundle(tmp_path / "old")
    with pytest.raises(XunchaError) as caught:
        gate.check(gate.Champion(old), taxonomy, [])
    assert str(caught.value) == (
        "No row of split test is judged for off_platform or exaggerated, so that nothing could be compared with "
        f"{old.model_id}. Add such rows, or run `xuncha labels split --write`."
    )
    smaller = replace(taxonomy, labels=taxonomy.labels[:1])
    with pytest.raises(XunchaError) as caught:
        gate.check(gate.Champion(old), smaller, rows)
    assert str(caught.value) == (
        f'{old.model_id} knows the label "exaggerated", the taxonomy does not, so that the new model could never '
        "replace it. Name a taxonomy that has it with --taxonomy, or give --force."
    )
    gate.check(gate.Champion(old, force=True), smaller, rows)


@pytest.mark.slow
def test_a_worse_model_is_kept_aside_and_the_champion_stays(debug_run: Path, tmp_path: Path) -> None:
    target = tmp_path / "in-use"
    shutil.copytree(open_bundle("nano").folder, target)
    champion = gate.Champion(open_bundle(target))
    said: list[str] = []
    recipe = replace(recipes.find("debug"), rows=ROWS, gate=Gate(speed=0))
    run = pipeline.Run(recipe, Taxonomy.load(), debug_run, target, said.append, champion)
    with pytest.raises(gate.Refused) as caught:
        pipeline.release(run)
    told = str(caught.value)
    assert told.startswith(
        f"The new model does not take the place of {champion.bundle.model_id}: hold. off_platform: F1"
    )
    assert told.endswith(
        f"It is kept in {debug_run / 'challenger'}, the comparison in {debug_run / 'gate' / 'comparison.html'}; "
        "--force writes it all the same."
    )
    assert open_bundle(target).model_id == champion.bundle.model_id
    assert open_bundle(debug_run / "challenger").name == "debug"
    pipeline.release(replace(run, champion=replace(champion, force=True)))
    forced = open_bundle(target)
    recorded = json.loads(forced.path("metrics.json").read_text("utf-8"))["gate"]
    assert (recorded["verdict"], recorded["forced"]) == ("hold", True)
    kept = debug_run / f"replaced-{champion.bundle.fingerprint}"
    assert open_bundle(kept).model_id == champion.bundle.model_id
    assert said[-1] == f"{forced.model_id} written to {target}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Name a recipe: debug, distil, nano, teacher, or the path of a TOML file.\n"),
        (["debug", "--force"], "--force is about the model in use. Name it with --champion.\n"),
        (["debug", "--cases", "c.jsonl"], "--cases is about the model in use. Name it with --champion.\n"),
    ],
)
def test_what_the_command_line_lacks_is_one_sentence_and_exit_code_2(words: list[str], message: str) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(train_command)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stderr) == (2, message)
