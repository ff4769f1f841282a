"""Masked loss, pooled evidence, and weights that come back as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig

from xuncha.train.network import HeadShape, Network, freeze, masked_bce, new_encoder

NAN = float("nan")


def network(pooling: str = "evidence") -> Network:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32, attn_implementation="eager",
    )  # fmt: skip
    return Network(new_encoder(config), HeadShape(("a", "b"), ("r", "s", "t"), (0, 0, 1), pooling)).eval()


def test_what_nobody_judged_has_no_gradient() -> None:
    logits = torch.zeros(2, 2, requires_grad=True)
    loss = masked_bce(logits, torch.tensor([[1.0, NAN], [NAN, 0.0]]))
    torch.autograd.backward(loss)
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0 and logits.grad[1, 0] == 0 and logits.grad[0, 0] != 0


def test_a_batch_without_any_judgement_costs_nothing() -> None:
    assert masked_bce(torch.zeros(2, 2), torch.full((2, 2), NAN)).item() == 0.0


@pytest.mark.parametrize("pooling", ["evidence", "cls"])
def test_padding_does_not_change_label_scores(pooling: str) -> None:
    net = network(pooling)
    ids = torch.randint(1, 50, (1, 7))
    padded = torch.cat([ids, torch.zeros(1, 5, dtype=torch.long)], 1)
    mask = torch.cat([torch.ones(1, 7, dtype=torch.long), torch.zeros(1, 5, dtype=torch.long)], 1)
    with torch.no_grad():
        alone = net(ids, torch.ones_like(ids))["label_logits"]
        beside = net(padded, mask)["label_logits"]
    assert torch.allclose(alone, beside, atol=1e-5)


def test_a_network_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    net = network()
    net.save(tmp_path)
    ids = torch.randint(1, 50, (2, 7))
    with torch.no_grad():
        before, after = (n(ids, torch.ones_like(ids)) for n in (net, Network.load(tmp_path)))
    assert all(torch.allclose(before[key], after[key], atol=1e-6) for key in before)


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(ValueError, match="pooling must be one of"):
        network("mean")


def test_frozen_layers_and_word_embeddings_do_not_learn_and_the_others_do() -> None:
    net = network()
    freeze(net.encoder, 1)
    ids = torch.randint(1, 50, (2, 7))
    torch.autograd.backward(net(ids, torch.ones_like(ids))["label_logits"].sum())
    learning = {name for name, parameter in net.encoder.named_parameters() if parameter.grad is not None}
    assert learning
    assert all(name.startswith("encoder.layer.1.") for name in learning)


def test_rows_of_the_old_label_teach_the_new_one_nothing() -> None:
    net = network()
    ids = torch.randint(1, 50, (4, 7))
    targets = {
        "label_targets": torch.tensor([[1.0, NAN], [0.0, NAN]] * 2),
        "reason_targets": torch.tensor([[1.0, 0.0, NAN], [0.0, 0.0, NAN]] * 2),
        "evidence_targets": torch.tensor([0.0, 1.0, NAN]).expand(4, 7, 3),
    }
    torch.autograd.backward(net(ids, torch.ones_like(ids), **targets)["loss"])
    for head, new in ((net.label_head, 1), (net.reason_head, 2), (net.evidence_head, 2)):
        assert head.weight.grad is not None
        assert head.weight.grad[new].abs().max() == 0 and head.weight.grad[0].abs().max() > 0
    assert net.evidence_scale.grad is not None
    assert net.evidence_scale.grad[1] == 0 and net.evidence_scale.grad[0] != 0
