"""The graph built by hand computes what torch computes; int8 stays near it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from transformers import BertConfig, ElectraConfig, PretrainedConfig, RobertaConfig

from xuncha.labels.errors import XunchaError
from xuncha.train.export import build_graph, quantize_columns, weights_of, write_graph
from xuncha.train.network import HeadShape, Network, new_encoder

SHAPE: dict[str, Any] = dict(  # noqa: C408
    vocab_size=60, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48,
    max_position_embeddings=40, attn_implementation="eager",
)  # fmt: skip


def network(config: PretrainedConfig, pooling: str) -> Network:
    torch.manual_seed(1)
    net = Network(new_encoder(config), HeadShape(("a", "b"), ("r", "s", "t"), (0, 0, 1), pooling)).eval()
    for parameter in net.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return net


@pytest.mark.parametrize("pooling", ["evidence", "cls"])
@pytest.mark.parametrize(
    "config", [BertConfig(**SHAPE), RobertaConfig(**SHAPE, pad_token_id=1), ElectraConfig(**SHAPE, embedding_size=12)]
)
def test_torch_and_fp32_graph_agree_for_every_encoder_family(
    config: PretrainedConfig, pooling: str, tmp_path: Path
) -> None:
    net = network(config, pooling)
    write_graph(build_graph(weights_of(net, 32)), tmp_path / "m.onnx")
    session = ort.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    for count, length in ((1, 1), (3, 9), (2, 32)):
        ids = torch.randint(2, 60, (count, length))
        with torch.no_grad():
            expected = net(ids, torch.ones_like(ids))
        for name in ("label_logits", "reason_logits", "evidence_logits"):
            (got,) = session.run([name], {"input_ids": ids.numpy()})
            assert np.abs(got - expected[name].numpy()).max() < 1e-4, name


def test_an_encoder_with_too_few_positions_is_refused() -> None:
    with pytest.raises(XunchaError, match="knows 40 positions, fewer than the recipe's window of 64"):
        weights_of(network(BertConfig(**SHAPE), "cls"), 64)


def test_another_activation_is_refused() -> None:
    with pytest.raises(XunchaError, match="cannot be exported"):
        weights_of(network(BertConfig(**{**SHAPE, "hidden_act": "relu"}), "cls"), 32)


def test_int8_weights_are_within_half_a_step() -> None:
    weight = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
    rows, scale = quantize_columns(weight)
    assert np.abs(rows * scale - weight).max() <= scale.max() / 2 + 1e-6
