"""The whole chain on the `debug` recipe: rows in, verified model folder out, whole or not at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import open_bundle
from xuncha.models.inference import Inference, sigmoid
from xuncha.models.reference import replay
from xuncha.train import pipeline
from xuncha.train import recipe as recipes
from xuncha.train.base import save_base, warm_start
from xuncha.train.network import HeadShape, Network
from xuncha.train.verify import torch_logits

ROWS = str(Path(__file__).parents[2] / "labels" / "data")

pytestmark = pytest.mark.slow


def test_the_model_folder_is_whole_and_gives_its_frozen_answers(debug_run: Path) -> None:
    bundle = open_bundle(debug_run / "model")
    found = replay(bundle)
    assert found.texts >= 50 and found.difference < 1e-6
    metrics = json.loads(bundle.path("metrics.json").read_text())
    assert metrics["verification"]["torch_to_onnx"] <= 1e-4
    assert metrics["verification"]["batch_invariance"] <= 1e-6
    assert set(metrics["operating_points"]) == {"strict", "balanced", "lenient"}


def test_torch_and_the_shipped_graph_score_real_rows_alike(debug_run: Path) -> None:
    inference = Inference(open_bundle(debug_run / "model"))
    network = Network.load(debug_run / "network")
    tokenizer = Tokenizer.from_file(str(debug_run / "network" / "tokenizer.json"))
    texts = [json.loads(line)["text"] for line in (debug_run / "model" / "reference.jsonl").read_text().splitlines()]
    texts = [text for text in texts if len(text) < 100]
    by_torch = sigmoid(torch_logits(network, tokenizer, texts, inference.bundle.window))
    assert np.abs(by_torch - sigmoid(inference.logits(texts).labels)).max() <= 1e-4


def test_the_bundle_knows_its_rows_recipe_and_environment(debug_run: Path) -> None:
    raw = open_bundle(debug_run / "model").raw
    assert raw["recipe"]["name"] == "debug" and raw["environment"]["torch"]
    assert all(len(digest) == 64 for digest in raw["data"]["files"].values())


def test_a_soup_is_the_mean_of_trainings_with_other_seeds_and_each_is_done_once(tmp_path: Path) -> None:
    recipe = replace(recipes.find("debug"), rows=ROWS, limit_rows=400, epochs=1.0, soup=2)
    said: list[str] = []
    run = pipeline.Run(recipe, Taxonomy.load(), tmp_path, tmp_path / "model", say=said.append)
    pipeline.train(run)
    first, second, mean = (
        Network.load(tmp_path / folder).label_head.weight for folder in ("members/0", "members/1", "network")
    )
    assert not torch.equal(first, second)
    assert torch.allclose(mean, (first + second) / 2, atol=1e-6)
    assert [line for line in said if line.startswith("training")] == [
        "training 1 of 2, seed 1",
        "training 2 of 2, seed 2",
    ]
    said.clear()
    pipeline.train(run)
    assert not [line for line in said if line.startswith("training")]


def test_a_failed_release_leaves_the_old_model_in_place(
    debug_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model"
    shutil.copytree(debug_run / "model", target)
    before = open_bundle(target).fingerprint

    def fail(*_: object) -> None:
        raise XunchaError("refused")

    monkeypatch.setattr(pipeline, "_finish", fail)
    recipe = replace(recipes.find("debug"), rows=ROWS)
    with pytest.raises(XunchaError, match="refused"):
        pipeline.release(pipeline.Run(recipe, Taxonomy.load(), debug_run, target))
    assert open_bundle(target).fingerprint == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_old_heads_warm_start_by_name_and_new_ones_from_nothing(debug_run: Path, tmp_path: Path) -> None:
    old = Network.load(debug_run / "network")
    save_base(old, Tokenizer.from_file(str(debug_run / "network" / "tokenizer.json")), tmp_path)
    heads = HeadShape(("new", "exaggerated"), ("missing", "absolute"), (0, 1))
    network = Network(old.encoder, heads)
    assert warm_start(network, str(tmp_path)) == ("exaggerated",)
    place = old.heads.labels.index("exaggerated")
    assert torch.allclose(network.label_head.weight[1], old.label_head.weight[place])
    assert torch.allclose(
        network.evidence_head.weight[1], old.evidence_head.weight[old.heads.reasons.index("absolute")]
    )
