"""The cells of a sheet in constant memory, from XML that may be hostile; openpyxl says what they mean."""

from __future__ import annotations

import errno
import re
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZipFile

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import DATA_TAG, FORMULA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.packing import refuse_bomb
from xuncha.serve.tables.rows import CELL_LIMIT

_STRING_TAG = f"{{{SHEET_MAIN_NS}}}si"
_IN_MEMORY = 1 << 25
_OUTSIDE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.ENOENT, errno.EMFILE)
"""Errors that do not come from what is in the file."""

_HEAD = 1 << 16
_PART_LIMIT = 1 << 26
"""Bytes of a part that is read as a whole: the workbook's list of sheets, its styles."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: its name, whether it is shown, and where it is in the archive."""

    name: str
    visible: bool
    target: str


@contextmanager
def whole(name: str) -> Iterator[None]:
    """Turn what a broken workbook leads to into one sentence."""
    try:
        yield
    except (XunchaError, MemoryError):
        raise
    except OSError as error:
        if error.errno in _OUTSIDE:
            raise
        raise _broken(name, error) from None
    except Exception as error:  # a broken part shows itself anywhere in openpyxl
        raise _broken(name, error) from None


def _broken(name: str, error: Exception) -> XunchaError:
    reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
    return XunchaError(f"{name}: not a whole XLSX file ({reason}). Fetch it again, or save it anew.")


class Book:
    """An open workbook."""

    def __init__(self, name: str, path: Path, trusted: bool) -> None:
        """Raises `XunchaError` for a zip bomb; what openpyxl raises for a broken file."""
        self.name = name
        self._stream = path.open("rb")
        with ZipFile(self._stream) as archive:
            _refuse(name, archive, path.stat().st_size, trusted)
        reader = ExcelReader(self._stream, read_only=True, data_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        self._reader, self._trusted = reader, trusted
        self.sheets = tuple(
            Sheet(sheet.name, sheet.state == "visible", relation.target)
            for sheet, relation in reader.parser.find_sheets()
            if "worksheet" in relation.Type and relation.target in reader.valid_files
        )

    def close(self) -> None:
        """Close the file."""
        with suppress(Exception):
            self._reader.archive.close()
        self._stream.close()

    def has_rows(self, sheet: Sheet) -> bool:
        """Whether its XML names a row early on; nothing is parsed."""
        with self._reader.archive.open(sheet.target) as part:
            return re.search(rb"<(\w+:)?row[ >]", part.read(_HEAD)) is not None

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, list[Any] | None]]:
        """Each row that is in the file: its number and its cells from column A on; None if one cannot be read."""
        book = self._reader.wb
        with _Strings(self._guarded(self._strings_part())) as strings, self._guarded(sheet.target) as source:
            cells = _Cells(
                source, strings, data_only=True, epoch=book.epoch, date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )  # fmt: skip
            yield from cells.rows()

    def _strings_part(self) -> str | None:
        part = self._reader.package.find(SHARED_STRINGS)
        return None if part is None else str(part.PartName[1:])

    def _guarded(self, part: str | None) -> _Guarded:
        stream = None if part is None else self._reader.archive.open(part)
        return _Guarded(self.name, stream, self._trusted)


def _refuse(name: str, archive: ZipFile, size: int, trusted: bool) -> None:
    parts = archive.infolist()
    if trusted:
        return
    refuse_bomb(name, sum(part.file_size for part in parts), size)
    for part in parts:
        streamed = "worksheets/" in part.filename or part.filename.endswith("sharedStrings.xml")
        if not streamed and part.filename.endswith((".xml", ".rels")) and part.file_size > _PART_LIMIT:
            raise XunchaError(
                f"{name}: its part {part.filename[:60]} unpacks to {part.file_size >> 20:,} MiB. Save it anew, or add "
                "--trust-input."
            )


class _Guarded:
    """A part's bytes; refuses a cell that would fill the memory, and entity definitions, which no workbook has."""

    def __init__(self, name: str, stream: IO[bytes] | None, trusted: bool) -> None:
        self._name, self._stream, self._trusted = name, stream, trusted
        self._run = 0
        self._tail = b""

    def __enter__(self) -> _Guarded:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    @property
    def is_there(self) -> bool:
        return self._stream is not None

    def read(self, size: int = 1 << 16) -> bytes:
        block = b"" if self._stream is None else self._stream.read(size)
        if b"<!" in self._tail + block and b"<!DOCTYPE" in self._tail + block:
            raise XunchaError(f"{self._name}: its XML defines a document type, as no workbook does. Save it anew.")
        self._tail = block[-16:]
        last = block.rfind(b"<")
        self._run = self._run + len(block) if last < 0 else len(block) - last
        if self._run > CELL_LIMIT * 4 and not self._trusted:
            raise XunchaError(
                f"{self._name}: a cell of more than {CELL_LIMIT:,} characters, and a sheet holds 32,767. Save it anew."
            )
        return block


class _Strings:
    """The shared strings by number, on disk once they are many."""

    def __init__(self, source: _Guarded) -> None:
        self._source = source
        self._ends = array("Q", [0])
        self._data = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed by __exit__)

    def __enter__(self) -> _Strings:
        with self._source:
            if self._source.is_there:
                self._fill()
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def _fill(self) -> None:
        top: Element | None = None
        for event, node in iterparse(self._source, ("start", "end")):
            if top is None:
                top = node
            if event == "end" and node.tag == _STRING_TAG:
                text = unescape(Text.from_tree(node).content or "").encode("utf-8", "surrogatepass")
                self._data.write(text)
                self._ends.append(self._ends[-1] + len(text))
                top.clear()

    def __getitem__(self, place: int) -> str:
        if place < 0:
            raise IndexError(place)
        start, end = self._ends[place], self._ends[place + 1]
        self._data.seek(start)
        return self._data.read(end - start).decode("utf-8", "surrogatepass")


class _Cells(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's reading of cells, without what it keeps of each row."""

    def rows(self) -> Iterator[tuple[int, list[Any] | None]]:
        data: Element | None = None
        number = 0
        for event, element in iterparse(self.source, ("start", "end")):
            if event == "start":
                data = element if element.tag == DATA_TAG else data
            elif element.tag == ROW_TAG and data is not None:
                number = _number(element.get("r"), number + 1)
                self.row_counter, self.col_counter = number, 0
                yield number, self._row(element)
                data.clear()

    def _row(self, element: Element) -> list[Any] | None:
        row: list[Any] = []
        try:
            for cell in element:
                found = self.parse_cell(cell)
                value, place = found["value"], found["column"]
                if place > 16_384:
                    return None
                if value is None and (formula := cell.findtext(FORMULA_TAG)):
                    value = f"={formula}"  # never computed by a spreadsheet program
                row += [None] * (place - len(row))
                inline = cell.get("t") in ("inlineStr", "str")
                row[place - 1] = unescape(value) if inline and isinstance(value, str) else value
        except (ValueError, IndexError, OverflowError, TypeError, KeyError):
            return None
        return row


def _number(given: str | None, expected: int) -> int:
    try:
        return expected if given is None else int(given)
    except ValueError:
        return expected
