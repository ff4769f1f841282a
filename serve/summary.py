"""What a run of the batch scorer has found, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from xuncha.labels.errors import escape_controls
from xuncha.serve.tables.added import Added


@dataclass(slots=True)
class Tally:
    """Counts of rows so far. `reasons` counts rows with evidence of that reason."""

    labels: Sequence[str]
    rows: int = 0
    flagged: int = 0
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


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished run. `encoding` is None where the input has none; `guessed`: nobody named the text columns."""

    source: str
    target: str
    tally: Tally
    seconds: float
    encoding: str | None
    text_columns: tuple[str, ...]
    guessed: bool
    model: str
    operating_point: str

    @property
    def rows_per_second(self) -> float:
        """Rows a second, start-up of the model aside."""
        return self.tally.rows / self.seconds if self.seconds else 0.0

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
        return [escape_controls(line) for line in lines]


def _counts(counts: dict[str, int] | Counter[str]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items()) or "no rows"
