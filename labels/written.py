"""Rows as annotators write them (evidence as substrings) turned into rows as xuncha stores them (offsets)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.groups import pair_stem
from xuncha.labels.io import read_lines, read_rows, write_rows
from xuncha.labels.record import check_reason, source_of
from xuncha.labels.rows import Row, Span
from xuncha.labels.strict import Fields, fields, items, kind, load_json, optional_text, text
from xuncha.labels.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Repeated:
    """Evidence that stands `times` times in its row's text; the occurrence at `start` was taken."""

    row_id: str
    text: str
    times: int
    start: int


@dataclass(frozen=True, slots=True)
class Converted:
    """Every row of a source, in order, and the evidence whose place had to be chosen."""

    rows: tuple[Row, ...]
    repeated: tuple[Repeated, ...]

    @property
    def spans(self) -> int:
        """Number of spans in all rows."""
        return sum(len(row.spans) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a written row does not say itself and all rows of one source share."""

    origin: str
    annotator: str | None = None
    split: str | None = None


def convert_written(source: Path, taxonomy: Taxonomy, provenance: Provenance) -> Converted:
    """Read a JSONL file of written rows: `id`, `text`, `source`, one 0/1/null per label, `spans`, `kind`.

    A span's `text` must stand in the row's text; where it stands more than once the first occurrence is taken
    (the next one for the same span again) and reported. Rows `…1a` and `…1b` get a common `group`.
    Raises `XunchaError` that names file, line, field and fix.
    """
    rows: list[Row] = []
    repeated: list[Repeated] = []
    seen: dict[str, str] = {}
    for number, line in read_lines(source):
        where = f"{source}:{number}"
        if isinstance(line, XunchaError):
            raise line
        row = _row(where, load_json(where, line), taxonomy, provenance, repeated)
        if row.id in seen:
            raise XunchaError(f"{where}: id {quote(row.id)} stood before, at {seen[row.id]}. Rename one.")
        seen[row.id] = where
        rows.append(row)
    return Converted(tuple(_with_groups(rows)), tuple(repeated))


def convert_file(source: Path, output: Path, taxonomy: Taxonomy, provenance: Provenance) -> Converted:
    """`convert_written` into a file of labelled rows; rows that it already holds keep their split."""
    converted = convert_written(source, taxonomy, provenance)
    older = read_rows(output, taxonomy) if output.is_file() else ()
    rows = keep_splits(converted.rows, older)
    write_rows(output, rows)
    return replace(converted, rows=tuple(rows))


def keep_splits(rows: Iterable[Row], older: Iterable[Row]) -> list[Row]:
    """`rows`, each without a split taking the one that the row of the same id had in `older`."""
    known = {row.id: row.split for row in older}
    return [row if row.split else replace(row, split=known.get(row.id)) for row in rows]


def _row(where: str, value: object, taxonomy: Taxonomy, provenance: Provenance, repeated: list[Repeated]) -> Row:
    given = fields(where, value, ("id", "text", "source", *taxonomy.label_ids, "spans"), ("kind",))
    row_id, words = text(where, given, "id"), text(where, given, "text")
    labels = {label_id: _judgement(where, given, label_id) for label_id in taxonomy.label_ids}
    spans: list[Span] = []
    for number, one in enumerate(items(where, given, "spans")):
        span = _span(f"{where}: spans[{number}]", one, words, spans, taxonomy)
        if labels[span.label] is not True:
            raise XunchaError(f'{where}: label "{span.label}" has a span but is not 1. Set it to 1 or drop the span.')
        piece = words[span.start : span.end]
        if words.count(piece) > 1:
            repeated.append(Repeated(row_id, piece, words.count(piece), span.start))
        spans.append(span)
    return Row(
        id=row_id,
        text=words,
        source=source_of(where, given),
        labels=labels,
        spans=tuple(spans),
        origin=provenance.origin,
        kind=optional_text(where, given, "kind"),
        annotator=provenance.annotator,
        split=provenance.split,
    )


def _judgement(where: str, given: Fields, label_id: str) -> bool | None:
    value = given[label_id]
    if value is None or (isinstance(value, int) and value in (0, 1)):
        return None if value is None else bool(value)
    raise XunchaError(f'{where}: field "{label_id}" is {kind(value)}. Write 0, 1, or null for not judged.')


def _span(where: str, value: object, words: str, before: Sequence[Span], taxonomy: Taxonomy) -> Span:
    given = fields(where, value, ("label", "reason", "text"))
    label, reason, piece = (text(where, given, key) for key in ("label", "reason", "text"))
    check_reason(where, label, reason, taxonomy)
    same = [one.end for one in before if one.label == label and words[one.start : one.end] == piece]
    start = words.find(piece, max(same, default=0))
    if start < 0:
        raise XunchaError(f"{where}: {quote(piece)} does not stand in the text. Copy it exactly.")
    return Span(start, start + len(piece), label, reason)


def _with_groups(rows: Sequence[Row]) -> list[Row]:
    stems = Counter(pair_stem(row.id) for row in rows)
    return [replace(row, group=stem) if (stem := pair_stem(row.id)) and stems[stem] > 1 else row for row in rows]
