"""The cells of a comparison's tables, for terminal and page alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xuncha.train.compare.behaviour import Behaviour
from xuncha.train.compare.comparison import Comparison
from xuncha.train.compare.cost import Cost
from xuncha.train.compare.differences import AVERAGE_PRECISION, MEASURES, Change, SliceDifference
from xuncha.train.compare.flips import Flip
from xuncha.train.evaluation.intervals import Estimate
from xuncha.train.evaluation.markup import DASH, figure

LABELS = ("label", "rows", "true", "figure", "OLD", "NEW", "NEW − OLD", "95 %", "fixed", "broken")
SLICES = ("slice", "label", "rows", "true", "figure", "OLD", "NEW", "NEW − OLD", "95 %")
ADDED = ("new label", "rows", "true", "precision", "recall", "F1", "95 %", "false flags")
CASES = ("capability", "cases", "OLD passes", "NEW passes")
COST = ("cost", "OLD", "NEW", "NEW ÷ OLD")


def label_lines(comparison: Comparison) -> Iterator[list[str]]:
    """Five lines a shared label: F1 first."""
    for one in comparison.measured.labels:
        for name in ("F1", *(name for name in MEASURES if name != "F1"), AVERAGE_PRECISION):
            first = [one.label, str(one.rows), str(one.true)] if name == "F1" else ["", "", ""]
            last = [str(one.fixed), str(one.broken)] if name == "F1" else ["", ""]
            yield [*first, name, *_change(one.changes[name]), *last]


def added_lines(comparison: Comparison) -> Iterator[list[str]]:
    """A line a label that only NEW knows."""
    for label, found in comparison.measured.added.items():
        three = [figure(one.value) for one in (found.precision, found.recall, found.f1)]
        counts = [str(found.rows), str(found.positives)]
        yield [label, *counts, *three, interval(found.f1), figure(found.false_flags.value)]


def slice_lines(slices: Sequence[SliceDifference]) -> Iterator[list[str]]:
    """A line a slice and label."""
    for one in slices:
        named = [f"{one.facet} {one.value}", one.label, str(one.rows), str(one.true), one.measure]
        yield [*named, *_change(one.change)]


def moved_slices(comparison: Comparison) -> list[SliceDifference]:
    """The slices whose figure surely moved, the worst first: what a terminal has room for."""
    found = [
        one
        for one in comparison.measured.slices
        if one.gain.low is not None and one.gain.high is not None and (one.gain.high < 0 or one.gain.low > 0)
    ]
    return sorted(found, key=lambda one: one.gain.value or 0.0)


def case_lines(behaviour: Behaviour) -> Iterator[list[str]]:
    """A line a capability, and the sum."""
    for name, one in behaviour.capabilities.items():
        yield [name, str(one.cases), str(one.old), str(one.new)]
    sums = [sum(getattr(one, key) for one in behaviour.capabilities.values()) for key in ("cases", "old", "new")]
    yield ["all", *map(str, sums)]


def cost_lines(cost: Cost) -> Iterator[list[str]]:
    """Size and speed."""
    old, new = cost.old_bytes, cost.new_bytes
    yield ["size", f"{old / 1e6:.1f} MB", f"{new / 1e6:.1f} MB", f"{new / old:.2f}"]
    if cost.old_speed and cost.new_speed:
        ratio = f"{cost.new_speed / cost.old_speed:.2f}"
        yield ["speed", f"{cost.old_speed:,.0f} texts/s", f"{cost.new_speed:,.0f} texts/s", ratio]


def said(one: Flip) -> str:
    """Who flags a flip, and what is right."""
    right = {True: "it should be flagged", False: "it should not be", None: "nobody has judged it"}[one.truth]
    scores = f"OLD {one.old_score:.3f} (≥ {one.old_threshold:.3f}), NEW {one.new_score:.3f} (≥ {one.new_threshold:.3f})"
    return f"{one.kind}: {one.label} flagged by {one.flagged_by} alone, {right}; {scores}"


def interval(one: Estimate) -> str:
    """The two ends of a 95 % interval."""
    return DASH if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"


def _change(change: Change) -> list[str]:
    moved = change.difference
    if moved.value is None or moved.low is None or moved.high is None:
        return [figure(change.old), figure(change.new), DASH, DASH]
    ends = f"{moved.low:+.3f} to {moved.high:+.3f}"
    return [figure(change.old), figure(change.new), f"{moved.value:+.3f}", ends]
