"""Write a table: the input's columns, then the added ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from xuncha.serve.tables.added import Added, Shape
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.formats import Format, Layout
from xuncha.serve.tables.json_values import encode
from xuncha.serve.tables.reading import Table
from xuncha.serve.tables.rows import Rows
from xuncha.serve.tables.storage import packing

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOM = b"\xef\xbb\xbf"


class Writer(Protocol):
    """Takes rows in order."""

    def write(self, rows: Rows, added: Added) -> None:
        """Write the rows, each followed by its row of `added`."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write. `dropped`: input columns to leave out. `escape_formulas`: also make input cells inert."""

    dropped: frozenset[str] = frozenset()
    escape_formulas: bool = False


@contextmanager
def open_writer(
    stream: BinaryIO, layout: Layout, table: Table, added: Shape, options: WriteOptions
) -> Iterator[Writer]:
    """A writer to `stream` for rows of `table` and added columns of the shape `added`; whole when the block ends.

    Raises `XunchaError` if the columns of the table cannot stand in this format.
    """
    with packing(stream, layout.gzip) as bytes_out:
        if layout.format is Format.PARQUET:
            from xuncha.serve.tables.parquet_writer import ParquetWriter

            with ParquetWriter(bytes_out, table, added, options) as writer:
                yield writer
        elif layout.format is Format.JSONL:
            yield JsonlWriter(bytes_out, table, options)
        else:
            yield DelimitedWriter(bytes_out, layout.format, table, added, options)


class JsonlWriter:
    """One object a line; a row of a JSONL input keeps its own characters."""

    def __init__(self, stream: BinaryIO, table: Table, options: WriteOptions) -> None:
        """Write to `stream`. Raises `XunchaError` for a table with two columns of one name."""
        refuse_doubled(table)
        self._stream = stream
        self._dropped = options.dropped

    def write(self, rows: Rows, added: Added) -> None:
        """Write the rows, each followed by its row of `added`."""
        for inner, new in zip(rows.members(self._dropped), added.objects(), strict=True):
            self._stream.write(f"{{{inner}{', ' if inner else ''}{encode(new)[1:]}\n".encode())


class DelimitedWriter:
    """CSV or TSV in UTF-8, with a byte order mark, delimiter and line ends like those of a CSV input."""

    def __init__(self, stream: BinaryIO, format: Format, table: Table, added: Shape, options: WriteOptions) -> None:
        """Write the header to `stream`."""
        from xuncha.serve.tables.delimited import DelimitedTable
        from xuncha.serve.tables.jsonl import JsonlTable

        if isinstance(table, JsonlTable):
            table.refuse_many()
        alike = isinstance(table, DelimitedTable)
        self._end = table.line_end if isinstance(table, DelimitedTable) else "\n"
        delimiter = table.delimiter if isinstance(table, DelimitedTable) and table.format is format else None
        self._stream = stream
        self._buffer = io.StringIO(newline="")
        # The csv module quotes a lone \r or \n only if it is part of the line end; hence both here, and see `_flush`.
        self._csv = csv.writer(
            _Lines(self._buffer, self._end),
            lineterminator="\r\n",
            delimiter=delimiter or ("\t" if format is Format.TSV else ","),
        )
        self._columns = [name for name in table.columns if name not in options.dropped]
        self._escape = options.escape_formulas
        if alike and table.bom:
            stream.write(_BOM)
        self._csv.writerow(self._inert(list(map(mended, self._columns))) + list(added.names))
        self._flush()

    def write(self, rows: Rows, added: Added) -> None:
        """Write the rows, each followed by its row of `added`."""
        for cells, new in zip(rows.cells(self._columns), added.table, strict=True):
            self._csv.writerow((*self._inert(cells), *map(_added_cell, new)))
        self._flush()

    def _inert(self, cells: list[str]) -> list[str]:
        return [inert(cell) for cell in cells] if self._escape else cells

    def _flush(self) -> None:
        self._stream.write(self._buffer.getvalue().encode("utf-8"))
        self._buffer.seek(0)
        self._buffer.truncate()


class _Lines:
    r"""What `csv.writer` writes to: one call a record, whose \r\n becomes the wanted line end."""

    def __init__(self, buffer: io.StringIO, end: str) -> None:
        self._buffer, self._end = buffer, end

    def write(self, record: str) -> int:
        return self._buffer.write(record[:-2] + self._end)


def inert(cell: str) -> str:
    """`cell`, behind an apostrophe if a spreadsheet would take it for a formula.

    >>> inert("=1+1"), inert("全新")
    ("'=1+1", '全新')
    """
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _added_cell(value: object) -> str:
    """The cell of an added value; none can be a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else encode(value)


def refuse_doubled(table: Table) -> None:
    """Raise `XunchaError` if two columns share a name and so cannot be keys of an object."""
    from xuncha.serve.tables.delimited import DelimitedTable

    if isinstance(table, DelimitedTable):
        table.refuse_doubled()
