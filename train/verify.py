"""Gates between a trained network and a released model: what is shipped must be what was trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from xuncha.labels.errors import XunchaError
from xuncha.models.inference import Inference, sigmoid
from xuncha.train.network import Network

PARITY = 1e-4
BATCH = 1e-6
F1_LOSS = 0.005

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured: largest |Δp| torch to fp32 ONNX, alone to in a batch, and the price of int8 per label."""

    torch_to_onnx: float
    batch_invariance: float
    f1_fp32: dict[str, float]
    f1_shipped: dict[str, float]
    flipped: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def torch_logits(network: Network, tokenizer: Tokenizer, texts: Sequence[str], window: int) -> Floats:
    """Label logits of texts that fit the window, each computed alone in fp32 by torch."""
    out = []
    network.eval()
    with torch.inference_mode():
        for text in texts:
            ids = torch.tensor([tokenizer.encode(text).ids[:window]])
            out.append(network(ids, torch.ones_like(ids))["label_logits"][0].double().numpy())
    return np.array(out)


def check_parity(network: Network, fp32: Inference, texts: Sequence[str]) -> float:
    """Largest |Δp| between torch and the fp32 graph; raises `XunchaError` above 1e-4."""
    window = fp32.bundle.window
    short = [text for text in texts if len(fp32.tokenizer.encode(text).ids) <= window]
    difference = sigmoid(torch_logits(network, fp32.tokenizer, short, window)) - sigmoid(fp32.logits(short).labels)
    largest = float(np.abs(difference).max())
    if largest > PARITY:
        raise XunchaError(f"The fp32 graph differs from the trained network by {largest:.2g} (allowed {PARITY}).")
    return largest


def check_batches(inference: Inference, texts: Sequence[str]) -> float:
    """Largest |Δp| of a text alone and among all others; raises `XunchaError` above 1e-6."""
    together = sigmoid(inference.logits(texts).labels)
    alone = np.concatenate([sigmoid(inference.logits([text]).labels) for text in texts])
    largest = float(np.abs(together - alone).max())
    if largest > BATCH:
        raise XunchaError(f"A text's score moves by {largest:.2g} with its batch (allowed {BATCH}).")
    return largest


def check_precision(
    labels: Sequence[str], fp32: Floats, shipped: Floats, truth: Floats, thresholds: dict[str, float]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """F1 of both graphs and share of flipped decisions per label, on calibrated dev scores at one threshold.

    Raises `XunchaError` where the shipped graph loses more than 0.5 points of F1, and more than one decision costs.
    """
    before, after, flips = {}, {}, {}
    for index, label in enumerate(labels):
        judged = ~np.isnan(truth[:, index])
        right = truth[judged, index] > 0.5
        old, new = (scores[judged, index] >= thresholds[label] for scores in (fp32, shipped))
        before[label], after[label] = f1(old, right), f1(new, right)
        flips[label] = float((old != new).mean())
        # With few rows one decision weighs more than the limit; it may always fall the other way.
        allowed = max(F1_LOSS, 2 / max(float(new.sum() + right.sum()), 1.0))
        if before[label] - after[label] > allowed:
            raise XunchaError(
                f'int8 costs label "{label}" {100 * (before[label] - after[label]):.1f} points of F1 on dev rows '
                f"(allowed {100 * allowed:.1f}). Set int8 = false in the recipe, or train longer."
            )
    return before, after, flips


def f1(flagged: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """2·TP / (flagged + true), 0 where there is neither."""
    return 2 * float((flagged & truth).sum()) / max(float(flagged.sum() + truth.sum()), 1.0)
