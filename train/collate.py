"""Examples to tensors: vary on the fly, tokenize, carry character targets to tokens, pad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from xuncha.train.examples import Example, Floats

Variation = Callable[[Example, np.random.Generator], Example]


class Collator:
    """Callable for a DataLoader: a list of {"example", "number"} → padded tensors.

    `attack` varies single rows; `surround` all rows of a `share` of the batches, since one long row among short ones
    makes the whole batch as long as it is. Randomness depends on seed, epoch and row numbers alone, so that a resumed
    run sees what an undisturbed one does.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        max_length: int,
        attack: Variation | None = None,
        surround: Variation | None = None,
        share: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length)
        self.attack = attack
        self.surround = surround
        self.share = share
        self.seed = seed
        self.epoch = 0

    def __call__(self, items: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Padded tensors of a batch: ids, mask, and label, reason and evidence targets."""
        examples = self._varied(items)
        encodings = self._tokenizer.encode_batch([example.text for example in examples])
        length = max(len(encoding) for encoding in encodings)
        reasons = len(examples[0].reasons)
        ids = np.zeros((len(items), length), np.int64)
        mask = np.zeros((len(items), length), np.int64)
        evidence = np.full((len(items), length, reasons), np.nan, np.float32)
        for row, (example, encoding) in enumerate(zip(examples, encodings, strict=True)):
            ids[row, : len(encoding)] = encoding.ids
            mask[row, : len(encoding)] = 1
            evidence[row, : len(encoding)] = token_evidence(encoding, example.evidence)
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "label_targets": torch.from_numpy(np.stack([example.labels for example in examples])),
            "reason_targets": torch.from_numpy(np.stack([example.reasons for example in examples])),
            "evidence_targets": torch.from_numpy(evidence),
        }

    def _varied(self, items: Sequence[dict[str, Any]]) -> list[Example]:
        examples = [item["example"] for item in items]
        dice = [np.random.default_rng((self.seed, self.epoch, item["number"])) for item in items]
        if self.attack:
            examples = list(map(self.attack, examples, dice))
        coin = np.random.default_rng((self.seed, self.epoch, items[0]["number"], 1))
        if self.surround and coin.random() < self.share:
            examples = list(map(self.surround, examples, dice))
        return examples


def token_evidence(encoding: Encoding, characters: Floats) -> Floats:
    """[tokens, R]: the mean of the character targets that a token covers; NaN for special and empty tokens."""
    out = np.full((len(encoding), characters.shape[1]), np.nan, np.float32)
    offsets: NDArray[np.int64] = np.asarray(encoding.offsets, np.int64).reshape(-1, 2)
    for index, (start, end) in enumerate(offsets):
        if end > start:
            out[index] = characters[start] if end == start + 1 else characters[start:end].mean(axis=0)
    return out
