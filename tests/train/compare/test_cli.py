"""`xuncha compare` and its report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from xuncha.labels.io import write_rows
from xuncha.labels.rows import Row
from xuncha.models.bundle import Bundle
from xuncha.train.compare.cli import compare_command
from xuncha.train.compare.comparison import compare
from xuncha.train.compare.report import page

Models = dict[str, Bundle]


def run(*words: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(compare_command)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_worse_model_gives_hold_reasons_flips_and_exit_code_1(models: Models, saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    done = run(models["whole"].folder, models["blind"].folder, saved, "--no-speed", "--report", out)
    assert done.exit_code == 1, done.stderr
    assert "verdict: hold\n  off_platform: F1 is worse by" in done.stdout
    assert "Flipped verdicts: 100 broken" in done.stdout and "「微」 contact" in done.stdout
    assert done.stdout.endswith(f"report: {out / 'comparison.html'}\n")
    assert json.loads((out / "comparison.json").read_text())["verdict"]["outcome"] == "hold"


def test_a_better_model_gives_ship_and_exit_code_0(models: Models, saved: Path) -> None:
    done = run(models["blind"].folder, models["whole"].folder, saved, "--no-speed", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["verdict"]["outcome"] == "ship"


def test_rules_come_from_a_recipe_and_cases_from_a_file(
    models: Models, saved: Path, cases: list[Row], tmp_path: Path
) -> None:
    recipe, file = tmp_path / "r.toml", tmp_path / "cases.jsonl"
    recipe.write_text('name = "r"\nencoder = "tiny"\n[gate]\npoint = "strict"\ntolerance = 0.03\n')
    write_rows(file, cases)
    words = (models["whole"].folder, models["dull"].folder, saved, "--no-speed", "--json")
    found = json.loads(run(*words, "--recipe", recipe, "--cases", file).stdout)
    assert (found["rules"]["point"], found["rules"]["tolerance"]) == ("strict", 0.03)
    assert found["measured"]["behaviour"]["cases"] == 12


def test_what_a_user_can_put_right_is_one_line_and_exit_code_2(models: Models, saved: Path, tmp_path: Path) -> None:
    missing = tmp_path / "none.jsonl"
    done = run(models["whole"].folder, models["blind"].folder, saved, "--cases", missing)
    assert (done.exit_code, done.stderr) == (
        2,
        f"{missing}: there is no such file of behaviour cases. Name another with --cases.\n",
    )
    assert run(tmp_path / "no-model", models["blind"].folder, saved).exit_code == 2


def test_hostile_texts_are_inert_on_page_and_terminal(models: Models, rows: list[Row], tmp_path: Path) -> None:
    bad = replace(rows[0], id="bad", text="加微<script>alert(1)</script>\u202e\x1b[31m=1+1", spans=())
    found = compare(models["whole"], models["blind"], [bad, *rows], speed=False)
    shown = page(found)
    assert "<script" not in shown and "\x1b" not in shown and "\u202e" not in shown
    assert "&lt;script&gt;" in shown
    file = tmp_path / "rows.jsonl"
    write_rows(file, [bad, *rows])
    printed = run(models["whole"].folder, models["blind"].folder, file, "--no-speed").stdout
    assert "\x1b" not in printed and "\u202e" not in printed
