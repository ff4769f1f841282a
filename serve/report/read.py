"""One pass over a scored table: counts, merchants, what the allow-list hides, and the rows to look at first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from xuncha.serve.allow import Entry
from xuncha.serve.report.flags import Flag, Judging, need_of_review
from xuncha.serve.report.rollup import Proposal, Rollup
from xuncha.serve.report.scored import ScoredRow, ScoredTable
from xuncha.serve.report.totals import Totals
from xuncha.serve.report.what_if import Scenario

EXAMPLES = 3
"""Words quoted for an entry of the allow-list."""

Seen = Callable[[int], None]


@dataclass(slots=True)
class Hides:
    """What one entry of the allow-list hides. `flags` counts flags that it hides, alone or with other entries."""

    entry: Entry
    flags: int = 0
    pieces: int = 0
    rows: set[int] = field(default_factory=set)
    merchants: set[str] = field(default_factory=set)
    examples: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the first pass finds. `if_so` is the roll-up of the what-if scenario, if there is one."""

    totals: Totals
    rollup: Rollup
    hides: Mapping[str, Hides]
    if_so: Rollup | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A flagged row with its flags and its need of review."""

    row: ScoredRow
    flags: tuple[Flag, ...]
    need: float


def count(
    scored: ScoredTable,
    judging: Judging,
    scenario: Scenario | None = None,
    seen: Seen | None = None,
) -> Counted:
    """Read the whole table and count. `seen` is told the number of rows now and then."""
    totals, rollup = Totals(scored.labels), Rollup(judging.policy)
    other = None if scenario is None else _moved(judging, scenario)
    if_so = None if other is None else Rollup(other.policy)
    hides = {one.id: Hides(one) for one in judging.allow.entries} if judging.allow else {}
    for row in scored.rows():
        flags = judging.flags(row)
        totals.add(row, flags)
        rollup.add(row, judging.against(flags))
        if if_so is not None and other is not None:
            if_so.add(row, other.against(other.flags(row)))
        for flag in flags:
            _note(hides, row, flag)
        if seen and row.number % 10_000 == 0:
            seen(row.number)
    return Counted(totals, rollup, hides, if_so)


def flagged(scored: ScoredTable, judging: Judging, proposals: list[Proposal]) -> Iterator[Reviewed]:
    """Every flagged row, in the table's order; hidden flags included."""
    ranks: dict[str, int] = {}
    for one in proposals:
        ranks[one.standing.merchant] = max(one.rank, ranks.get(one.standing.merchant, 0))
    for row in scored.rows(flagged=True):
        if flags := judging.flags(row):
            left = [flag for flag in flags if flag.state in ("open", "unsure")]
            yield Reviewed(row, flags, need_of_review(left, ranks.get(row.merchant, 0)))


class Neediest:
    """Keeps the rows that most need review, at most `limit`, and says how many it has let go."""

    def __init__(self, limit: int) -> None:
        """Keep nothing yet."""
        self.limit = limit
        self.left_out = 0
        self._heap: list[tuple[float, int, Reviewed]] = []

    def add(self, one: Reviewed) -> None:
        """Keep the row, or the rows before it."""
        entry = (one.need, -one.row.number, one)
        if len(self._heap) < self.limit:
            heapq.heappush(self._heap, entry)
        else:
            self.left_out += 1
            heapq.heappushpop(self._heap, entry)

    def rows(self) -> list[Reviewed]:
        """The rows kept: greatest need first, equal ones in the table's order."""
        return [one for _, _, one in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


def _moved(judging: Judging, scenario: Scenario) -> Judging:
    return replace(judging, policy=scenario.policy, thresholds=scenario.thresholds)


def _note(hides: Mapping[str, Hides], row: ScoredRow, flag: Flag) -> None:
    for piece, entry in zip(flag.pieces, flag.allowed, strict=True):
        if entry:
            own = hides[entry.id]
            own.pieces += 1
            if len(own.examples) < EXAMPLES:
                own.examples[piece.text[:40]] = None
    for entry in flag.entries:
        own = hides[entry.id]
        own.flags += 1
        own.rows.add(row.number)
        if row.merchant:
            own.merchants.add(row.merchant)
