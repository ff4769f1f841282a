"""A BERT whose label score contains its evidence, as a transformers model; copied beside the weights for the peers.

`pipeline("text-classification", model=FOLDER, trust_remote_code=True)` loads it, in any version from 4.36 on.
Calibration is part of the head, so the sigmoid of a logit is the calibrated score.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertModel, BertPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class EvidenceBert(BertPreTrainedModel):  # type: ignore[misc]
    """`config.reason_label[r]` is the index of the label that reason r belongs to."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.label_head = nn.Linear(config.hidden_size, config.num_labels)
        self.evidence_head = nn.Linear(config.hidden_size, len(config.reason_label))
        self.evidence_scale = nn.Parameter(torch.zeros(config.num_labels))
        self.post_init()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None, **_: Any
    ) -> SequenceClassifierOutput:
        """Calibrated logits [B, C] of `input_ids` [B, L]; there is one type of token."""
        states = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return SequenceClassifierOutput(logits=self.logits(states, attention_mask))

    def logits(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Calibrated logits [B, C] of the encoder's last states [B, L, H]."""
        logits: Tensor = self.label_head(states[:, 0])
        if self.config.pooling == "evidence":
            logits = logits + self.evidence_scale * self._pooled(self.evidence_head(states), attention_mask)
        return logits

    def _pooled(self, evidence: Tensor, mask: Tensor) -> Tensor:
        outside = mask == 0
        pooled = []
        for label in range(self.config.num_labels):
            members = [reason for reason, owner in enumerate(self.config.reason_label) if owner == label]
            best = evidence[:, :, members].amax(-1)
            share = best.masked_fill(outside, -1e4).softmax(1)
            pooled.append((share * best).sum(1))
        return torch.stack(pooled, 1)
