"""Counts of labelled rows by origin, source, kind and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from xuncha.labels.rows import SPLITS, Row, Source
from xuncha.labels.taxonomy import Taxonomy

NONE = "–"
"""How a value that rows do not have is named."""

_FACETS: Mapping[str, Callable[[Row], str | None]] = {
    "origin": lambda row: row.origin or None,
    "source": lambda row: str(row.source),
    "kind": lambda row: row.kind,
    "split": lambda row: row.split,
}


@dataclass(slots=True)
class Tally:
    """Counts over some rows. `true`, `false` by label id (unjudged in neither); `reasons` counts spans."""

    rows: int = 0
    spans: int = 0
    characters: int = 0
    true: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Count one row."""
        self.rows += 1
        self.spans += len(row.spans)
        self.characters += len(row.text)
        self.true.update(label for label, judged in row.labels.items() if judged is True)
        self.false.update(label for label, judged in row.labels.items() if judged is False)
        self.reasons.update(span.reason for span in row.spans)
        self.splits[row.split or NONE] += 1

    def to_json(self) -> dict[str, Any]:
        """The counts under the names of the fields."""
        counts = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: dict(count) if isinstance(count, Counter) else count for name, count in counts.items()}


@dataclass(frozen=True, slots=True)
class Stats:
    """The tally of all rows, and one by value for each of origin, source, kind and split."""

    total: Tally
    facets: Mapping[str, Mapping[str, Tally]]

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and numbers, for `json.dumps`."""
        facets = {
            facet: {name: tally.to_json() for name, tally in found.items()} for facet, found in self.facets.items()
        }
        return {"total": self.total.to_json(), "facets": facets}


def count_rows(rows: Iterable[Row]) -> Stats:
    """Count rows in one pass."""
    total = Tally()
    facets: dict[str, dict[str, Tally]] = {name: {} for name in _FACETS}
    for row in rows:
        total.add(row)
        for name, value in _FACETS.items():
            facets[name].setdefault(value(row) or NONE, Tally()).add(row)
    return Stats(total, {name: dict(sorted(found.items(), key=_rank)) for name, found in facets.items()})


@dataclass(frozen=True, slots=True)
class Table:
    """Counts to show: column names, and lines of as many cells."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def tables(stats: Stats, taxonomy: Taxonomy) -> list[Table]:
    """One table a facet (rows, true rows a label, rows a split, mean length), and one of spans by reason."""
    return [*(_facet_table(facet, stats, taxonomy) for facet in stats.facets), _reason_table(stats, taxonomy)]


def _facet_table(facet: str, stats: Stats, taxonomy: Taxonomy) -> Table:
    columns = (facet, "rows", *taxonomy.label_ids, *SPLITS, "length")
    named = {**stats.facets[facet], "all": stats.total}
    lines = []
    for name, tally in named.items():
        length = round(tally.characters / tally.rows) if tally.rows else 0
        labels = (tally.true[label] for label in taxonomy.label_ids)
        counts = (tally.rows, *labels, *(tally.splits[split] for split in SPLITS), length)
        lines.append((name, *map(str, counts)))
    return Table(
        f"Rows by {facet}: how many are true, where they are, mean characters",
        columns,
        tuple(lines),
    )


def _reason_table(stats: Stats, taxonomy: Taxonomy) -> Table:
    tallies = {"spans": stats.total, **stats.facets["source"], **stats.facets["split"]}
    lines = [(reason, *(str(tally.reasons[reason]) for tally in tallies.values())) for reason in taxonomy.reason_ids]
    lines.append(("all", *(str(tally.spans) for tally in tallies.values())))
    return Table("Spans by reason", ("reason", *tallies), tuple(lines))


def _rank(item: tuple[str, Tally]) -> tuple[int, str]:
    """Sources and splits in their own order, everything else by name."""
    own = [*(str(one) for one in Source), *SPLITS]
    return (own.index(item[0]) if item[0] in own else len(own), item[0])
