"""Logits to probabilities, probabilities to thresholds: pure functions over dev rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from xuncha.models.bundle import Calibration
from xuncha.models.inference import sigmoid

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# On dev rows, which are far harder than a table of ordinary listings (docs/model.md, "Real text").
STRICT_PRECISION = 0.985
LENIENT_RECALL = 0.98
# Thresholds chosen on the dev rows themselves are tuned to their noise; the median over resamples is steadier.
RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Point:
    """A threshold (probability) and what to expect of it: precision and recall with 95 % bootstrap intervals."""

    threshold: float
    precision: float
    recall: float
    precision_interval: tuple[float, float]
    recall_interval: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def platt(logits: Floats, truth: Bools) -> Calibration:
    """Platt scaling (Platt 1999): logistic regression of the truth on the logit, nearly unregularised."""
    if truth.all() or not truth.any():
        return Calibration(1.0, 0.0)
    model = LogisticRegression(C=1e3).fit(logits.reshape(-1, 1), truth)
    return Calibration(float(max(model.coef_[0, 0], 1e-3)), float(model.intercept_[0]))


def probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """sigmoid(slope · logit + intercept)."""
    return sigmoid(logits * calibration.slope + calibration.intercept)


def choose(scores: Floats, truth: Bools, point: str, seed: int = 0) -> Point:
    """The threshold of an operating point on these judged rows.

    strict: the lowest threshold with precision ≥ 0.985. balanced: best F1. lenient: the highest threshold with
    recall ≥ 0.98. Each is the median over bootstrap resamples.
    """
    rng = np.random.default_rng(seed)
    picks = [rng.integers(len(truth), size=len(truth)) for _ in range(RESAMPLES)]
    thresholds = [_pick(scores[p], truth[p], point) for p in picks if truth[p].any()]
    threshold = float(np.median(thresholds)) if thresholds else 0.5
    measured = np.array([precision_recall(scores[p], truth[p], threshold) for p in picks])
    low, high = np.quantile(measured, [0.025, 0.975], axis=0)
    precision, recall = precision_recall(scores, truth, threshold)
    return Point(threshold, precision, recall, (float(low[0]), float(high[0])), (float(low[1]), float(high[1])))


def evidence_threshold(tokens: Sequence[tuple[Floats, Bools, NDArray[np.int64]]]) -> float:
    """The token probability with the best character F1 over flagged rows: (probability, truth, characters) per row."""
    probability = np.concatenate([row[0] for row in tokens]) if tokens else np.zeros(0)
    truth = np.concatenate([row[1] for row in tokens]) if tokens else np.zeros(0, bool)
    weight = np.concatenate([row[2] for row in tokens]) if tokens else np.zeros(0, np.int64)
    best, chosen = -1.0, 0.5
    for threshold in np.arange(0.1, 0.9, 0.025):
        marked = probability >= threshold
        right = float((weight * (marked & truth)).sum())
        score = 2 * right / max(float((weight * marked).sum() + (weight * truth).sum()), 1.0)
        if score > best:
            best, chosen = score, float(threshold)
    return round(chosen, 3)


def _pick(scores: Floats, truth: Bools, point: str) -> float:
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(truth[order])
    flagged = np.arange(1, len(scores) + 1)
    precision, recall = right / flagged, right / max(int(truth.sum()), 1)
    # Midway to the next lower score: a threshold that sits on a row's own score is brittle.
    ranked = scores[order]
    middle = (ranked + np.append(ranked[1:], 0.0)) / 2
    if point == "strict":
        reached = np.flatnonzero((precision >= STRICT_PRECISION) & (flagged >= 10))
        return float(middle[reached[-1]]) if reached.size else float(max(ranked[0], 0.5))
    if point == "lenient":
        return float(middle[np.flatnonzero(recall >= LENIENT_RECALL)[0]])
    return float(middle[int(np.argmax(2 * precision * recall / np.maximum(precision + recall, 1e-9)))])


def precision_recall(scores: NDArray[np.floating[Any]], truth: Bools, threshold: float) -> tuple[float, float]:
    """Precision and recall of flagging every score that reaches the threshold; 0 where nothing is flagged or true."""
    flagged = scores >= threshold
    right = float((flagged & truth).sum())
    return right / max(float(flagged.sum()), 1.0), right / max(float(truth.sum()), 1.0)
