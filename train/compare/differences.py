"""What changed by label and by slice: NEW minus OLD, with paired bootstrap intervals.

Both models are measured on the same rows, so one resample of the rows gives one difference; what is hard about a row
is hard for both and falls out of it. The interval is that of the differences, far narrower than the two models' own
(Efron & Tibshirani, An Introduction to the Bootstrap, 1993; for text models: Koehn, EMNLP 2004).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Row
from xuncha.train.evaluation.figures import quotients, weighted_precision
from xuncha.train.evaluation.intervals import UNDEFINED, Bools, Estimate, Floats, Resamples, estimate
from xuncha.train.evaluation.slices import FACETS

MEASURES = ("precision", "recall", "F1", "false flags")
F1 = "F1"
AVERAGE_PRECISION = "average precision"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of both models, None where it is not defined, and NEW minus OLD with its 95 % interval."""

    old: float | None
    new: float | None
    difference: Estimate


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """One shared label over its judged rows. `fixed`: wrong in OLD and right in NEW; `broken`: the other way.

    `flagged` counts the rows that NEW flags; `changes` has precision, recall, F1, false flags, average precision.
    """

    label: str
    rows: int
    true: int
    flagged: int
    fixed: int
    broken: int
    changes: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class SliceDifference:
    """One label over the rows that have `value` for `facet`.

    `measure` is what can be told there: F1, recall where all rows are true, false flags where none is. `gain` is its
    difference with the better direction upwards.
    """

    facet: str
    value: str
    label: str
    rows: int
    true: int
    measure: str
    change: Change
    gain: Estimate


@dataclass(frozen=True, slots=True)
class Pair:
    """One label as both models see it; all arrays [N]: judged, true, and flags and scores of OLD and NEW."""

    label: str
    judged: Bools
    truth: Bools
    old: Bools
    new: Bools
    old_scores: Floats
    new_scores: Floats


def label_difference(pair: Pair, resamples: Resamples) -> LabelDifference:
    """Every change of one label."""
    right_old, right_new = (pair.judged & (flags == pair.truth) for flags in (pair.old, pair.new))
    return LabelDifference(
        label=pair.label,
        rows=int(pair.judged.sum()),
        true=int((pair.judged & pair.truth).sum()),
        flagged=int((pair.judged & pair.new).sum()),
        fixed=int((~right_old & right_new).sum()),
        broken=int((right_old & ~right_new).sum()),
        changes={**_changes(pair, pair.judged, resamples), AVERAGE_PRECISION: _area(pair, resamples)},
    )


def slice_differences(rows: Sequence[Row], pairs: Sequence[Pair], resamples: Resamples) -> Iterator[SliceDifference]:
    """Every facet, value and label that has judged rows; reasons come last."""
    for facet, value_of in FACETS.items():
        values = np.array([value_of(row) for row in rows], object)
        for value in sorted(set(values)):
            for pair in pairs:
                yield from _slice(pair, resamples, (facet, value), values == value)
    for pair in pairs:
        reasons = [{span.reason for span in row.spans if span.label == pair.label} for row in rows]
        for reason in sorted(set().union(*reasons)):
            yield from _slice(pair, resamples, ("reason", reason), np.array([reason in one for one in reasons], bool))


def _slice(pair: Pair, resamples: Resamples, names: tuple[str, str], within: Bools) -> Iterator[SliceDifference]:
    judged = pair.judged & within
    rows, true = int(judged.sum()), int((judged & pair.truth).sum())
    if not rows:
        return
    measure = "false flags" if not true else "recall" if true == rows else F1
    change = _changes(pair, judged, resamples)[measure]
    gain = _negative(change.difference) if measure == "false flags" else change.difference
    yield SliceDifference(*names, pair.label, rows, true, measure, change, gain)


def _changes(pair: Pair, judged: Bools, resamples: Resamples) -> dict[str, Change]:
    """Precision, recall, F1 and false flags over the judged rows."""
    cells = np.stack([judged & side for flags in (pair.old, pair.new) for side in _sides(pair.truth, flags)], axis=1)
    totals = cells.sum(axis=0).astype(np.float64)
    drawn = resamples.sums(cells)
    before, after = quotients(totals[:4]), quotients(totals[4:])
    moved = quotients(drawn[:, 4:]) - quotients(drawn[:, :4])
    return {
        name: Change(_defined(before[place]), _defined(after[place]), _moved(before, after, moved, place))
        for place, name in enumerate(MEASURES)
    }


def _sides(truth: Bools, flags: Bools) -> tuple[Bools, Bools, Bools, Bools]:
    return truth & flags, ~truth & flags, truth & ~flags, ~truth & ~flags


def _moved(before: Floats, after: Floats, moved: Floats, place: int) -> Estimate:
    return estimate(float(after[place] - before[place]), moved[:, place])


def _area(pair: Pair, resamples: Resamples) -> Change:
    """Average precision of both, and the difference from the same resamples."""

    def areas(weights: Floats) -> tuple[Floats, Floats]:
        counted = weights * pair.judged
        return (
            weighted_precision(counted, pair.truth, pair.old_scores),
            weighted_precision(counted, pair.truth, pair.new_scores),
        )

    old, new = (float(one[0]) for one in areas(np.ones((1, len(pair.judged)))))
    drawn = [after - before for before, after in map(areas, resamples.weights())]
    return Change(_defined(old), _defined(new), estimate(new - old, np.concatenate(drawn)))


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _negative(one: Estimate) -> Estimate:
    if one.value is None or one.low is None or one.high is None:
        return UNDEFINED
    return Estimate(-one.value, -one.high, -one.low)
