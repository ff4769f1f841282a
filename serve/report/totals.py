"""Counts over a scored table: by label, reason, category, merchant and day, and how the scores lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xuncha.labels.rows import Source
from xuncha.serve.report.flags import Flag
from xuncha.serve.report.scored import ScoredRow

BINS = 20
"""Bars of a score distribution."""

STATES = ("confirmed", "unsure", "open", "overturned", "suppressed")
"""States of flags, that of a row first."""


@dataclass(slots=True)
class Group:
    """Rows of one kind, and those with an open flag: in all and by label."""

    name: str = ""
    rows: int = 0
    flagged: int = 0
    by_label: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Share of the rows that are flagged."""
        return self.flagged / self.rows if self.rows else 0.0

    def add(self, labels: Iterable[str]) -> None:
        """Count one row and the labels of its open flags."""
        labels = list(labels)
        self.rows += 1
        self.flagged += bool(labels)
        self.by_label.update(labels)


@dataclass(slots=True)
class Totals:
    """The counts. `scored` rows were put to the model; `hidden` counts flags that an entry or a reviewer took away.

    `sources` counts rows by source, `nameless` those without a merchant, `states` flagged rows by their state, the
    first in `STATES`. `named` gives the merchants that bear a name.
    """

    labels: Sequence[str]
    all: Group = field(default_factory=Group)
    scored: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    hidden_rows: int = 0
    sources: Counter[Source] = field(default_factory=Counter)
    nameless: int = 0
    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    categories: dict[str, Group] = field(default_factory=dict)
    merchants: dict[str, Group] = field(default_factory=dict)
    days: dict[str, Group] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=dict)
    histograms: dict[str, list[int]] = field(default_factory=dict)
    lowest: dict[str, float] = field(default_factory=dict)
    unplaced: int = 0

    def __post_init__(self) -> None:
        """Start every label's distribution."""
        self.histograms = {label: [0] * BINS for label in self.labels}

    def add(self, row: ScoredRow, flags: Sequence[Flag]) -> None:
        """Count one row with all its flags."""
        open_ = [flag for flag in flags if flag.open]
        labels = [flag.label for flag in open_]
        self.all.add(labels)
        self.scored += row.scored
        self.sources[row.source] += 1
        self.nameless += not row.merchant
        self.statuses[row.status.split(":")[0]] += 1
        self.hidden.update(flag.label for flag in flags if not flag.open)
        self.hidden_rows += bool(flags) and not open_
        if states := {flag.state for flag in flags}:
            self.states[next(one for one in STATES if one in states)] += 1
        self.unplaced += sum(not piece.placed for flag in flags for piece in flag.pieces)
        for flag in open_:
            left = {one.reason for one, entry in zip(flag.pieces, flag.allowed, strict=True) if not entry} or {""}
            self.reasons.update((flag.label, reason) for reason in left)
        for groups, key, name in (
            (self.categories, row.category, row.category),
            (self.merchants, row.merchant, row.merchant_name),
            (self.days, row.day, row.day),
        ):
            if key:
                groups.setdefault(key, Group(name)).add(labels)
        if row.merchant and row.merchant_name:
            self.named.setdefault(row.merchant_name, set()).add(row.merchant)
        self._add_scores(row)

    def _add_scores(self, row: ScoredRow) -> None:
        for label, score in row.scores.items():
            self.histograms[label][min(int(score * BINS), BINS - 1)] += 1
            if label in row.flags:
                self.lowest[label] = min(score, self.lowest.get(label, 1.0))
