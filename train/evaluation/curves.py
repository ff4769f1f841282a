"""Curves of one label: precision over recall, and how far scores are from frequencies (calibration)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xuncha.train.evaluation.intervals import Bools, Floats

BINS = 15
# Points a curve keeps at most: enough for a picture, few enough for a page.
POINTS = 200


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Precision and recall when scores ≥ `threshold` are flagged."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores in (`low`, `high`] (the first bin holds 0 too): how many, their mean, and the share that is true."""

    low: float
    high: float
    rows: int
    confidence: float | None
    frequency: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Calibration of one label over its judged rows. `error` is the ECE; None without a judged row."""

    error: float | None
    bins: tuple[Bin, ...]


def precision_recall(judged: Bools, truth: Bools, scores: Floats) -> tuple[CurvePoint, ...]:
    """The curve over the judged rows, by falling threshold; empty without a true row.

    Computed by scikit-learn's `precision_recall_curve`; of more than 200 points every n-th and the last are kept.
    """
    from sklearn.metrics import precision_recall_curve

    if not (judged & truth).any():
        return ()
    precision, recall, thresholds = precision_recall_curve(truth[judged], scores[judged])
    points = [
        CurvePoint(float(t), float(p), float(r))
        for t, p, r in zip(thresholds, precision[:-1], recall[:-1], strict=True)
    ][::-1]
    step = -(-len(points) // POINTS)
    return tuple(points[::step] if (len(points) - 1) % step == 0 else [*points[::step], points[-1]])


def reliability(judged: Bools, truth: Bools, scores: Floats) -> Reliability:
    """Expected calibration error and its 15 bins of equal width.

    ECE = Σ over bins of (rows in bin ÷ all rows) · |share true − mean score| (Naeini et al., AAAI 2015; Guo et al.,
    ICML 2017, equation 3), with the label's probability as the score: it sees scores near 0 as well as near 1.
    """
    edges = np.linspace(0.0, 1.0, BINS + 1)
    own, true = scores[judged], truth[judged].astype(np.float64)
    place = np.clip(np.searchsorted(edges, own, side="left") - 1, 0, BINS - 1)
    count, confidence, frequency = (np.bincount(place, weights, BINS) for weights in (np.ones(len(own)), own, true))
    error = float(np.abs(frequency - confidence).sum() / count.sum()) if len(own) else None
    return Reliability(
        error,
        tuple(
            Bin(
                float(edges[i]),
                float(edges[i + 1]),
                int(count[i]),
                float(confidence[i] / count[i]) if count[i] else None,
                float(frequency[i] / count[i]) if count[i] else None,
            )
            for i in range(BINS)
        ),
    )
