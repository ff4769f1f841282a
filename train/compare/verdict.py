"""From differences to a verdict: a pure function, no model needed.

ship: every rule is met. hold: one is surely broken. undecided: the rows are too few to tell. A model ships when it is
shown not to be worse by more than a margin (a non-inferiority test), not when it merely was not shown to be worse: with
few rows nothing is ever shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xuncha.train.compare.differences import F1, LabelDifference
from xuncha.train.compare.rules import Gate

if TYPE_CHECKING:
    from xuncha.train.compare.behaviour import Behaviour
    from xuncha.train.compare.comparison import Measured
    from xuncha.train.compare.cost import Cost

# The rule of three: what was never seen in n rows may still happen in 3 of n (Hanley & Lippman-Hand, JAMA 1983).
UNSEEN = 3
# The smallest distance to a margin that a number of rows is computed for.
_LEAST = 0.001


class Outcome(StrEnum):
    """What to do with the new model."""

    SHIP = "ship"
    HOLD = "hold"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, why, and about how many more rows would decide (0 where that is not the question)."""

    outcome: Outcome
    reasons: tuple[str, ...]
    more_rows: int = 0

    def __str__(self) -> str:
        """`ship`, `hold` or `undecided (needs about N more rows)`."""
        if self.outcome is Outcome.UNDECIDED:
            return f"undecided (needs about {self.more_rows:,} more rows)"
        return str(self.outcome)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"outcome": str(self.outcome), "reasons": list(self.reasons), "more_rows": self.more_rows}


def decide(measured: Measured, rules: Gate) -> Verdict:
    """The verdict on what was measured: hold before undecided before ship, with every reason for it."""
    against = list(_against(measured, rules))
    if against:
        return Verdict(Outcome.HOLD, tuple(against))
    open_questions = [
        (reason, more) for one in measured.labels for reason, more in _undecided(one, measured.rows, rules)
    ]
    if not measured.labels:
        open_questions = [("the models have no label in common", 0)]
    if open_questions:
        return Verdict(
            Outcome.UNDECIDED, tuple(reason for reason, _ in open_questions), max(more for _, more in open_questions)
        )
    return Verdict(Outcome.SHIP, tuple(_for(measured, rules)))


def _against(measured: Measured, rules: Gate) -> Iterator[str]:
    for label in measured.removed:
        yield f"{label}: NEW does not know this label"
    for where, labels in (("", measured.labels), (" without the extra rows", measured.without_extra)):
        for one in labels:
            moved = one.changes[F1].difference
            if moved.high is not None and moved.high < 0:
                worse = f"{_points(-_value(moved.value))} ({_range(moved.low, moved.high)})"
                yield f"{one.label}{where}: F1 is worse by {worse}"
    for part in measured.slices:
        enough = (part.true or part.rows) >= rules.slice_rows
        if enough and part.gain.high is not None and part.gain.high < -rules.slice_tolerance:
            yield (
                f"{part.label}, {part.facet} {part.value} ({part.rows} rows): {part.measure} is worse by "
                f"{_points(-_value(part.gain.value))}, surely by more than {_points(rules.slice_tolerance)}"
            )
    for label, found in measured.added.items():
        if found.f1.high is not None and found.f1.high < rules.new_label_f1:
            yield f"{label}: the new label has an F1 of {_value(found.f1.value):.3f}, below {rules.new_label_f1:g}"
    yield from _behaviour_against(measured.behaviour)
    yield from _cost_against(measured.cost, rules)


def _behaviour_against(behaviour: Behaviour | None) -> Iterator[str]:
    if behaviour and (high := behaviour.passed.difference.high) is not None and high < 0:
        yield (
            f"behaviour: NEW breaks {len(behaviour.broken)} and mends {behaviour.fixed} of {behaviour.cases} cases, "
            "surely more than it mends"
        )


def _cost_against(cost: Cost, rules: Gate) -> Iterator[str]:
    if rules.speed and cost.old_speed and cost.new_speed and cost.new_speed < rules.speed * cost.old_speed:
        yield f"speed: {cost.new_speed:,.0f} texts a second instead of {cost.old_speed:,.0f}"
    if rules.size and cost.new_bytes > rules.size * cost.old_bytes:
        yield f"size: {cost.new_bytes / 1e6:.1f} MB instead of {cost.old_bytes / 1e6:.1f} MB"


def _undecided(one: LabelDifference, rows: int, rules: Gate) -> Iterator[tuple[str, int]]:
    """Why a label is not yet shown to be good enough, and about how many more rows would tell."""
    moved = one.changes[F1].difference
    if moved.value is None or moved.low is None:
        yield f"{one.label}: the rows hold no true row that is judged for it", 100
        return
    half = max(moved.value - moved.low, UNSEEN / max(one.true + one.flagged, 1))
    if moved.value - half >= -rules.tolerance:
        return
    wanted = max(abs(moved.value + rules.tolerance), _LEAST)
    more = rows * ((half / wanted) ** 2 - 1)
    # Rare errors come one at a time: the rule of three falls with n, not with its root.
    more = max(more, rows * (UNSEEN / max(one.true + one.flagged, 1) / wanted - 1))
    yield (
        f"{one.label}: F1 moved by {_signed(moved.value)}; on so few rows it may be worse by "
        f"{_points(half - moved.value)} (allowed {_points(rules.tolerance)})",
        _rounded(more),
    )


def _for(measured: Measured, rules: Gate) -> Iterator[str]:
    for one in measured.labels:
        moved = one.changes[F1].difference
        yield (
            f"{one.label}: F1 moved by {_signed(_value(moved.value))} ({_range(moved.low, moved.high)}), "
            f"at worst within {_points(rules.tolerance)}"
        )
    for label, found in measured.added.items():
        yield f"{label}: new, F1 {_value(found.f1.value):.3f}"


def _rounded(more: float) -> int:
    """Two leading digits, upwards; a number of rows is a rough guess."""
    if more <= 10:
        return 10
    unit = int(10 ** max(0, int(math.log10(more)) - 1))
    return math.ceil(more / unit) * unit


def _value(value: float | None) -> float:
    return float("nan") if value is None else value


def _points(share: float) -> str:
    """A share in points of 100."""
    return f"{100 * share:.1f} points"


def _signed(share: float) -> str:
    return f"{100 * share:+.1f} points"


def _range(low: float | None, high: float | None) -> str:
    return f"95 %: {100 * _value(low):+.1f} to {100 * _value(high):+.1f}"


def summary(verdict: Verdict, names: Sequence[str] = ("OLD", "NEW")) -> list[str]:
    """The verdict as lines: the outcome first, then a reason each."""
    return [f"{names[0]} → {names[1]}: {verdict}", *(f"  {reason}" for reason in verdict.reasons)]
