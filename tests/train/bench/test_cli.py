"""`xuncha bench` from end to end, at tiny size and with what is installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from xuncha.train.bench.cli import bench_command

DATA = Path(__file__).parents[3] / "labels" / "data"


def run(*words: object) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(bench_command)
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.slow
def test_a_quick_run_measures_everything_that_a_whole_one_does(tmp_path: Path) -> None:
    result = run("--quick", "--growth", "--rows", DATA, "--without", "transformers-1", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    assert data == json.loads((tmp_path / "out" / "bench.json").read_text("utf-8"))
    assert data["quick"] and data["model"].startswith("nano@")
    assert data["workload"]["flagged"] == pytest.approx(0.05, abs=0.01)
    assert {"xuncha", "xuncha, no text flagged", "xuncha, every text flagged", "xuncha, repeats"} <= set(data["speeds"])
    assert "ONNX Runtime, fp32, length-sorted" in data["ratios"]
    assert data["left_out"]["transformers pipeline, fp32, batch 1"] == "left out as asked"
    for one in data["agreement"].values():
        assert one["equal"] >= 1 - one["allowed"] - 1 / one["decisions"]
    assert data["agreement"]["ONNX Runtime, fp32, length-sorted"]["difference"] < 1e-4
    assert set(data["walls"]) == {"xuncha check", "xuncha --help", "transformers one-shot"}
    assert data["memory"]["200"]["rows"] == 200 and data["memory"]["200"]["peak_bytes"] < 400e6
    assert list(data["growth"]["rows"]) == ["50", "150"] and list(data["growth"]["lengths"]) == ["16", "400"]
    assert (tmp_path / "out" / "bench.svg").is_file() and (tmp_path / "out" / "bench.md").is_file()


def test_a_table_without_texts_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    table.write_text("text\n\n  \n")
    result = run("--quick", "--rows", DATA / "H1.jsonl", "--file", table, *without_all())
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"{table}: holds no text to score. Name the column with --text-column."


def test_a_column_that_is_not_there_is_named_as_scoring_names_it(tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    table.write_text("text\n加V\n")
    result = run(
        "--quick", "--rows", DATA / "H1.jsonl", "--file", table, "--text-column", "texd", "-o", tmp_path, *without_all()
    )
    assert result.exit_code == 2
    assert 'there is no column "texd"' in result.stderr.splitlines()[-1]
    assert not (tmp_path / "bench.json").exists()


def without_all() -> list[str]:
    from xuncha.train.bench.peers import PEERS

    return [word for peer in PEERS for word in ("--without", peer.name)]
