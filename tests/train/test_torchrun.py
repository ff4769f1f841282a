"""Two processes on the CPU (gloo) train one model; the first alone writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from xuncha.labels.io import read_rows, write_rows
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import open_bundle
from xuncha.models.reference import replay
from xuncha.train.finetune import last_checkpoint

ROOT = Path(__file__).parents[2]
RECIPE = """
name = "two"
encoder = "tiny"
epochs = 2
batch_size = 8
learning_rate = 2e-3
head_learning_rate = 2e-3
max_length = 48
window = 48
stride = 24
weight_average = 0.9
int8 = false
"""

pytestmark = pytest.mark.slow


def test_torchrun_with_two_processes_gives_one_whole_model(tmp_path: Path) -> None:
    rows = list(read_rows(ROOT / "labels" / "data" / "L1.jsonl", Taxonomy.load()))[:200]
    write_rows(tmp_path / "rows.jsonl", rows)
    (tmp_path / "two.toml").write_text(RECIPE)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    train = ["-m", "xuncha.train", "two.toml", "--rows", "rows.jsonl", "--work", "work", "-o", "model"]
    done = subprocess.run([*torchrun, *train], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    bundle = open_bundle(tmp_path / "model")
    assert replay(bundle).difference < 1e-6
    assert done.stderr.count("written to model") == 1
    training = [row for row in rows if row.split == "train"]
    newest = last_checkpoint(tmp_path / "work" / "checkpoints")
    assert newest is not None
    state = json.loads((newest / "trainer_state.json").read_text("utf-8"))
    # Each process takes every second batch of 8, so an epoch has a step for 16 rows.
    assert state["global_step"] == 2 * -(-len(training) // 16)
    assert {path.name for path in newest.glob("rng_state_*")} == {"rng_state_0.pth", "rng_state_1.pth"}
