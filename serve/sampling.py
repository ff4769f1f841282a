"""A sample for review: drawn by risk, by merchant size and at random, so that rates can be estimated from it."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xuncha.labels.errors import XunchaError
from xuncha.serve.report.scored import ScoredRow, ScoredTable

NEAR = 0.1
"""Least score of a row that is not flagged but near it."""

HIGH = 0.9
"""Least score of a row that is flagged for sure."""

_LEAST = 2  # rows of each stratum: one row says nothing about how much rows differ
_EMPTY = "empty"


class Risk(StrEnum):
    """What the model says of a row: the first half of its stratum."""

    SURE = "flagged_sure"
    FLAGGED = "flagged"
    NEAR = "near"
    QUIET = "quiet"
    UNSCORED = "unscored"


class Size(StrEnum):
    """How big a row's merchant is: the second half of its stratum. Each size holds about a third of the rows."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"


FLAGGED = frozenset({Risk.SURE, Risk.FLAGGED})
"""Risks of flagged rows."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many rows to draw in each way, and the seed; the same table, plan and seed give the same rows."""

    risk: int = 100
    merchant: int = 100
    control: int = 100
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn row: the group that drew it first, its stratum, how many rows of the table and of the sample that has."""

    group: str
    stratum: str
    stratum_rows: int
    stratum_drawn: int

    @property
    def weight(self) -> float:
        """How many rows of the table the row stands for."""
        return self.stratum_rows / self.stratum_drawn


@dataclass(frozen=True, slots=True)
class Sample:
    """The drawn rows by number, in the table's order; `rows` is the size of what was drawn from, without `empty`."""

    drawn: Mapping[int, Drawn]
    rows: int
    empty: int

    @property
    def strata(self) -> dict[str, tuple[int, int]]:
        """Rows of the table and of the sample in each stratum."""
        return {one.stratum: (one.stratum_rows, one.stratum_drawn) for one in self.drawn.values()}


def draw(table: ScoredTable, plan: Plan) -> Sample:
    """Draw a sample: evenly over risks, evenly over merchant sizes, and at random from everything.

    Within a stratum (risk × size) the drawn rows are a simple random sample without replacement: they are the union
    of draws each of which treats its rows alike, so weighting by stratum is right whichever group drew a row.
    Rows with an empty text are left out. Raises `XunchaError` for a table without any other row.
    """
    sizes = merchant_sizes(_merchants(table))
    strata: dict[str, array[int]] = {}
    empty = 0
    for row in table.rows():
        if row.status == _EMPTY:
            empty += 1
            continue
        strata.setdefault(stratum_of(row, sizes), array("Q")).append(row.number)
    if not strata:
        raise XunchaError(f"{table.name}: no row has a text, so there is nothing to draw. Check the table.")
    groups = _draw_groups(strata, plan)
    where = {number: name for name, numbers in strata.items() for number in numbers if number in groups}
    counts = Counter(where.values())
    drawn = {
        number: Drawn(groups[number], name, len(strata[name]), counts[name]) for number, name in sorted(where.items())
    }
    return Sample(drawn, sum(map(len, strata.values())), empty)


def stratum_of(row: ScoredRow, sizes: Mapping[str, Size]) -> str:
    """The stratum of a row."""
    return f"{risk_of(row)}/{sizes.get(row.merchant, Size.SMALL)}"


def risk_of(row: ScoredRow) -> Risk:
    """What the model says of a row."""
    if not row.scored:
        return Risk.UNSCORED
    if row.flags:
        return (
            Risk.SURE if max(row.scores[label] for label in row.flags if label in row.scores) >= HIGH else Risk.FLAGGED
        )
    return Risk.NEAR if max(row.scores.values()) >= NEAR else Risk.QUIET


def merchant_sizes(rows: Mapping[str, int]) -> dict[str, Size]:
    """The size of each merchant: the largest that together hold a third of the rows are large, and so on.

    >>> [str(size) for size in merchant_sizes({"a": 4, "b": 2, "c": 2, "d": 2}).values()]
    ['large', 'medium', 'small', 'small']
    """
    total, before, found = sum(rows.values()), 0, {}
    for name, count in sorted(rows.items(), key=lambda item: (-item[1], item[0])):
        found[name] = Size.LARGE if 3 * before < total else Size.MEDIUM if 3 * before < 2 * total else Size.SMALL
        before += count
    return found


def _merchants(table: ScoredTable) -> Counter[str]:
    if table.roles.merchant is None and table.roles.merchant_name is None:
        return Counter()
    return Counter(row.merchant for row in table.rows() if row.merchant)


def _draw_groups(strata: Mapping[str, Sequence[int]], plan: Plan) -> dict[int, str]:
    """The group of each drawn row, by number."""
    dice = random.Random(plan.seed)
    ordered = {name: strata[name] for name in sorted(strata)}
    found: dict[int, str] = {}

    def take(group: str, pool: Iterable[int], wanted: int) -> None:
        left = sorted(number for number in pool if number not in found)
        found.update(dict.fromkeys(dice.sample(left, min(wanted, len(left))), group))

    take("control", _chain(ordered.values()), plan.control)
    for group, wanted, half in (("risk", plan.risk, 0), ("merchant", plan.merchant, 1)):
        kinds: dict[str, list[int]] = {}
        for name, rows in ordered.items():
            kinds.setdefault(name.split("/")[half], []).extend(number for number in rows if number not in found)
        # The smallest first, so that what one kind cannot give the others do.
        for left, kind in zip(
            range(len(kinds), 0, -1), sorted(kinds, key=lambda one: (len(kinds[one]), one)), strict=True
        ):
            share = min(wanted // left, len(kinds[kind]))
            take(group, kinds[kind], share)
            wanted -= share
    for rows in ordered.values():
        take("least", rows, max(0, _LEAST - sum(number in found for number in rows)))
    return found


def _chain(parts: Iterable[Iterable[int]]) -> Iterator[int]:
    return (number for part in parts for number in part)
