"""Labelled rows from and to doccano's JSONL: `cats` for labels, `entities` for spans, the rest under `xuncha`.

Projects of the kind "intent detection and slot filling" take both. Exports of sequence labelling (`label` a list of
`[start, end, mark]`, or `entities` as objects) and of text classification (`label` a list of categories) are read too.
Offsets are code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.files import write_lines
from xuncha.labels.interchange.carried import (
    BETWEEN,
    carried,
    choices,
    chosen,
    find_mark,
    uncarried,
    with_null,
    with_unchosen,
)
from xuncha.labels.interchange.jsonl import read_objects
from xuncha.labels.interchange.options import Reading
from xuncha.labels.record import row_from_json
from xuncha.labels.rows import Row
from xuncha.labels.strict import kind
from xuncha.labels.taxonomy import Taxonomy

KEYS = ("cats", "entities", "label", "Comments", "relations")


def read_doccano(path: Path, taxonomy: Taxonomy, reading: Reading) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file:line`) and row of every line, or the error that says why it is none."""
    return read_objects(path, lambda where, given, name: _row(where, given, taxonomy, reading, name))


def write_doccano(path: Path, rows: Iterable[Row]) -> int:
    """Write rows, whole or not at all, and return how many."""
    return write_lines(path, (_line(row) for row in rows))


def _line(row: Row) -> bytes:
    entities = [[span.start, span.end, f"{span.label}{BETWEEN}{span.reason}"] for span in row.spans]
    given = {"id": row.id, "text": row.text, "cats": choices(row.labels), "entities": entities, "xuncha": carried(row)}
    return (json.dumps(given, ensure_ascii=False) + "\n").encode("utf-8")


def _row(where: str, given: Mapping[str, Any], taxonomy: Taxonomy, reading: Reading, fallback_id: str) -> Row:
    own = given.get("xuncha")
    rest = {name: value for name, value in given.items() if name not in (*KEYS, "xuncha")}
    comments = {"comments": given["Comments"]} if given.get("Comments") else {}
    fields = {**rest, **comments, **(own if isinstance(own, dict) else {})}
    cats, marks = _cats_and_marks(where, given)
    spans = [_span(f"{where}: entities[{number}]", mark, taxonomy) for number, mark in enumerate(marks)]
    labels = chosen(where, cats, taxonomy)
    for span in spans:
        labels.setdefault(span["label"], True)
    judged = with_null(with_unchosen(labels, taxonomy, reading), fields, taxonomy)
    row = uncarried(fields, reading, fallback_id)
    if given.get(reading.text_column) is not None:
        row["text"] = given[reading.text_column]
    return row_from_json(where, {**row, "labels": judged, "spans": spans}, taxonomy)


def _cats_and_marks(where: str, given: Mapping[str, Any]) -> tuple[list[object], list[object]]:
    cats, marks = _list(where, given, "cats"), _list(where, given, "entities")
    for one in _list(where, given, "label"):
        (marks if isinstance(one, list | dict) else cats).append(one)
    return cats, marks


def _list(where: str, given: Mapping[str, Any], key: str) -> list[object]:
    value = given.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise XunchaError(f'{where}: field "{key}" must be a list; got {kind(value)}.')
    return list(value)


def _span(where: str, value: object, taxonomy: Taxonomy) -> dict[str, Any]:
    place: Sequence[object] = ()
    if isinstance(value, list) and len(value) == 3:
        place = value
    elif isinstance(value, dict):
        place = [value.get("start_offset"), value.get("end_offset"), value.get("label")]
    if len(place) != 3 or not isinstance(place[2], str):
        raise XunchaError(f"{where}: must be [start, end, mark], as doccano writes it; got {kind(value)}.")
    label, reason = find_mark(where, place[2], taxonomy)
    return {"start": place[0], "end": place[1], "label": label, "reason": reason}
