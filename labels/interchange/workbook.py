"""Labelled rows from and to XLSX workbooks: the first sheet, typed cells, no formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.files import replacing
from xuncha.labels.interchange.columns import LABEL, columns
from xuncha.labels.interchange.exact import shown_workbook
from xuncha.labels.interchange.header import check_header, take_header
from xuncha.labels.interchange.options import Reading
from xuncha.labels.interchange.records import row_of
from xuncha.labels.interchange.sheets import cells_of, exact_record
from xuncha.labels.rows import Row
from xuncha.labels.spreadsheet import is_scored, plain
from xuncha.labels.taxonomy import Taxonomy

CELL_LIMIT = 32_767
"""UTF-16 units that one cell can hold."""
ROW_LIMIT = 1_048_576
SIZE_LIMIT = 2 << 30
"""Bytes that the parts of a workbook may unpack to."""

_WIDTHS = {"text": 60, "spans": 40, "id": 14}


def read_workbook(path: Path, taxonomy: Taxonomy, reading: Reading) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file:row`) and row of every row of the first sheet, or the error that says why it is none.

    Raises `XunchaError` for a file that is no workbook, or whose columns cannot be made out.
    """
    records = _records(path)
    line, header = take_header(path, records, reading)
    names = [_name(path, line, place, cell.value) for place, cell in enumerate(header or ())]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise XunchaError(f"{path}: the first sheet is empty. Its first row must name the columns.")
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise XunchaError(f"{path}:{line}: the column {quote(twice)} stands twice. Rename one.")
    own = is_scored(names)
    if own:
        names = list(map(plain, names))
    below = ((number, [str(cell.value or "").strip() for cell in cells]) for number, cells in records)
    check_header(f"{path}:{line}", names, below, taxonomy, reading)
    for number, cells in records:
        if all(cell.value is None for cell in cells):
            continue
        where = f"{path}:{number}"
        try:
            values = {name: _value(where, cell) for name, cell in zip(names, cells, strict=False)}
            if own:
                values = {name: plain(one) if isinstance(one, str) else one for name, one in values.items()}
            record = exact_record(where, values, shown_workbook)
            yield where, row_of(where, record, taxonomy, reading, f"{path.stem}-{number - 1}")
        except XunchaError as error:
            yield where, error


def write_workbook(path: Path, rows: Iterable[Row], label_ids: Sequence[str]) -> int:
    """Write rows, whole or not at all, and return how many.

    Raises `XunchaError` where a workbook cannot hold a row; nothing is written then.
    """
    import xlsxwriter

    names = columns(label_ids)
    packed = BytesIO()
    book = xlsxwriter.Workbook(packed, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("rows")
    sheet.write_row(0, 0, names, book.add_format({"bold": True}))
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(names):
        sheet.set_column(place, place, _WIDTHS.get(name, 12))
    number = 0
    for number, row in enumerate(rows, start=1):
        if number >= ROW_LIMIT:
            raise XunchaError(f"{path}: a sheet holds {ROW_LIMIT:,} rows, and there are more. Write Parquet or CSV.")
        cells = cells_of(row, label_ids, shown_workbook)
        for place, name in enumerate(names):
            _write(path, sheet, (number, place), row.id, name, cells[name])
    book.close()
    with replacing(path) as stream:
        stream.write(packed.getvalue())
    return number


def _write(path: Path, sheet: Any, at: tuple[int, int], row_id: str, name: str, cell: str) -> None:
    units = len(cell.encode("utf-16-le")) // 2
    if units > CELL_LIMIT:
        raise XunchaError(
            f"{path}: row {quote(row_id)}: {name} is {units:,} characters, and a cell holds {CELL_LIMIT:,}. Write "
            "Parquet, CSV or JSONL instead."
        )
    if name.startswith(LABEL) and cell:
        sheet.write_boolean(*at, cell == "true")
    elif cell:
        sheet.write_string(*at, cell)


def _records(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > SIZE_LIMIT:
            raise XunchaError(f"{path}: unpacks to {size >> 20:,} MiB, too much for a workbook. Write it as Parquet.")
        book = load_workbook(path, read_only=True, data_only=False)
        yield from enumerate(book.worksheets[0].iter_rows(), start=1)
        book.close()
    except (BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, SyntaxError) as error:
        raise XunchaError(f"{path}: not a whole XLSX workbook: {error}. Save it as .xlsx again.") from None


def _name(path: Path, line: int, place: int, value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise XunchaError(f"{path}:{line}: column {place + 1} is named {value!r}. Write a name.")
    return (value or "").strip()


def _value(where: str, cell: Any) -> object:
    """A cell's value. Raises `XunchaError` for a formula, a broken cell, and a date that Excel made of text."""
    kind, value = getattr(cell, "data_type", "n"), cell.value
    if kind == "f":
        raise XunchaError(f"{where}: cell {cell.coordinate} holds a formula. Paste it as a value, formatted as text.")
    if kind == "e":
        raise XunchaError(f"{where}: cell {cell.coordinate} is {value}, an error of the spreadsheet. Mend it.")
    if isinstance(value, datetime | date | time):
        raise XunchaError(f"{where}: cell {cell.coordinate} is a date. Format the column as text and write it again.")
    return value
