"""What a report is asked for, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from xuncha.labels.rows import Source
from xuncha.serve.allow import AllowList, State
from xuncha.serve.report.history import Prior
from xuncha.serve.report.read import Counted
from xuncha.serve.report.rollup import Proposal, step_counts
from xuncha.serve.report.totals import STATES
from xuncha.serve.report.what_if import Move

PAGE, WORKBOOK, DRAFT = "report.html", "review.xlsx", "announcement.md"
FLAGS, MERCHANTS, ENTRIES, MOVES = "flags.csv", "merchants.csv", "allow.csv", "what_if.csv"


@dataclass(frozen=True, slots=True)
class Options:
    """How to report. `roles` maps roles to columns (`-`: none); None and empty: find out.

    `as_of` is the day on which entries apply and from which `repeat_days` count back. `limit` bounds the rows of
    page and workbook. `what_if` are changes as `what_if.scenario` reads them.
    """

    as_of: date
    roles: Mapping[str, str] = field(default_factory=dict)
    text_columns: tuple[str, ...] = ()
    source: Source = Source.LISTING
    input_format: str | None = None
    encoding: str | None = None
    policy: Path | None = None
    taxonomy: Path | None = None
    allow: Path | None = None
    history: str | None = None
    history_columns: Mapping[str, str] = field(default_factory=dict)
    decisions: tuple[Path, ...] = ()
    confirmed_only: bool = False
    what_if: tuple[str, ...] = ()
    limit: int = 50_000
    force: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """What was found and which files were written."""

    source: str
    files: tuple[Path, ...]
    columns: str
    texts: tuple[str, ...]
    counted: Counted
    proposals: Sequence[Proposal]
    found_moves: Sequence[Move] | None
    allow: AllowList | None
    left_out: int
    missed: int
    prior: Prior | None = None
    limit: int = 50_000

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        totals = self.counted.totals
        return {
            "input": self.source,
            "files": [str(one) for one in self.files],
            "columns": self.columns,
            "text_columns": list(self.texts),
            "rows": totals.all.rows,
            "scored": totals.scored,
            "flagged": totals.all.flagged,
            "flagged_by_label": {label: totals.all.by_label[label] for label in totals.labels},
            "reviewed_rows": {state: totals.states[state] for state in STATES},
            "hidden_flags": sum(totals.hidden.values()),
            "merchants": self.counted.rollup.merchants,
            "proposals": {
                ladder.id: {step.id: number for step, number in steps} for ladder, steps in step_counts(self.proposals)
            },
            "moves": None if self.found_moves is None else len(self.found_moves),
            "expired_entries": list(self.expired),
            "left_out_of_page": self.left_out,
            "decisions_without_row": self.missed,
            "history": None
            if self.prior is None
            else {
                "used": self.prior.used,
                "unknown_merchants": self.prior.unknown,
                "outside_period": self.prior.outside,
            },
        }

    @property
    def expired(self) -> tuple[str, ...]:
        """Entries of the allow-list that no longer apply."""
        if self.allow is None:
            return ()
        return tuple(one.id for one in self.allow.entries if one.state(self.allow.day) is State.EXPIRED)
