"""CSV and TSV: cells as they stand, whatever their quotes and line breaks; a broken row stays a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.spreadsheet import is_scored, plain
from xuncha.serve.tables.encoding import Decoding, mended
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.header import HeaderOptions, above, header_row
from xuncha.serve.tables.json_values import encode
from xuncha.serve.tables.lines import physical_lines
from xuncha.serve.tables.reading import CHUNK_CHARS
from xuncha.serve.tables.records import Record, RecordReader
from xuncha.serve.tables.rows import Rows, free_name
from xuncha.serve.tables.storage import Source

if TYPE_CHECKING:
    import pyarrow as pa

EXTRA = "_extra"
"""Column that keeps, as a JSON list, the cells of a row beyond its header; it exists only where needed."""

_QUOTED = 20  # lines that a quoted row above the data may have


@dataclass(frozen=True, slots=True)
class CellRows:
    """Rows of cells; each row has one cell a column. `extra`: the last column holds cells beyond the header."""

    columns: tuple[str, ...]
    extra: bool
    table: list[list[str]]
    lines: list[int] = field(default_factory=list)
    problems: list[str | None] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Characters of the rows."""
        return sum(self.sizes)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.table)

    def values(self, column: str) -> list[object]:
        """The cells of one column."""
        at = self.columns.index(column)
        return [row[at] for row in self.table]

    def cells(self, columns: Sequence[str]) -> Iterable[list[str]]:
        """The rows, with only these columns, which stand in the order of the table."""
        if len(columns) == len(self.columns):
            return self.table
        # By place, not by name: two columns may share a name.
        kept = set(columns)
        places = [at for at, name in enumerate(self.columns) if name in kept]
        return [[row[at] for at in places] for row in self.table]

    def members(self, dropped: frozenset[str]) -> Iterable[str]:
        """Cells as JSON strings under the header's names; the column of extra cells only where there are some."""
        keys = [(at, encode(name)) for at, name in enumerate(self.columns) if name not in dropped]
        extra = len(self.columns) - 1 if self.extra else None
        for row in self.table:
            yield ", ".join(
                f"{key}: {row[at] if at == extra else encode(row[at])}" for at, key in keys if at != extra or row[at]
            )

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """String columns."""
        import pyarrow as pa

        return pa.RecordBatch.from_arrays(
            [pa.array(self.values(name), field.type) for name, field in zip(schema.names, schema, strict=True)],
            schema=schema,
        )


class DelimitedTable:
    """A CSV or TSV table. The first record is its header; a scored table reads as it was before (see `plain`)."""

    def __init__(
        self, source: Source, format: Format, encoding: str | None = None, header: HeaderOptions | None = None
    ) -> None:
        """Read the table through once. Raises `XunchaError` if it has no header, or cannot be read as a whole."""
        self.name, self.format = source.name, format
        self._source = source
        self._decoding = Decoding(source.name, encoding)
        self.line_end = "\n"
        self.delimiter = "\t"
        self.notes: tuple[str, ...] = ()
        self._survey(header)

    def _survey(self, header: HeaderOptions | None) -> None:
        lines = physical_lines(self._decoding.decoded(self._source.blocks()))
        read: list[str] = []
        place = header_row(self.name, self._filled(lines, read), header)
        header_line = read[place - 1] if read else ""
        if not header_line.strip():
            raise XunchaError(f"{self.name}: the file holds only blank lines. Check how it was written.")
        self._skipped = place - 1
        self.notes = above(self.name, place, sum(bool(line.strip()) for line in read[: self._skipped]))
        self.line_end = "\r\n" if header_line.endswith("\r\n") else "\n"
        self.delimiter = "\t" if self.format is Format.TSV else sniffed(header_line)
        reader = RecordReader(chain(read[self._skipped :], lines), self.delimiter, first=place)
        self._header = self._named(next(iter(reader)))
        reader.width = len(self._header)
        self.rows, extra = 0, False
        for record in reader:
            self.rows += 1
            extra = extra or len(record.cells) > len(self._header)
        self.columns = (*self._header, free_name(EXTRA, self._header)) if extra else self._header
        self._extra = extra

    def _filled(self, lines: Iterator[str], read: list[str]) -> Iterator[tuple[int, list[str]]]:
        """Number and cells of each row that is not blank, over several lines if quoted; `read` gets what is read."""
        row, began = "", 1
        for number, line in enumerate(lines, start=1):
            began = number if not row else began
            read.append(line)
            row += line
            if row.count('"') % 2 and number - began < _QUOTED:
                continue
            if row.strip():
                delimiter = "\t" if self.format is Format.TSV else sniffed(row)
                yield began, [mended(cell.strip().strip('"')) for cell in row.split(delimiter)]
            row = ""
        if row.strip():
            yield began, [mended(row)]

    def _named(self, header: Record) -> tuple[str, ...]:
        names = tuple(mended(cell) for cell in header.cells)
        self._own = is_scored(names)
        if self._own:
            names = tuple(map(plain, names))
        if header.problem or not any(name.strip() for name in names):
            why = (header.problem or "all its names are blank").removeprefix("malformed: ")
            raise XunchaError(f"{self.name}:{header.line}: the header cannot be read: {why}. Mend that line.")
        return names

    @property
    def encoding(self) -> str:
        """The encoding in words."""
        return self._decoding.label

    @property
    def bom(self) -> bool:
        """Whether a byte order mark stood at the start."""
        return self._decoding.bom

    @cached_property
    def schema(self) -> pa.Schema:
        """Every column as strings. Raises `XunchaError` for a name that stands twice."""
        import pyarrow as pa

        self.refuse_doubled()
        return pa.schema([(name, pa.string()) for name in self.columns])

    def refuse_doubled(self) -> None:
        """Raise `XunchaError` if two columns share a name, which only CSV and TSV can hold."""
        name, times = Counter(self.columns).most_common(1)[0]
        if times > 1:
            raise XunchaError(f"{self.name}: {times} columns are called {quote(name)}. Rename one, or write CSV.")

    def chunks(self, rows: int) -> Iterator[Rows]:
        """The rows in order, at most `rows` at a time, fewer where they are long."""
        lines = physical_lines(self._decoding.decoded(self._source.blocks()))
        lines = islice(lines, self._skipped, None)
        reader = iter(RecordReader(lines, self.delimiter, width=len(self._header), first=self._skipped + 1))
        next(reader)
        chunk, chars = CellRows(self.columns, self._extra, []), 0
        for record in reader:
            chunk.table.append(self._aligned(record.cells))
            chunk.lines.append(record.line)
            chunk.problems.append(record.problem)
            chunk.sizes.append(record.size)
            chars += record.size
            if len(chunk) >= rows or chars >= CHUNK_CHARS:
                yield chunk
                chunk, chars = CellRows(self.columns, self._extra, []), 0
        if len(chunk):
            yield chunk

    def _aligned(self, cells: list[str]) -> list[str]:
        width = len(self._header)
        if self._own:
            cells = list(map(plain, cells))
        missing = width - len(cells)
        if missing == 0 and not self._extra:
            return cells
        extra = encode(cells[width:]) if missing < 0 else ""
        row = cells[:width] + [""] * missing
        return [*row, extra] if self._extra else row


def sniffed(header: str) -> str:
    """The delimiter of a header line: the comma, unless there is none and semicolons or tabs say otherwise.

    >>> sniffed('标题;价格'), sniffed('"a;b"'), sniffed('a,b;c')
    (';', ',', ',')
    """
    outside = "".join(header.split('"')[::2])
    if "," in outside:
        return ","
    return next((mark for mark in "\t;" if mark in outside), ",")
