"""A training that is killed goes on and ends where an undisturbed one does: at the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xuncha.models.bundle import MANIFEST, REQUIRED_FILES

ROOT = Path(__file__).parents[2]
RECIPE = """
name = "resumed"
encoder = "tiny"
limit_rows = 700
epochs = 4
batch_size = 16
learning_rate = 2e-3
head_learning_rate = 2e-3
max_length = 64
window = 64
stride = 32
weight_average = 0.9
int8 = false
"""

pytestmark = pytest.mark.slow


def command(recipe: Path, work: Path) -> list[str]:
    rows = str(ROOT / "labels" / "data")
    program = str(Path(sys.executable).with_name("xuncha"))
    return [program, "train", str(recipe), "--rows", rows, "--work", str(work), "-o", str(work / "model")]


def test_kill_minus_nine_and_again_gives_the_bytes_of_an_undisturbed_run(tmp_path: Path) -> None:
    recipe = tmp_path / "resumed.toml"
    recipe.write_text(RECIPE)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}  # midnight may fall between two runs
    running = subprocess.Popen(command(recipe, killed), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 600
    while not list(killed.glob("checkpoints/checkpoint-*/whole")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.kill()
    running.wait()
    whole_ones = list(killed.glob("checkpoints/checkpoint-*/whole"))
    assert whole_ones, "no checkpoint was written"
    # What a kill in the middle of writing leaves: the newest checkpoint, cut off and unmarked.
    torn = killed / "checkpoints" / "checkpoint-9999"
    torn.mkdir()
    (torn / "trainer_state.json").write_text("{")
    assert not (killed / "model").exists()
    for work in (killed, whole):
        done = subprocess.run(command(recipe, work), capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr[-2000:]
    files = sorted(path.name for path in (whole / "model").iterdir())
    assert files == sorted([MANIFEST, *REQUIRED_FILES])
    differ = [name for name in files if (killed / "model" / name).read_bytes() != (whole / "model" / name).read_bytes()]
    assert not differ
