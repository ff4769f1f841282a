"""Rows from JSONL records with a table's columns: texts alone, or what `xuncha score` writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.files import read_lines
from xuncha.labels.interchange.options import Reading
from xuncha.labels.interchange.records import row_of
from xuncha.labels.rows import Row
from xuncha.labels.strict import kind, load_json
from xuncha.labels.taxonomy import Taxonomy

MakeRow = Callable[[str, dict[str, Any], str], Row]


def read_records(path: Path, taxonomy: Taxonomy, reading: Reading) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file:line`) and row of every line, or the error that says why it is none."""
    return read_objects(path, lambda where, given, name: row_of(where, given, taxonomy, reading, name))


def read_objects(path: Path, row: MakeRow) -> Iterator[tuple[str, Row | XunchaError]]:
    """The same for objects of any kind: `row` makes one of a place, an object, and a name for rows that have no id."""
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        try:
            if isinstance(line, XunchaError):
                raise line
            given = load_json(where, line)
            if not isinstance(given, dict):
                raise XunchaError(f"{where}: must be an object; got {kind(given)}.")
            yield where, row(where, given, f"{path.name.split('.')[0]}-{number}")
        except XunchaError as error:
            yield where, error
