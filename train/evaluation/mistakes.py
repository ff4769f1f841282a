"""The worst errors: wrong flags and misses that the model was surest of, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Span
from xuncha.train.evaluation.predictions import Predictions

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong verdict. `evidence` is what the model showed (nothing, where it missed), `marked` what the row says.

    `confidence` is the probability that the model gave to the wrong answer. Spans are code points of `text`.
    """

    id: str
    text: str
    source: str
    kind: str | None
    origin: str
    label: str
    truth: bool
    score: float
    threshold: float
    confidence: float
    evidence: tuple[Span, ...]
    marked: tuple[Span, ...]


def mistakes(predictions: Predictions, limit: int = SHOWN) -> tuple[Mistake, ...]:
    """The `limit` wrong verdicts on judged (row, label) pairs with the greatest confidence, greatest first."""
    known = predictions.known
    confidence = np.where(known.truth, 1 - predictions.scores, predictions.scores)
    wrong = np.argwhere(known.judged & (predictions.flags != known.truth)).tolist()
    wrong.sort(key=lambda place: (-confidence[place[0], place[1]], place))
    return tuple(_mistake(predictions, row, label, float(confidence[row, label])) for row, label in wrong[:limit])


def _mistake(predictions: Predictions, number: int, place: int, confidence: float) -> Mistake:
    row = predictions.rows[number]
    label = predictions.taxonomy.label_ids[place]
    reasons = predictions.taxonomy.reason_ids
    return Mistake(
        id=row.id,
        text=row.text,
        source=str(row.source),
        kind=row.kind,
        origin=row.origin,
        label=label,
        truth=bool(predictions.known.truth[number, place]),
        score=float(predictions.scores[number, place]),
        threshold=predictions.thresholds[label],
        confidence=confidence,
        evidence=tuple(
            Span(found.start, found.end, label, reasons[found.reason])
            for found in predictions.evidence[number].get(label, ())
        ),
        marked=tuple(span for span in row.spans if span.label == label),
    )
