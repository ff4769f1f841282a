import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from xuncha.labels import write_rows
from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference
from xuncha.train import evaluation
from xuncha.train.evaluation.cli import chosen, evaluate_command
from xuncha.train.evaluation.evaluation import evaluate_inference
from xuncha.train.evaluation.terminal import show

MakeRow = Callable[..., Row]


@pytest.fixture
def file(tmp_path: Path, rows: list[Row], make_row: MakeRow) -> Path:
    """The rows as split test, and some of split train."""
    off = "off_platform"
    train = [make_row(f"t{n}", f"加微{n}", [off], [("加微", off, "contact")], split="train") for n in range(10)]
    train += [make_row(f"f{n}", f"手串{n}", split="train") for n in range(10)]
    path = tmp_path / "rows.jsonl"
    write_rows(path, [*(replace(row, split="test") for row in rows), *train])
    return path


def run(*words: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(evaluate_command)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_tables_and_report(bundle: Bundle, file: Path, tmp_path: Path) -> None:
    result = run(bundle.folder, file, "--report", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert f"{bundle.model_id} on 8 rows" in result.stdout
    for title in ("Labels", "At the balanced point", "By source", "By reason", "Beside the baselines", "Under attack"):
        assert title in result.stdout
    assert result.stdout.endswith(f"report: {tmp_path / 'out' / 'report.html'}\n")
    assert (tmp_path / "out" / "evaluation.json").is_file()


def test_json_is_all_of_stdout(bundle: Bundle, file: Path, tmp_path: Path) -> None:
    result = run(bundle.folder, file, "--json", "--no-robustness", "--point", "strict", "--report", tmp_path)
    data = json.loads(result.stdout)
    assert (data["rows"], data["train_rows"], data["point"], data["robustness"]) == (8, 20, "strict", [])
    assert "report: " in result.stderr


def test_all_rows_bring_no_trained_baselines(bundle: Bundle, file: Path) -> None:
    data = json.loads(run(bundle.folder, file, "--json", "--no-robustness", "--split", "all").stdout)
    assert data["rows"] == 28
    assert [one["name"] for one in data["baselines"]] == ["word list"]
    assert any("training split" in note for note in data["notes"])


def test_without_baselines(bundle: Bundle, file: Path) -> None:
    data = json.loads(run(bundle.folder, file, "--json", "--no-robustness", "--no-baselines").stdout)
    assert (data["baselines"], data["train_rows"]) == ([], 0)


def test_what_a_user_can_put_right_is_one_line_and_exit_code_2(bundle: Bundle, file: Path, tmp_path: Path) -> None:
    result = run(bundle.folder, file, "--split", "dev")
    assert result.exit_code == 2
    assert result.stderr == ("No row is of split dev; the files hold: test, train. Choose another --split, or all.\n")
    assert run(tmp_path / "none", file).exit_code == 2
    assert "there is no such file" in run(bundle.folder, tmp_path / "none.jsonl").stderr


def test_rows_without_splits_are_all_evaluated(make_row: MakeRow) -> None:
    rows = [make_row("1", "字"), make_row("2", "字")]
    assert chosen(rows, None) == rows
    split = [replace(rows[0], split="test"), replace(rows[1], split="dev")]
    assert chosen(split, None) == split[:1]
    assert chosen(split, "dev") == split[1:]
    assert chosen(split, "all") == split
    with pytest.raises(XunchaError, match="the files hold: no rows"):
        chosen([], None)


def test_help_has_an_example_and_says_how_the_rows_came_about() -> None:
    told = " ".join(run("--help").stdout.replace("│", " ").split())
    assert "Example: xuncha evaluate nano labels/data --report report" in told
    assert "not production data, and results on them flatter" in told


def test_the_terminal_obeys_nothing_in_the_rows(inference: Inference, make_row: MakeRow) -> None:
    rows = [make_row("1", "字", origin="[red]\x1b[31m", kind="\x1b]0;x\x07[bold]\u202e")]
    console = Console(width=120, record=True, force_terminal=False)
    with console.capture() as capture:
        show(evaluate_inference(inference, rows, with_robustness=False), console)
    printed = capture.get()
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert r"\x1b]0;x\x07[bold]\u202e" in printed


def test_the_package_exports_five_names_and_loads_nothing_heavy() -> None:
    assert evaluation.__all__ == ["Evaluation", "evaluate", "evaluate_inference", "show", "write_report"]
    assert all(callable(getattr(evaluation, name)) for name in evaluation.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        evaluation.nothing  # noqa: B018
    code = (
        "import sys, xuncha.train.evaluation.cli\n"
        "print(*sorted({'numpy', 'sklearn', 'torch', 'onnxruntime', 'pypinyin'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "\n"
