"""XLSX: the first sheet with something on it, or the one that is named; a cell's text is what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.spreadsheet import is_scored, plain
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.header import HeaderOptions, above, header_row
from xuncha.serve.tables.json_values import encode
from xuncha.serve.tables.reading import CHUNK_CHARS, listed
from xuncha.serve.tables.rows import Rows, free_name, malformed
from xuncha.serve.tables.storage import Source
from xuncha.serve.tables.xlsx_cells import Book, Sheet, whole

if TYPE_CHECKING:
    import pyarrow as pa

_UNREAD = malformed("a cell cannot be read")


@dataclass(frozen=True, slots=True)
class SheetRows:
    """Rows of a sheet; each has one value a column."""

    columns: tuple[str, ...]
    table: list[list[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[str | None] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Characters of the text in the rows."""
        return sum(len(value) for row in self.table for value in row if isinstance(value, str))

    def __len__(self) -> int:
        """How many rows."""
        return len(self.table)

    def values(self, column: str) -> list[object]:
        """What the cells of one column show; None where there is nothing."""
        at = self.columns.index(column)
        return [None if row[at] is None else shown(row[at]) for row in self.table]

    def cells(self, columns: Sequence[str]) -> Iterable[list[str]]:
        """What the cells of these columns show."""
        places = [self.columns.index(name) for name in columns]
        return [[mended(shown(row[at])) for at in places] for row in self.table]

    def members(self, dropped: frozenset[str]) -> Iterable[str]:
        """Numbers and truth values as such, dates as text; an empty cell is null."""
        keys = [(at, encode(name)) for at, name in enumerate(self.columns) if name not in dropped]
        for row in self.table:
            yield ", ".join(f"{key}: {_json(row[at])}" for at, key in keys)

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """Arrow columns of the types that `XlsxTable.schema` chose."""
        import pyarrow as pa

        arrays = []
        for wanted in schema:
            at, text = self.columns.index(wanted.name), pa.types.is_string(wanted.type)
            values = [row[at] for row in self.table]
            arrays.append(pa.array([_typed(value, text) for value in values], wanted.type))
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


class XlsxTable:
    """A sheet of a workbook. Its header is the first row with something in it, or as `header` says."""

    format = Format.XLSX
    encoding = None
    bom = False

    def __init__(self, source: Source, sheet: str | None = None, header: HeaderOptions | None = None) -> None:
        """Read the sheet through once. Raises `XunchaError` for a broken file, no such sheet, or no header."""
        self.name, self._source = source.name, source
        self.notes: tuple[str, ...] = ()
        with self._book() as book:
            self._sheet = self._chosen(book, sheet)
            others = tuple(one.name for one in book.sheets if one != self._sheet and book.has_rows(one))
            if others and sheet is None:
                self.notes = (
                    f"{self.name}: only its sheet {quote(self._sheet.name)} is read, not {listed(others)}; --sheet "
                    "names another.",
                )
            self._survey(book, header)

    @contextmanager
    def _book(self) -> Iterator[Book]:
        with whole(self.name):
            book = Book(self.name, self._source.path, self._source.trusted)
            try:
                yield book
            finally:
                book.close()

    def _chosen(self, book: Book, wanted: str | None) -> Sheet:
        names = tuple(one.name for one in book.sheets)
        if wanted is not None:
            found = next((one for one in book.sheets if one.name.strip() == wanted.strip()), None)
            if found is None:
                hint = did_you_mean(wanted, names)
                raise XunchaError(
                    f"{self.name}: --sheet: there is no sheet {quote(wanted)}.{hint} It has: {listed(names)}."
                )
            return found
        for one in sorted(book.sheets, key=lambda one: not one.visible):
            if any(_filled(row) for _, row in islice(book.rows(one), 1000)):
                return one
        raise XunchaError(f"{self.name}: its sheets are empty. Check how it was written.")

    def _survey(self, book: Book, options: HeaderOptions | None) -> None:
        cells = ((line, [shown(value) for value in row or []]) for line, row in self._filled_rows(book))
        self._header_line = header_row(self.name, cells, options)
        rows = self._filled_rows(book)
        before, header = 0, None
        for line, row in rows:
            if line >= self._header_line:
                header = row
                break
            before += 1
        self.notes += above(self.name, self._header_line, before)
        if not header:
            raise XunchaError(f"{self.name}:{self._header_line}: the header cannot be read. Mend that row.")
        self.rows, width = 0, len(header)
        kinds: list[set[str]] = [set() for _ in header]
        for _, row in rows:
            self.rows += 1
            if row is None:
                continue
            if len(row) > width:
                last = max((at for at, value in enumerate(row) if value is not None), default=-1)
                width = max(width, last + 1)
                kinds += [set() for _ in range(width - len(kinds))]
            for seen, value in zip(kinds, row, strict=False):
                seen.add(_kind(value))
        self._kinds = kinds
        self.columns = self._named(header, width)

    def _filled_rows(self, book: Book) -> Iterator[tuple[int, list[Any] | None]]:
        return ((line, row) for line, row in book.rows(self._sheet) if row is None or _filled(row))

    def _named(self, header: list[Any], width: int) -> tuple[str, ...]:
        from openpyxl.utils import get_column_letter

        given = [mended(shown(value)) for value in header] + [""] * (width - len(header))
        self._own = is_scored(given)
        if self._own:
            given = list(map(plain, given))
        name, times = Counter(name for name in given if name.strip()).most_common(1)[0]
        if times > 1:
            raise XunchaError(f"{self.name}: {times} columns are called {quote(name)}. Rename one of them.")
        letters = [get_column_letter(at + 1) for at in range(width)]
        return tuple(
            name if name.strip() else free_name(letter, given) for name, letter in zip(given, letters, strict=True)
        )

    @cached_property
    def schema(self) -> pa.Schema:
        """A type for each column that holds all its values; string where they are of several kinds."""
        import pyarrow as pa

        types = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "moment": pa.timestamp("us")}
        chosen = []
        for name, kinds in zip(self.columns, self._kinds, strict=True):
            seen = kinds - {"null"}
            kind = "float" if seen == {"int", "float"} else next(iter(seen)) if len(seen) == 1 else "text"
            chosen.append((name, types.get(kind, pa.string())))
        return pa.schema(chosen)

    def chunks(self, rows: int) -> Iterator[Rows]:
        """The rows in order, at most `rows` at a time, fewer where they are long."""
        width = len(self.columns)
        with self._book() as book:
            chunk, chars = SheetRows(self.columns), 0
            for line, row in book.rows(self._sheet):
                if line <= self._header_line or not (row is None or _filled(row)):
                    continue
                if self._own and row:
                    row = [plain(value) if isinstance(value, str) else value for value in row]
                chunk.table.append((row or [])[:width] + [None] * (width - len(row or [])))
                chunk.lines.append(line)
                chunk.problems.append(_UNREAD if row is None else None)
                chars += sum(len(value) for value in row or [] if isinstance(value, str))
                if len(chunk) >= rows or chars >= CHUNK_CHARS:
                    yield chunk
                    chunk, chars = SheetRows(self.columns), 0
            if len(chunk):
                yield chunk


def _filled(row: list[Any] | None) -> bool:
    return row is not None and any(value not in (None, "") for value in row)


def shown(value: object) -> str:
    """The text of a cell's value.

    >>> shown(True), shown(3.0), shown(datetime(2021, 12, 14)), shown(None)
    ('true', '3', '2021-12-14', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else str(value)
    return str(value)


def _json(value: object) -> str:
    if value is None or isinstance(value, bool):
        return encode(value)
    if isinstance(value, int | float):
        return shown(value) if value == value and abs(value) != float("inf") else "null"
    return encode(shown(value))


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if abs(value) < 1 << 53 else "text"
    if isinstance(value, float):
        return "float"
    return "moment" if isinstance(value, datetime) else "text"


def _typed(value: object, text: bool) -> object:
    if value is None or not text:
        return value
    return mended(shown(value))
