"""What the README shows, runs; what it prints there is what it prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def commands(name: str) -> list[tuple[str, str]]:
    """(command, expected output) of every `$ xuncha …` in the console blocks of a document."""
    found = []
    for block in BLOCK.findall((ROOT / name).read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            if command.startswith("xuncha "):
                found.append((command, output.rstrip()))
    return found


ALL = [(name, *one) for name in ("README.md", "README.zh-CN.md") for one in commands(name)]


def test_the_documents_show_commands() -> None:
    assert len(ALL) >= 6


@pytest.mark.parametrize(("name", "command", "output"), ALL, ids=[f"{n}:{c[:50]}" for n, c, _ in ALL])
def test_command_prints_what_the_readme_shows(name: str, command: str, output: str, tmp_path: Path) -> None:
    (tmp_path / "listings.csv").write_bytes((ROOT / "serve" / "demo" / "listings.csv").read_bytes())
    program = Path(sys.executable).with_name("xuncha")
    arguments = shlex.split(command, comments=True)
    done = subprocess.run(
        [str(program), *arguments[1:]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    if output:
        got = (done.stdout + done.stderr).rstrip()
        for line in output.splitlines():
            if "rows/s" not in line:  # speed is this machine's, today
                assert line.rstrip() in [one.rstrip() for one in got.splitlines()], f"{line!r} not in:\n{got}"


def test_python_example_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    for block in blocks:
        done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
