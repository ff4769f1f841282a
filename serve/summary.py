"""What a run of the batch scorer has found, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xuncha.labels.errors import escape_controls
from xuncha.serve.tables.added import Added

_SHOWN = 20
"""Sentences of one kind that are shown to people; JSON has all."""


@dataclass(slots=True)
class Tally:
    """Counts of rows so far. `reasons` counts rows with evidence of that reason, `files` whole files of a folder."""

    labels: Sequence[str]
    rows: int = 0
    flagged: int = 0
    rejects: int = 0
    files: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    by_label: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, added: Added) -> None:
        """Count the rows of one batch of added columns."""
        self.rows += len(added)
        self.statuses.update(str(status).split(":")[0] for status in added.column("status"))
        flags = [added.column(f"flag_{label}") for label in self.labels]
        for label, column in zip(self.labels, flags, strict=True):
            self.by_label[label] += sum(flag is True for flag in column)
        self.flagged += sum(any(row) for row in zip(*flags, strict=True))
        for pieces in added.column("evidence"):
            if isinstance(pieces, list):
                self.reasons.update({piece["reason"] for piece in pieces})

    def join(self, other: Tally) -> None:
        """Count the rows of another table too."""
        self.rows += other.rows
        self.flagged += other.flagged
        self.rejects += other.rejects
        self.files += other.files
        self.statuses.update(other.statuses)
        self.by_label.update(other.by_label)
        self.reasons.update(other.reasons)

    def to_json(self) -> dict[str, Any]:
        """Plain values, to go on from."""
        counters = {name: dict(getattr(self, name)) for name in ("statuses", "by_label", "reasons")}
        return {"rows": self.rows, "flagged": self.flagged, "rejects": self.rejects, **counters}

    @classmethod
    def from_json(cls, labels: Sequence[str], state: Mapping[str, Any]) -> Tally:
        """The counts that `to_json` gave."""
        counters: list[Counter[str]] = [Counter(state[name]) for name in ("statuses", "by_label", "reasons")]
        return cls(labels, state["rows"], state["flagged"], state["rejects"], 0, *counters)


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished run. `encoding` is None where the input has none; `guessed`: nobody named the text columns.

    `resumed`: rows that an earlier run had finished. `unreadable`: a sentence for each file of a folder that could not
    be read. `rejects`: where rejected rows are listed, if there are some. `skipped`: files that are no tables by name.
    `notes`: what else was left out, a sentence each.
    """

    source: str
    target: str
    tally: Tally
    seconds: float
    encoding: str | None
    text_columns: tuple[str, ...]
    guessed: bool
    model: str
    operating_point: str
    roles: Mapping[str, str] = field(default_factory=dict)
    resumed: int = 0
    rejects: str | None = None
    unreadable: tuple[str, ...] = ()
    files: int = 1
    skipped: int = 0
    notes: tuple[str, ...] = ()

    @property
    def rows_per_second(self) -> float:
        """Rows a second in this run, start-up of the model aside."""
        return (self.tally.rows - self.resumed) / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values; every label is there, also with 0."""
        tally = self.tally
        return {
            "input": self.source,
            "output": self.target,
            "rows": tally.rows,
            "status": dict(tally.statuses),
            "flagged": tally.flagged,
            "flagged_by_label": {label: tally.by_label[label] for label in tally.labels},
            "reasons": dict(tally.reasons.most_common()),
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows_per_second, 1),
            "encoding": self.encoding,
            "text_columns": list(self.text_columns),
            "text_columns_guessed": self.guessed,
            "model": self.model,
            "operating_point": self.operating_point,
            "columns": dict(self.roles),
            "resumed_rows": self.resumed,
            "rejects": tally.rejects,
            "rejects_file": self.rejects,
            "files": self.files,
            "files_skipped": self.skipped,
            "files_unreadable": list(self.unreadable),
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """The summary for people, in four or five lines."""
        tally = self.tally
        share = f" ({tally.flagged / tally.rows:.1%})" if tally.rows else ""
        how = f"{self.encoding} · " if self.encoding else ""
        time = f"{self.seconds:.1f} s ({self.rows_per_second:,.0f} rows/s)"
        labels = _counts({label: tally.by_label[label] for label in tally.labels})
        lines = [
            f"{self.source} → {self.target}: {tally.rows:,} rows in {time}",
            f"read: {', '.join(self.text_columns)} · {how}model {self.model} · {self.operating_point}",
            f"status: {_counts(tally.statuses)}",
            f"flagged: {tally.flagged:,} rows{share} · {labels}",
        ]
        if tally.reasons:
            lines.append(f"reasons: {_counts(dict(tally.reasons.most_common()))}")
        if tally.rejects:
            where = f" → {self.rejects}" if self.rejects else ""
            lines.append(f"rejects: {tally.rejects:,} rows could not be read or scored{where}")
        if self.files > 1 or self.skipped or self.unreadable:
            more = f" · {self.skipped} skipped, no tables by their endings" if self.skipped else ""
            lines.append(f"files: {self.files:,}{more}")
        if self.resumed:
            lines.append(f"resumed: {self.resumed:,} rows were finished before")
        lines += _some("not read", self.unreadable, "files") + _some("note", self.notes, "notes")
        return [escape_controls(line) for line in lines]


def _some(what: str, sentences: Sequence[str], unit: str) -> list[str]:
    lines = [f"{what}: {sentence}" for sentence in sentences[:_SHOWN]]
    return lines + ([f"{what}: {len(sentences) - _SHOWN} more {unit}"] if len(sentences) > _SHOWN else [])


def _counts(counts: dict[str, int] | Counter[str]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items()) or "no rows"
