"""Replaying a model folder's frozen answers: does this machine give what the release gave?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference

# Kernels of other processors round int8 activations elsewhere; a decision does not hang on this much.
TOLERANCE = 0.02
# The same text, alone and in a batch, on one machine.
BATCH_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Replay:
    """Texts replayed, largest score difference to the frozen answers, largest difference alone to in a batch."""

    texts: int
    difference: float
    worst: str
    batch_difference: float


def replay(bundle: Bundle) -> Replay:
    """Score the frozen texts of a bundle together and alone.

    Raises `XunchaError` that names the row where an answer is off by more than `TOLERANCE`, or where a text's score
    moves with its batch by more than `BATCH_TOLERANCE`.
    """
    inference = Inference(bundle)
    frozen = list(_read(bundle))
    if not frozen:
        raise XunchaError(f"{bundle.path('reference.jsonl')}: holds no answers. Get the model folder again.")
    texts = [text for _, text, _ in frozen]
    together = inference.scores(texts).labels
    alone = np.concatenate([inference.scores([text]).labels for text in texts])
    answers = np.array([[scores[label] for label in bundle.taxonomy.label_ids] for _, _, scores in frozen])
    off = np.abs(together - answers).max(axis=1)
    worst = int(off.argmax())
    found = Replay(len(texts), float(off[worst]), frozen[worst][0], float(np.abs(together - alone).max()))
    if found.difference > TOLERANCE:
        raise XunchaError(
            f'{bundle.path("reference.jsonl")}: row "{found.worst}" scores {found.difference:.4f} off its frozen '
            f"answer (allowed {TOLERANCE}). This machine computes the model wrongly; do not use its scores."
        )
    if found.batch_difference > BATCH_TOLERANCE:
        raise XunchaError(
            f"{bundle.folder}: a text's score moves by {found.batch_difference:.2g} with its batch "
            f"(allowed {BATCH_TOLERANCE}). Do not use its scores."
        )
    return found


def _read(bundle: Bundle) -> Iterator[tuple[str, str, dict[str, float]]]:
    path = bundle.path("reference.jsonl")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            scores = {label: float(row["scores"][label]) for label in bundle.taxonomy.label_ids}
            yield str(row["id"]), str(row["text"]), scores
        except (json.JSONDecodeError, KeyError, TypeError, ValueError):
            raise XunchaError(f"{path}:{number}: is no frozen answer. Get the model folder again.") from None
