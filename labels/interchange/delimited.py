"""Labelled rows from and to CSV and TSV: one column a field, JSON where a field is no single value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.files import LINE_LIMIT, OtherEncoding, decoded_lines, write_lines
from xuncha.labels.interchange.columns import columns, conversion
from xuncha.labels.interchange.exact import shown_delimited
from xuncha.labels.interchange.header import check_header, take_header
from xuncha.labels.interchange.options import Reading
from xuncha.labels.interchange.records import row_of
from xuncha.labels.interchange.sheets import cells_of, exact_record
from xuncha.labels.rows import Row
from xuncha.labels.spreadsheet import is_scored, plain
from xuncha.labels.taxonomy import Taxonomy

_BOM = b"\xef\xbb\xbf"


def read_delimited(
    path: Path, taxonomy: Taxonomy, reading: Reading, separator: str = ","
) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file:line`) and row of every record, or the error that says why it is none.

    Raises `XunchaError` for a file whose columns or quotes cannot be made out.
    """
    _check_encoding(path, reading.encoding)
    records = _records(path, reading, separator)
    place, header = take_header(path, records, reading)
    names = _names(path, place, header or [])
    own = is_scored(names)
    if own:
        names = list(map(plain, names))
    below = ((line, [cell.strip() for cell in cells]) for line, cells in records)
    check_header(f"{path}:{place}", names, below, taxonomy, reading)
    for number, (line, cells) in enumerate(records, start=1):
        where = f"{path}:{line}"
        try:
            if len(cells) != len(names):
                raise XunchaError(
                    f"{where}: holds {len(cells)} cells, but the first line names {len(names)} columns. Mend its "
                    "quotes or separators."
                )
            values = map(plain, cells) if own else cells
            record = exact_record(where, dict(zip(names, values, strict=True)), shown_delimited)
            yield where, row_of(where, record, taxonomy, reading, f"{path.name.split('.')[0]}-{number}")
        except XunchaError as error:
            yield where, error


def write_delimited(path: Path, rows: Iterable[Row], label_ids: Sequence[str], separator: str = ",") -> int:
    """Write rows, whole or not at all, and return how many. UTF-8 with the mark that spreadsheets look for.

    Cells are harmless in a spreadsheet (see `exact`).
    """
    names = columns(label_ids)

    def lines() -> Iterator[bytes]:
        yield _BOM + _line(names, separator)
        for row in rows:
            cells = cells_of(row, label_ids, shown_delimited)
            yield _line([cells[name] for name in names], separator)

    return write_lines(path, lines()) - 1


def _line(cells: Iterable[str], separator: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode("utf-8")


def _records(path: Path, reading: Reading, separator: str) -> Iterator[tuple[int, list[str]]]:
    """First line and cells of every record that is not blank."""
    if len(separator) != 1:
        raise XunchaError(f"{path}: the separator {quote(separator)} is not one character.")
    csv.field_size_limit(LINE_LIMIT)
    reader = csv.reader(_text(path, reading), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = "a quote is not closed" if "unexpected end" in str(error) else str(error).split(" - ")[0]
            raise XunchaError(f"{path}:{line}: not valid CSV: {said}. Mend the quotes of this record.") from None
        if cells:
            yield line, cells


def _check_encoding(path: Path, encoding: str | None) -> None:
    """Refuse an encoding that Python does not know, or in which lines cannot be told apart by the byte 10."""
    if encoding is None:
        return
    try:
        fine = "\n".encode(encoding) == b"\n"
    except LookupError:
        fine = False
    if not fine:
        raise XunchaError(f"{path}: {quote(encoding)} is no encoding of a CSV file here. Give utf-8, gb18030 or big5.")


def _text(path: Path, reading: Reading) -> Iterator[str]:
    for number, line in decoded_lines(path, reading.encoding):
        if isinstance(line, OtherEncoding) and reading.encoding is None:
            raise XunchaError(f"{line}{_other_encoding(path, reading)}")
        if isinstance(line, XunchaError):
            raise line
        if "\0" in line:
            raise XunchaError(f"{path}:{number}: holds a NUL byte, so it is no plain text. Save it as CSV in UTF-8.")
        yield line


def _other_encoding(path: Path, reading: Reading) -> str:
    if reading.convert_first:
        return f" Or turn it into rows: {conversion(path, encoding='big5')}."
    return " Or name its encoding, for example --encoding big5."


def _names(path: Path, place: int, header: Sequence[str]) -> list[str]:
    names = [name.strip() for name in header]
    if not any(names):
        raise XunchaError(f"{path}: the file is empty. The first line must name the columns.")
    for number, name in enumerate(names):
        if name in names[:number]:
            raise XunchaError(f"{path}:{place}: the column {quote(name)} stands twice. Rename one.")
    return names
