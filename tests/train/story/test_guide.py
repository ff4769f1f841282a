"""Every command of docs/retraining.md, in order, on small data: from overturned decisions to a shipped third label.

The recipe of this small checkout is a tiny random encoder under the name `nano`; its champion is the model of single
characters, so that even a tiny encoder is better. Slices, size and speed say nothing on such data: no rules here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from xuncha.labels.io import read_rows, write_rows
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import Bundle, open_bundle
from xuncha.models.inference import Inference

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
GUIDE = ROOT / "docs" / "retraining.md"
FILES = {"L1": 140, "S1": 100, "S8": 100, "P1": 100}
RECIPE = """
name = "nano"
encoder = "tiny"
epochs = 16
batch_size = 16
learning_rate = 1e-3
head_learning_rate = 1e-2
max_length = 64
window = 64
stride = 32
attack = 0.1
attack_clean = 0.1
int8 = false
[gate]
slice_rows = 1000
speed = 0
size = 0
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Story:
    """The small checkout after the story, the champion that stood in it, and what each block printed."""

    folder: Path
    champion: str
    printed: list[str]


def blocks() -> list[str]:
    """The `bash` blocks of the guide."""
    return re.findall(r"^```bash\n(.*?)^```$", GUIDE.read_text("utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def story(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("checkout")
    champion = checkout(folder, make_bundle)
    printed = []
    for block in blocks():
        small = block.replace("xuncha train nano ", "xuncha train ./nano.toml ")
        done = run(folder, small.replace("--recipe nano ", "--recipe ./nano.toml "))
        assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        printed.append(done.stdout + done.stderr)
    return Story(folder, champion, printed)


def checkout(folder: Path, make_bundle: Callable[..., Bundle]) -> str:
    """Rows, taxonomy, behaviour cases, decisions and champion where the guide expects them; the champion's id."""
    taxonomy = Taxonomy.load()
    (folder / "labels" / "data").mkdir(parents=True)
    for name, count in FILES.items():
        rows = list(read_rows(ROOT / "labels" / "data" / f"{name}.jsonl", taxonomy))[:count]
        write_rows(folder / "labels" / "data" / f"{name}.jsonl", rows)
    shutil.copy(ROOT / "labels" / "taxonomy.yaml", folder / "labels")
    (folder / "new").mkdir()
    for name in ("decisions.jsonl", "noncompliant.jsonl"):
        shutil.copy(HERE / name, folder / "new")
    cases = [
        case for case in read_rows(ROOT / "tests" / "behaviour" / "cases.jsonl", taxonomy) if case.labels["exaggerated"]
    ]
    (folder / "tests" / "behaviour").mkdir(parents=True)
    write_rows(folder / "tests" / "behaviour" / "cases.jsonl", cases[:12])
    (folder / "nano.toml").write_text(RECIPE)
    return make_bundle(folder / "models" / "nano", blind="群现最治涨院").model_id


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
    )


def test_the_new_model_stands_in_the_champions_place_and_says_what_it_faced(story: Story) -> None:
    bundle = open_bundle(story.folder / "models" / "nano")
    assert bundle.taxonomy.label_ids == ("off_platform", "exaggerated", "noncompliant_info")
    gate = json.loads(bundle.path("metrics.json").read_text("utf-8"))["gate"]
    assert (gate["champion"], gate["verdict"], gate["forced"]) == (story.champion, "ship", False)
    assert set(gate["labels"]) == {"off_platform", "exaggerated"}


def test_the_new_label_is_learnt_from_its_few_rows_beside_rows_that_are_masked_for_it(story: Story) -> None:
    """A random encoder cannot carry 42 rows over to others; that it ranks them right shows that its head has learnt."""
    inference = Inference(open_bundle(story.folder / "models" / "nano"))
    taxonomy = inference.bundle.taxonomy
    path = story.folder / "labels" / "data" / "noncompliant.jsonl"
    rows = [row for row in read_rows(path, taxonomy) if row.split == "train"]
    scores = inference.scores([row.text for row in rows]).labels[:, taxonomy.label_ids.index("noncompliant_info")]
    truth = np.array([row.labels["noncompliant_info"] for row in rows], bool)
    assert (scores[truth][:, None] > scores[~truth][None]).mean() > 0.9


def test_the_replaced_champion_is_kept_whole(story: Story) -> None:
    kept = list((story.folder / "runs" / "nano").glob("replaced-*"))
    assert [open_bundle(folder).model_id for folder in kept] == [story.champion]


def test_the_steps_print_what_the_guide_says(story: Story) -> None:
    shown, listed, checked, trained, compared, kept = story.printed
    assert "gate\tno champion" in shown
    assert "noncompliant_info\tcontradictory" in listed
    assert "0 errors" in checked and "0 errors" in kept
    assert "→" in trained and ": ship" in trained and "is kept in runs/nano/replaced-" in trained
    assert "taxonomy: added noncompliant_info" in compared and "verdict: ship" in compared
    assert "noncompliant_info" in compared.rpartition("report: ")[2]


def test_curves_and_report_of_the_training_are_on_disk(story: Story) -> None:
    runs = story.folder / "runs" / "nano"
    history = json.loads((runs / "history.json").read_text("utf-8"))
    assert len(history["figures"]["best F1 noncompliant_info"]) == 16
    assert (runs / "history.svg").read_text("utf-8").startswith("<svg ")
    assert (runs / "gate" / "comparison.html").is_file() and (runs / "report" / "comparison.json").is_file()
