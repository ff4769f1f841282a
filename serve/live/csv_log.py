"""A log as a table with a header: CSV, TSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.spreadsheet import is_scored, plain
from xuncha.serve.live.comment_log import FIELD_OF, Place, delimiter_of, fields, turn_of
from xuncha.serve.live.intake import Intake
from xuncha.serve.live.turns import Turn

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def read_csv(name: str, text: str, intake: Intake) -> list[Turn]:
    """The turns of a CSV or TSV log with a header. Raises `XunchaError` that names the columns."""
    delimiter = delimiter_of(text.split("\n", 1)[0])
    header: list[str] | None = None
    found = []
    for number, cells in _rows(name, text, delimiter, intake):
        if header is None:
            header = _header(name, cells)
        elif any(cell.strip() for cell in cells):
            place = Place(name, number, "", intake.zone)
            found.append(intake.taken(partial(row_turn, header, cells, delimiter, place)))
    if header is None:
        _header(name, [])
    return [turn for turn in found if turn]


def _rows(name: str, text: str, delimiter: str, intake: Intake) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of their first line.

    A line with a stray quote is read by itself, so that it does not swallow those after it.
    """
    lines = _LINES.findall(text)
    at = 0
    while at < len(lines):
        rows = csv.reader(lines[at:], delimiter=delimiter, strict=True)
        taken = 0
        try:
            for cells in rows:
                yield at + taken + 1, cells
                taken = rows.line_num
            return
        except csv.Error:
            at += taken
        try:
            yield at + 1, next(csv.reader([lines[at]], delimiter=delimiter), [])
        except csv.Error as error:
            intake.left_out(XunchaError(f"{name}:{at + 1}: the line cannot be read as CSV: {error}. Mend it."))
        at += 1


def _header(name: str, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    missing = [field for field in ("time", "text") if field not in fields(dict.fromkeys(header))]
    if missing:
        raise XunchaError(
            f"{name}:1: there is no column for {' and '.join(missing)} among {quote(', '.join(header), 80)}. "
            "Give the columns the names time, user, role, text."
        )
    return header


def row_turn(header: list[str], cells: list[str], delimiter: str, place: Place) -> Turn | None:
    """The turn of a row. A text in the last column may hold the delimiter without quotes."""
    if is_scored(header):
        cells = list(map(plain, cells))
    if len(cells) > len(header):
        last = header[-1].lower()
        if any(cell.strip() for cell in cells[len(header) :]) and FIELD_OF.get(last) != "text":
            raise XunchaError(
                f"{place.where}: {len(cells)} cells under {len(header)} columns. Put a text that holds "
                f"{quote(delimiter)} in double quotes."
            )
        if FIELD_OF.get(last) == "text":
            cells = [*cells[: len(header) - 1], delimiter.join(cells[len(header) - 1 :])]
    return turn_of(_in_seconds(dict(zip(header, cells, strict=False))), place)


def _in_seconds(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of Whisper's TSV (and whisper.cpp's CSV), which have whole milliseconds in `start`, `end` and `text`."""
    if [*values] != ["start", "end", "text"] or not (values["start"].isdecimal() and values["end"].isdecimal()):
        return values
    return {**values, "start": int(values["start"]) / 1000, "end": int(values["end"]) / 1000}
