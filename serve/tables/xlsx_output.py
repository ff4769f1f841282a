"""Write a workbook of one sheet in constant memory: text is text, whatever it begins with; no cell is a formula."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from xuncha.labels.errors import XunchaError
from xuncha.labels.spreadsheet import marked
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.json_values import encode
from xuncha.serve.tables.parquet import cells_of
from xuncha.serve.tables.xlsx_limits import CELL_UNITS, SHEET_COLUMNS, SHEET_ROWS, cut, units

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_EXACT = 1 << 53
_CREATED = datetime(2000, 1, 1)
"""Stands in every workbook, so that the same rows give the same bytes."""

_DATE_FORMATS = {"date": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm:ss"}


def refuse_large(name: str, rows: int, columns: int) -> None:
    """Raise `XunchaError` for more rows or columns than a sheet has."""
    if rows > SHEET_ROWS:
        raise XunchaError(f"{name}: {rows:,} rows, and a sheet holds {SHEET_ROWS:,}. Write Parquet, CSV or JSONL.")
    if columns > SHEET_COLUMNS:
        raise XunchaError(
            f"{name}: {columns:,} columns, and a sheet holds {SHEET_COLUMNS:,}. Write Parquet, CSV or JSONL."
        )


class XlsxSink(AbstractContextManager["XlsxSink"]):
    """The batches as rows of a sheet under a header."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema, scratch: Path | None) -> None:
        """Write to `stream` when the block ends; until then rows wait in `scratch`."""
        import xlsxwriter

        self._folder = tempfile.mkdtemp(prefix="sheet-", dir=scratch)
        options = {
            "constant_memory": True, "tmpdir": self._folder, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False, "use_zip64": True,
        }  # fmt: skip
        self._book = xlsxwriter.Workbook(stream, options)
        self._book.set_properties({"created": _CREATED})
        self._sheet: Worksheet = self._book.add_worksheet("xuncha")
        self._sheet.freeze_panes(1, 0)
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576", "formula_differs": "A1:XFD1048576"})
        self._plain = self._book.add_format()
        dates = {kind: self._book.add_format({"num_format": code}) for kind, code in _DATE_FORMATS.items()}
        self._put: list[Callable[[int, int, Any], None]] = [self._putter(field.type, dates) for field in schema]
        bold = self._book.add_format({"bold": True})
        for column, name in enumerate(schema.names):
            self._text(0, column, name, bold)
        self._row = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows."""
        columns = [_values(column) for column in batch.columns]
        for row in zip(*columns, strict=True):
            self._row += 1
            for place, (put, value) in enumerate(zip(self._put, row, strict=True)):
                if value is not None:
                    put(self._row, place, value)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the workbook together, or leave it if the block raised."""
        try:
            if kind is None:
                self._book.close()
            else:
                self._book.fileclosed = 1
                self._sheet.row_data_fh.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _putter(self, type: pa.DataType, dates: dict[str, Any]) -> Callable[[int, int, Any], None]:
        if pa.types.is_boolean(type):
            return lambda row, column, value: self._sheet.write_boolean(row, column, value)
        if pa.types.is_integer(type) or pa.types.is_floating(type):
            return self._number
        if _is_moment(type):
            look = dates["date" if pa.types.is_date(type) else "time"]
            return lambda row, column, value: self._sheet.write_datetime(row, column, value, look)
        return self._text

    def _number(self, row: int, column: int, value: float) -> None:
        if isinstance(value, int) and abs(value) > _EXACT:
            self._text(row, column, str(value))
        elif value == value and abs(value) != float("inf"):
            self._sheet.write_number(row, column, value)

    def _text(self, row: int, column: int, value: object, look: Any = None) -> None:
        text = _shown(value)
        if text.startswith("<r>") and text.endswith("</r>"):
            # In constant memory XlsxWriter takes such a string for its own markup and would not escape it.
            self._sheet.write_rich_string(row, column, "<", self._plain, text[1:])
        else:
            self._sheet.write_string(row, column, text, look)


def _values(column: pa.Array) -> Sequence[object]:
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return list(column.to_pylist())
    if _is_moment(kind):
        found = column.cast(pa.timestamp("us"), safe=False).to_pylist()
        return [one if one is None or one.year >= 1901 else None for one in found]
    if pa.types.is_list(kind):
        return list(column.to_pylist())
    return [None if shown == "" else shown for shown in cells_of(column)]


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None))


def _shown(value: object) -> str:
    """The text of a cell, no longer than a cell may be; of a list as many whole pieces as fit."""
    if isinstance(value, list):
        while units(text := _json(value)) > CELL_UNITS:
            value = value[: len(value) * 9 // 10]
    else:
        text = marked(mended(str(value)))
    return cut(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")  # XML cannot hold these two


def _json(value: object) -> str:
    try:
        return encode(value)
    except (TypeError, ValueError):
        return str(value)
