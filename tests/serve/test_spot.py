"""A spot check reads plain command lines itself: it must read them as Typer does, and load little."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xuncha.models.bundle import find_bundle
from xuncha.serve.commands import check
from xuncha.serve.commands.spot import Asked, Point, read_arguments

if TYPE_CHECKING:
    from tests.serve.conftest import Main

PLAIN: tuple[list[str], ...] = (
    ["check", "加V"],
    ["check", "--json", "加V", "你好"],
    ["check", "加V", "--point", "strict", "--json"],
    ["check", "--point=lenient", "--source", "comment", ""],
    ["check", "--model", "nano", "--", "-v", "--json"],
    ["check", "--point", "strict", "--point", "lenient", "加V"],
    ["check", "--device=cuda", "加V"],
    ["check"],
)
LEFT: tuple[list[str], ...] = (
    ["check", "--help"],
    ["check", "-h"],
    ["check", "--jsn", "加V"],
    ["check", "--point"],
    ["check", "--point", "Strict", "加V"],
    ["check", "--source=video", "加V"],
    ["check", "--device", "gpu", "加V"],
    ["check", "--json=1", "加V"],
    ["check", "--model", "--json"],
    ["check", "-"],
    ["--version"],
    ["score", "check"],
    [],
)


@pytest.mark.parametrize("arguments", PLAIN)
def test_a_plain_line_is_read_as_typer_reads_it(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from xuncha.serve.app import command_line

    asked: list[Asked] = []
    monkeypatch.setattr(check, "spot_check", lambda one: asked.append(one))
    with pytest.raises(SystemExit):
        command_line({"check": "", "score": ""}, "check", check.check)(arguments)
    assert read_arguments(arguments) == asked[0]


@pytest.mark.parametrize("arguments", LEFT)
def test_any_other_line_is_left_to_typer(arguments: list[str]) -> None:
    assert read_arguments(arguments) is None


def test_a_mistaken_line_is_answered_by_typer(command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("check", "--point", "srict", "加V") == 2
    assert "'strict', 'balanced', 'lenient'" in capsys.readouterr().err


def test_the_points_are_those_of_every_model() -> None:
    from xuncha.models.bundle import OPERATING_POINTS

    assert tuple(Point) == OPERATING_POINTS


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from xuncha.serve.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def test_a_whole_process_prints_its_verdict_and_leaves_with_its_code() -> None:
    done = process("check", "--json", "加V看货,全网最低价")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["flags"] == {"off_platform": True, "exaggerated": True}
    assert process("check", "今天天气很好").returncode == 0


def test_a_spot_check_loads_no_table_and_no_command_line_package() -> None:
    code = (
        "import sys\n"
        "from xuncha.serve.cli import main\n"
        "try: main(['check', '加V看货'])\n"
        "except SystemExit as end: assert end.code == 1\n"
        "heavy = {'typer', 'pydantic', 'rich', 'pyarrow', 'yaml', 'torch', 'concurrent.futures'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "metrics.json"])
def test_an_altered_model_gives_no_verdict(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "altered"
    shutil.copytree(find_bundle("nano"), folder)
    path = folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # one bit; the file still loads, or does not
    path.write_bytes(data)
    done = process("check", "--model", str(folder), "加V看货")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"{path}: is not the file that bundle.json names (sha256 differs). Get the folder again, whole.\n"
    )


def test_a_table_of_text_is_scored_without_arrow(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n1,加V看货\n", encoding="utf-8")
    code = (
        "import sys\n"
        "from xuncha.serve.batch import score_file\n"
        "from xuncha.serve.scorer import Scorer\n"
        f"score_file(Scorer.load(), {str(tmp_path / 'in.csv')!r}, {str(tmp_path / 'out.jsonl')!r})\n"
        "assert 'pyarrow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
