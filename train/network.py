"""The network: any BERT-family encoder with a label head, a reason head and evidence per token, from one pass."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from xuncha.labels.taxonomy import Taxonomy

POOLINGS = ("cls", "evidence")


@dataclass(frozen=True, slots=True)
class HeadShape:
    """What the heads answer for: `reason_label[r]` is the index of the label that reason r belongs to."""

    labels: tuple[str, ...]
    reasons: tuple[str, ...]
    reason_label: tuple[int, ...]
    pooling: str = "evidence"

    @classmethod
    def of(cls, taxonomy: Taxonomy, pooling: str = "evidence") -> HeadShape:
        """The heads that answer for a taxonomy, in its order."""
        owners = tuple(taxonomy.label_ids.index(taxonomy.label_of(reason).id) for reason in taxonomy.reason_ids)
        return cls(taxonomy.label_ids, taxonomy.reason_ids, owners, pooling)


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each head counts, and the positive weight per label (length C) and for evidence tokens."""

    label: float = 1.0
    reason: float = 0.5
    evidence: float = 1.0
    evidence_positive: float = 2.0
    label_positive: tuple[float, ...] = ()


class Network(nn.Module):
    """Encoder plus heads. Shapes: B texts, L tokens, C labels, R reasons.

    `forward` returns a dict: `label_logits` [B, C], `reason_logits` [B, R], `evidence_logits` [B, L, R], and `loss`
    first when targets are given. Targets are probabilities in [0, 1] (so a teacher's scores serve as they are);
    NaN means that nobody has judged it: it is masked out of the loss.
    """

    def __init__(self, encoder: PreTrainedModel, heads: HeadShape, weights: LossWeights | None = None) -> None:
        super().__init__()
        if heads.pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {POOLINGS}, not {heads.pooling!r}")
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.heads = heads
        self.weights = weights or LossWeights()
        self.dropout = nn.Dropout(0.1)
        self.label_head = nn.Linear(hidden, len(heads.labels))
        self.reason_head = nn.Linear(hidden, len(heads.reasons))
        self.evidence_head = nn.Linear(hidden, len(heads.reasons))
        # How much the pooled evidence of a label adds to its score.
        self.evidence_scale = nn.Parameter(torch.full((len(heads.labels),), 0.5))
        for head in (self.label_head, self.reason_head, self.evidence_head):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        members = torch.tensor([[owner == c for owner in heads.reason_label] for c in range(len(heads.labels))])
        self.register_buffer("members", members, persistent=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **targets: Tensor) -> dict[str, Tensor]:
        """Logits of labels, reasons and evidence; see the class for shapes."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        states = self.dropout(states)
        first = states[:, 0]
        evidence = self.evidence_head(states).float()
        labels = self.label_head(first).float()
        if self.heads.pooling == "evidence":
            labels = labels + self.evidence_scale.float() * self._pool(evidence, attention_mask)
        outputs = {
            "label_logits": labels,
            "reason_logits": self.reason_head(first).float(),
            "evidence_logits": evidence,
        }
        if "label_targets" in targets:
            outputs = {"loss": self._loss(outputs, targets, attention_mask), **outputs}
        return outputs

    def _pool(self, evidence: Tensor, mask: Tensor) -> Tensor:
        """[B, C]: the mean evidence of a label over tokens, each token weighted by its own evidence (softmax)."""
        by_label = evidence.unsqueeze(2).masked_fill(~self.get_buffer("members"), -1e4).amax(-1)  # [B, L, C]
        outside = (mask == 0).unsqueeze(-1)
        weight = by_label.masked_fill(outside, -1e4).softmax(1)
        return (weight * by_label.masked_fill(outside, 0.0)).sum(1)

    def _loss(self, outputs: dict[str, Tensor], targets: dict[str, Tensor], mask: Tensor) -> Tensor:
        weights = self.weights
        label_positive = torch.tensor(weights.label_positive or (1.0,) * len(self.heads.labels)).to(mask.device)
        loss = weights.label * masked_bce(outputs["label_logits"], targets["label_targets"], label_positive)
        loss = loss + weights.reason * masked_bce(outputs["reason_logits"], targets["reason_targets"])
        evidence_targets = targets["evidence_targets"].masked_fill((mask == 0).unsqueeze(-1), float("nan"))
        positive = torch.full((len(self.heads.reasons),), weights.evidence_positive, device=mask.device)
        return loss + weights.evidence * masked_bce(outputs["evidence_logits"], evidence_targets, positive)

    def save(self, folder: Path) -> None:
        """Write encoder config, heads and all weights (safetensors, fp32) to `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.config.save_pretrained(folder)
        (folder / "heads.json").write_text(json.dumps(asdict(self.heads), ensure_ascii=False, indent=1) + "\n")
        state = {name: tensor.contiguous().float() for name, tensor in self.state_dict().items()}
        save_file(state, folder / "network.safetensors")

    @classmethod
    def load(cls, folder: Path) -> Network:
        """Read a network that `save` wrote."""
        raw = json.loads((folder / "heads.json").read_text())
        heads = HeadShape(tuple(raw["labels"]), tuple(raw["reasons"]), tuple(raw["reason_label"]), raw["pooling"])
        network = cls(new_encoder(AutoConfig.from_pretrained(folder)), heads)
        network.load_state_dict(load_file(folder / "network.safetensors"))
        return network.eval()


def masked_bce(logits: Tensor, targets: Tensor, positive_weight: Tensor | None = None) -> Tensor:
    """Binary cross-entropy averaged over the judged entries; NaN targets count for nothing."""
    judged = ~targets.isnan()
    losses = nn.functional.binary_cross_entropy_with_logits(
        logits.float(), targets.nan_to_num(0.0).float(), pos_weight=positive_weight, reduction="none"
    )
    return (losses * judged).sum() / judged.sum().clamp(min=1)


def new_encoder(config: Any) -> PreTrainedModel:
    """An encoder of this configuration with random weights and no pooling layer."""
    try:
        return AutoModel.from_config(config, add_pooling_layer=False)
    except TypeError:  # ELECTRA and the like have no pooling layer to leave out
        return AutoModel.from_config(config)


def pretrained_encoder(name_or_folder: str) -> PreTrainedModel:
    """A pretrained encoder from a local folder or a hub name, in fp32, without its pooling layer."""
    # Attention dropout buys nothing on short texts and keeps the fast kernels away; eager is the fastest on CPUs.
    kwargs: dict[str, Any] = {
        "dtype": torch.float32,
        "attn_implementation": "eager",
        "attention_probs_dropout_prob": 0.0,
    }
    try:
        return AutoModel.from_pretrained(name_or_folder, add_pooling_layer=False, **kwargs)
    except TypeError:
        return AutoModel.from_pretrained(name_or_folder, **kwargs)


def freeze(encoder: PreTrainedModel, layers: int) -> None:
    """Keep the word embeddings and the first `layers` layers of an encoder as they are."""
    for module in (encoder.embeddings, *encoder.encoder.layer[:layers]):
        module.requires_grad_(False)
