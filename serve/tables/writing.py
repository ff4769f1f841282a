"""Rows to bytes: the input's columns, then the added ones."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from xuncha.labels.spreadsheet import inert
from xuncha.serve.tables.added import Added, Shape
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.formats import Format, Layout
from xuncha.serve.tables.json_values import encode
from xuncha.serve.tables.packing import packing_stream
from xuncha.serve.tables.reading import Table
from xuncha.serve.tables.rows import Rows

_BOM = b"\xef\xbb\xbf"
ARROW_FORMATS = (Format.PARQUET, Format.XLSX)
"""Formats that cannot be appended to: they are put together from Arrow batches when all rows are there."""


class Writer(Protocol):
    """Takes rows in order."""

    def write(self, rows: Rows, added: Added) -> None:
        """Write the rows, each followed by its row of `added`."""


class Encoder(Protocol):
    """Gives the bytes of rows. The same rows give the same bytes, whatever was encoded before."""

    def head(self) -> bytes:
        """What stands before the first row."""

    def encode(self, rows: Rows, added: Added) -> bytes:
        """The rows, each followed by its row of `added`."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write. `dropped`: input columns to leave out. `escape_formulas`: make input cells inert in CSV and TSV."""

    dropped: frozenset[str] = frozenset()
    escape_formulas: bool = True


def encoder_for(layout: Layout, table: Table, added: Shape, options: WriteOptions) -> Encoder:
    """An encoder for rows of `table` and added columns of the shape `added`; not packed.

    For `ARROW_FORMATS` its bytes are Arrow streams. Raises `XunchaError` if the columns cannot stand in this format.
    """
    if layout.format in ARROW_FORMATS:
        from xuncha.serve.tables.arrow_output import ArrowEncoder

        return ArrowEncoder(layout.format, table, added, options)
    if layout.format is Format.JSONL:
        return JsonlEncoder(table, options)
    return DelimitedEncoder(layout.format, table, added, options)


@contextmanager
def open_writer(
    stream: BinaryIO, layout: Layout, table: Table, added: Shape, options: WriteOptions, scratch: Path | None = None
) -> Iterator[Writer]:
    """A writer straight to `stream`, which need not be seekable; whole when the block ends.

    Raises `XunchaError` if the columns of the table cannot stand in this format.
    """
    encoder = encoder_for(layout, table, added, options)
    with packing_stream(stream, layout.packing) as bytes_out:
        if layout.format in ARROW_FORMATS:
            from xuncha.serve.tables.arrow_output import ArrowEncoder, ArrowWriter, open_sink

            assert isinstance(encoder, ArrowEncoder)
            with open_sink(bytes_out, layout.format, encoder.schema, encoder.compression, scratch) as sink:
                yield ArrowWriter(encoder, sink)
        else:
            bytes_out.write(encoder.head())
            yield _Straight(bytes_out, encoder)


@dataclass(frozen=True, slots=True)
class _Straight:
    stream: BinaryIO
    encoder: Encoder

    def write(self, rows: Rows, added: Added) -> None:
        self.stream.write(self.encoder.encode(rows, added))


class JsonlEncoder:
    """One object a line; a row of a JSONL input keeps its own characters."""

    def __init__(self, table: Table, options: WriteOptions) -> None:
        """Raises `XunchaError` for a table with two columns of one name."""
        refuse_doubled(table)
        self._dropped = options.dropped

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def encode(self, rows: Rows, added: Added) -> bytes:
        """The rows, each followed by its row of `added`."""
        lines = [
            f"{{{inner}{', ' if inner else ''}{encode(new)[1:]}\n"
            for inner, new in zip(rows.members(self._dropped), added.objects(), strict=True)
        ]
        return "".join(lines).encode()


class DelimitedEncoder:
    """CSV or TSV in UTF-8, with a byte order mark, delimiter and line ends like those of a CSV input."""

    def __init__(self, format: Format, table: Table, added: Shape, options: WriteOptions) -> None:
        """Raises `XunchaError` for a table with too many different keys."""
        from xuncha.serve.tables.delimited import DelimitedTable
        from xuncha.serve.tables.jsonl import JsonlTable

        if isinstance(table, JsonlTable):
            table.refuse_many()
        alike = table if isinstance(table, DelimitedTable) else None
        self._end = alike.line_end if alike else "\n"
        self._bom = _BOM if alike and alike.bom else b""
        delimiter = alike.delimiter if alike and alike.format is format else None
        self._delimiter = delimiter or ("\t" if format is Format.TSV else ",")
        self._columns = [name for name in table.columns if name not in options.dropped]
        self._names = added.names
        self._escape = options.escape_formulas

    def head(self) -> bytes:
        """The byte order mark and the header."""
        names = [*self._inert(list(map(mended, self._columns))), *self._names]
        return self._bom + self._encoded([names])

    def encode(self, rows: Rows, added: Added) -> bytes:
        """The rows, each followed by its row of `added`."""
        pairs = zip(rows.cells(self._columns), added.table, strict=True)
        return self._encoded([*self._inert(cells), *map(_added_cell, new)] for cells, new in pairs)

    def _encoded(self, records: Iterator[list[str]] | list[list[str]]) -> bytes:
        buffer = io.StringIO(newline="")
        # The csv module quotes a lone \r or \n only if it is part of the line end; hence both here, and see `_Lines`.
        lines = _Lines(buffer, self._end)
        csv.writer(lines, lineterminator="\r\n", delimiter=self._delimiter).writerows(records)
        return buffer.getvalue().encode("utf-8")

    def _inert(self, cells: list[str]) -> list[str]:
        return [inert(cell) for cell in cells] if self._escape else cells


class _Lines:
    r"""What `csv.writer` writes to: one call a record, whose \r\n becomes the wanted line end."""

    def __init__(self, buffer: io.StringIO, end: str) -> None:
        self._buffer, self._end = buffer, end

    def write(self, record: str) -> int:
        return self._buffer.write(record[:-2] + self._end)


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
