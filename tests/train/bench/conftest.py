"""A bundle of a random network small enough to be exported in a moment, in fp32 and in int8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import Bundle, open_bundle
from xuncha.train import publish
from xuncha.train.base import load_base
from xuncha.train.export import Weights, build_graph, weights_of
from xuncha.train.network import HeadShape, Network
from xuncha.train.quantize import observe_ranges
from xuncha.train.recipe import Recipe

TEXTS = (
    "加V看货，全网最低价",
    "老银元一枚包邮",
    "顾客第一，诚信经营",
    "进群领券，手慢无",
    "这条手串很好看",
    "三天根治，无效退款",
)


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.load()


@pytest.fixture(scope="session", params=["evidence", "cls"])
def network(request: pytest.FixtureRequest, taxonomy: Taxonomy) -> Network:
    torch.manual_seed(7)
    encoder, _ = load_base("tiny", TEXTS)
    network = Network(encoder, HeadShape.of(taxonomy, request.param)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.fixture(scope="session")
def weights(network: Network) -> Weights:
    return weights_of(network, 64)


@pytest.fixture(scope="session", params=["fp32", "int8"])
def bundle(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    network: Network,
    weights: Weights,
    taxonomy: Taxonomy,
) -> Bundle:
    """A model folder whose calibration is not neutral."""
    _, tokenizer = load_base("tiny", TEXTS)
    int8 = request.param == "int8"
    recipe = replace(
        Recipe(name="tiny", encoder="tiny"), pooling=network.heads.pooling, window=64, stride=32, int8=int8
    )
    ranges = observe_ranges(weights, tokenizer, TEXTS, 64) if int8 else None
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    publish.draft(folder, recipe, taxonomy, build_graph(weights, ranges), tokenizer)
    manifest = publish.read_manifest(folder)
    manifest["calibration"] = {label: {"slope": 1.5, "intercept": -0.25} for label in taxonomy.label_ids}
    publish.write_manifest(folder, manifest)
    return open_bundle(folder)


@pytest.fixture(scope="session")
def texts() -> Sequence[str]:
    return TEXTS


def largest(first: object, second: object) -> float:
    """The largest difference of two arrays."""
    return float(np.abs(np.asarray(first, np.float64) - np.asarray(second, np.float64)).max())
