"""Rows from JSONL records with a table's columns: texts alone, or what `xuncha score` writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xuncha.labels.errors import XunchaError
from xuncha.labels.files import read_lines
from xuncha.labels.interchange.options import Reading
from xuncha.labels.interchange.records import row_of
from xuncha.labels.rows import Row
from xuncha.labels.strict import kind, load_json
from xuncha.labels.taxonomy import Taxonomy


def read_records(path: Path, taxonomy: Taxonomy, reading: Reading) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file:line`) and row of every line, or the error that says why it is none."""
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        try:
            if isinstance(line, XunchaError):
                raise line
            given = load_json(where, line)
            if not isinstance(given, dict):
                raise XunchaError(f"{where}: must be an object; got {kind(given)}.")
            yield where, row_of(where, given, taxonomy, reading, f"{path.name.split('.')[0]}-{number}")
        except XunchaError as error:
            yield where, error
