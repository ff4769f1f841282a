"""A scored table read back, row by row: scores, flags, evidence in its place, and who is behind the row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from xuncha.labels.column_names import guessed
from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.labels.rows import Source
from xuncha.labels.spreadsheet import plain
from xuncha.serve.columns import added_names
from xuncha.serve.report.roles import Roles
from xuncha.serve.report.values import day_of, flag_of, pieces_of, place_of, score_of, text_of
from xuncha.serve.tables import Rows, Table
from xuncha.serve.tables.added import FIELDS
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.reading import listed, require_column

CHUNK = 4096
_SCORE, _FLAG = "score_", "flag_"
_NEEDED = ("evidence", "status")
_EVENT = {"room", "label", "peak", "repeats"}  # columns of events that xuncha live writes
_PROBED = 500  # rows with evidence looked at to find out which column it is about
_SOURCES = {
    "listing": Source.LISTING, "商品": Source.LISTING, "speech": Source.SPEECH, "口播": Source.SPEECH,
    "直播": Source.SPEECH, "comment": Source.COMMENT, "评论": Source.COMMENT, "弹幕": Source.COMMENT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """Evidence in one field of a row. `placed`: the field's text really reads `text` from `start` to `end`."""

    label: str
    reason: str
    start: int
    end: int
    text: str
    rule: str
    field: str
    placed: bool


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """One row of a scored table. `number` counts data rows from 1; `texts` and `evidence` are of flagged rows only.

    `scores` and `flags` lack the labels whose cells are empty (the row was not scored; `status` says why).
    """

    number: int
    id: str
    status: str
    scores: Mapping[str, float]
    flags: frozenset[str]
    evidence: tuple[Piece, ...]
    texts: Mapping[str, str]
    title: str
    merchant: str
    merchant_name: str
    category: str
    day: str
    source: Source

    @property
    def scored(self) -> bool:
        """Whether the model was asked."""
        return bool(self.scores)


@dataclass(frozen=True, slots=True)
class ScoredTable:
    """A scored table and how it is read: its labels, the columns of its texts, the parts its columns play."""

    table: Table
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    roles: Roles
    source: Source = Source.LISTING
    all_texts: bool = False

    @property
    def name(self) -> str:
        """What messages call the table."""
        return self.table.name

    def rows(self, *, flagged: bool = False) -> Iterator[ScoredRow]:
        """Every row, or every flagged one, in order.

        Raises `XunchaError` naming row and column for a cell that scoring never writes.
        """
        number = 0
        for chunk in self.table.chunks(CHUNK):
            names = {*_columns(self.labels), *self.texts, *self.roles.columns}
            columns = {name: chunk.values(name) for name in names}
            flags = [columns[f"{_FLAG}{label}"] for label in self.labels]
            for at in range(len(chunk)):
                number += 1
                if not flagged or any(flag_of(self.name, column[at]) for column in flags):
                    yield self.row(number, {name: values[at] for name, values in columns.items()})

    def row(self, number: int, cells: Mapping[str, object]) -> ScoredRow:
        """Row `number` with these cells. Raises `XunchaError` for a cell that scoring never writes."""
        where = f"{self.name}: row {number}"
        flags = frozenset(
            label for label in self.labels if flag_of(f"{where}, {_FLAG}{label}", cells[f"{_FLAG}{label}"])
        )
        scores = {
            label: score
            for label in self.labels
            if (score := score_of(f"{where}, {_SCORE}{label}", cells[f"{_SCORE}{label}"])) is not None
        }
        for label in flags.difference(scores):
            raise XunchaError(f"{where}: {_FLAG}{label} is true but {_SCORE}{label} is empty. Score the table again.")
        texts: dict[str, str] = {}
        evidence: tuple[Piece, ...] = ()
        if flags or self.all_texts:
            texts = {name: text for name in self.texts if (text := text_of(cells[name]))}
            found = pieces_of(f"{where}, evidence", cells["evidence"]) if flags else ()
            evidence = tuple(_piece(f"{where}, evidence", one, texts, self.texts) for one in found)
        return ScoredRow(
            number=number, status=text_of(cells["status"]) or "?", scores=scores, flags=flags, evidence=evidence,
            texts=texts, **self._parts(number, cells),  # type: ignore[arg-type]
        )  # fmt: skip

    def _parts(self, number: int, cells: Mapping[str, object]) -> dict[str, object]:
        roles = self.roles
        said = {
            role: text_of(cells[name]).strip() if name else ""
            for role, name in (
                ("id", roles.id), ("merchant", roles.merchant), ("merchant_name", roles.merchant_name),
                ("category", roles.category), ("title", roles.title),
            )
        }  # fmt: skip
        source = _SOURCES.get(text_of(cells[roles.source]).strip().lower(), self.source) if roles.source else None
        return {
            **said,
            "id": said["id"] or f"row-{number}",
            "merchant": said["merchant"] or said["merchant_name"],
            "day": day_of(cells[roles.day]) if roles.day else "",
            "source": source or self.source,
        }


def scored_labels(table: Table) -> tuple[str, ...]:
    """The labels that the table was scored for, in order. Raises `XunchaError` if it is no scored table."""
    labels = tuple(
        name.removeprefix(_SCORE)
        for name in table.columns
        if name.startswith(_SCORE) and f"{_FLAG}{name.removeprefix(_SCORE)}" in table.columns
    )
    missing = [name for name in _NEEDED if name not in table.columns]
    if labels and not missing:
        return labels
    if _EVENT.issubset(table.columns):
        raise XunchaError(
            f"{table.name}: these are events of xuncha live, violations only; a report needs everything "
            "that was said. Score the turns as a table with columns for text, merchant and day (xuncha score turns.csv "
            "-o scored.csv), then run xuncha report scored.csv -o DIR --source speech."
        )
    lacks = missing[0] if labels else "score_<label> with flag_<label>"
    hint = did_you_mean(missing[0], table.columns) if labels else ""
    raise XunchaError(
        f"{table.name}: this is no scored table: it lacks the column {lacks}.{hint} Write one with "
        f"xuncha score INPUT -o OUTPUT. It has: {listed(table.columns)}."
    )


def find_texts(table: Table, labels: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The columns that the evidence is about: those given, those it names, or the one whose text it stands in.

    Raises `XunchaError` for a given column that is missing, or if no column can be told.
    """
    if given:
        return tuple(dict.fromkeys(require_column(table, name, "--text-column") for name in given))
    added = (*_columns(labels), *added_names(labels), FIELDS)
    others = tuple(dict.fromkeys(name for name in table.columns if name not in added))
    by_name = guessed(others)
    fields, fitting = set[str](), set(others)
    for pieces, cells in islice(_with_evidence(table, others), _PROBED):
        fields |= {str(one["field"]) for one in pieces if one.get("field")}
        fitting = {name for name in fitting if fields or all(_reads(text_of(cells[name]), one) for one in pieces)}
    if fields:
        return tuple(name for name in others if name in fields or name in by_name)
    best = next((name for name in by_name if name in fitting), None)
    chosen = best or next((name for name in others if name in fitting), None)
    found = by_name if len(fitting) == len(others) and by_name else (chosen,) if chosen else by_name[:1]
    if not found:
        raise XunchaError(
            f"{table.name}: no column holds the texts that the evidence is about. Name it with --text-column; it has: "
            f"{listed(others)}."
        )
    return found


def _with_evidence(
    table: Table, names: Sequence[str]
) -> Iterator[tuple[Sequence[Mapping[str, object]], dict[str, object]]]:
    number = 0
    for chunk in table.chunks(CHUNK):
        columns: dict[str, list[object]] = {}
        for at, value in enumerate(chunk.values("evidence")):
            number += 1
            pieces = pieces_of(f"{table.name}: row {number}, evidence", value)
            if pieces:
                columns = columns or _values(chunk, names)
                yield pieces, {name: values[at] for name, values in columns.items()}


def _values(chunk: Rows, names: Sequence[str]) -> dict[str, list[object]]:
    return {name: chunk.values(name) for name in names}


def _columns(labels: Sequence[str]) -> tuple[str, ...]:
    return (*(f"{kind}{label}" for label in labels for kind in (_SCORE, _FLAG)), "evidence", "status")


def _reads(text: str, piece: Mapping[str, object]) -> bool:
    start, end = place_of("evidence", piece.get("start")), place_of("evidence", piece.get("end"))
    return _read(text, start, end) == text_of(piece.get("text"))


def _read(text: str, start: int, end: int) -> str:
    """What stands there, in a text that may have kept the apostrophe of a CSV file on its way to another format."""
    return mended(plain(text)[start:end])


def _piece(where: str, found: Mapping[str, object], texts: dict[str, str], fields: Sequence[str]) -> Piece:
    start, end = place_of(where, found.get("start")), place_of(where, found.get("end"))
    words = text_of(found.get("text"))
    field = text_of(found.get("field")) or next(
        (name for name in fields if _read(texts.get(name, ""), start, end) == words), fields[0]
    )
    text = texts.get(field, "")
    if text[start:end] != words and _read(text, start, end) == words:
        texts[field] = text = plain(text)
    placed = 0 <= start < end <= len(text) and text[start:end] == words
    label, reason, rule = (text_of(found.get(key)) for key in ("label", "reason", "rule"))
    return Piece(label, reason, start, end, words, rule, field, placed)
