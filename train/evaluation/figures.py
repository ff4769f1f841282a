"""Precision, recall, F1, false flags and average precision of one label, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xuncha.train.evaluation.intervals import Bools, Estimate, Floats, Resamples, estimate, ratio


@dataclass(frozen=True, slots=True)
class Figures:
    """One label over `rows` judged rows, of which `positives` are true and `flagged` were flagged.

    Precision = TP ÷ (TP + FP), recall = TP ÷ (TP + FN), F1 = 2 TP ÷ (2 TP + FP + FN), false flags = FP ÷ (FP + TN).
    """

    rows: int
    positives: int
    flagged: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    false_flags: Estimate


def figures(judged: Bools, truth: Bools, flags: Bools, resamples: Resamples) -> Figures:
    """The figures of one label; all arrays [N]. Rows that are not judged do not count, flagged or not."""
    sides = (truth & flags, ~truth & flags, truth & ~flags, ~truth & ~flags)
    cells = np.stack([judged & side for side in sides], axis=1)
    totals = cells.sum(axis=0).astype(np.float64)
    values, drawn = quotients(totals), quotients(resamples.sums(cells))
    estimates = [estimate(float(values[place]), drawn[:, place]) for place in range(4)]
    true, false, missed, _ = (int(total) for total in totals)
    return Figures(int(totals.sum()), true + missed, true + false, *estimates)


def quotients(cells: Floats) -> Floats:
    """TP, FP, FN, TN [..., 4] → precision, recall, F1, false flags [..., 4]."""
    true, false, missed, passed = np.moveaxis(cells, -1, 0)
    pairs = (
        (true, true + false),
        (true, true + missed),
        (2 * true, 2 * true + false + missed),
        (false, false + passed),
    )
    return np.stack([ratio(over, under) for over, under in pairs], axis=-1)


def average_precision(judged: Bools, truth: Bools, scores: Floats, resamples: Resamples) -> Estimate:
    """Average precision of one label over its judged rows, all arrays [N]; undefined without a true row.

    Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds, without interpolation: scikit-learn's `average_precision_score` gives the
    value; the interval computes the same sum for all resamples at once.
    """
    from sklearn.metrics import average_precision_score

    positive = judged & truth
    value = float(average_precision_score(truth[judged], scores[judged])) if positive.any() else float("nan")
    drawn = [weighted_precision(weights * judged, truth, scores) for weights in resamples.weights()]
    return estimate(value, np.concatenate(drawn))


def weighted_precision(weights: Floats, truth: Bools, scores: Floats) -> Floats:
    """Average precision for each line of `weights` [b, N]; NaN where a line has no true row."""
    order = np.argsort(-scores, kind="stable")
    # Rows of one score stand or fall together, so only the last of them is a threshold.
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    sorted_weights = weights[:, order]
    flagged = np.cumsum(sorted_weights, axis=1)[:, last]
    true = np.cumsum(sorted_weights * truth[order], axis=1)[:, last]
    precision = np.nan_to_num(ratio(true, flagged))
    area = (np.diff(true, axis=1, prepend=0.0) * precision).sum(axis=1)
    return ratio(area, true[:, -1])
