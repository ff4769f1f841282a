"""Formats that are put together at the end: rows wait as Arrow streams, then become row groups or a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from xuncha.serve.tables.added import Added, Shape
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.parquet import ParquetTable
from xuncha.serve.tables.reading import Table
from xuncha.serve.tables.rows import Rows
from xuncha.serve.tables.writing import WriteOptions

_SPOOL = pa.ipc.IpcWriteOptions(compression="lz4")


class Sink(Protocol):
    """Takes batches in order."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Take a batch of the schema that the sink was opened with."""


class ArrowEncoder:
    """Rows as one Arrow stream a chunk: the input's columns in their types, then the added ones."""

    def __init__(self, format: Format, table: Table, added: Shape, options: WriteOptions) -> None:
        """Raises `XunchaError` for more rows or columns than a sheet has, and for columns of one name."""
        kept = [field for field in table.schema if field.name not in options.dropped]
        self._kept = pa.schema(kept)
        self.schema = pa.schema([*kept, *added.schema], metadata=table.schema.metadata)
        self.compression = table.compression if isinstance(table, ParquetTable) else "snappy"
        if format is Format.XLSX:
            from xuncha.serve.tables.xlsx_output import refuse_large

            refuse_large(table.name, table.rows, len(self.schema))

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def batch(self, rows: Rows, added: Added) -> pa.RecordBatch:
        """The rows with their added columns."""
        arrays = [*rows.batch(self._kept).columns, *added.batch().columns]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def encode(self, rows: Rows, added: Added) -> bytes:
        """The rows with their added columns as an Arrow stream."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.schema, options=_SPOOL) as stream:
            stream.write_batch(self.batch(rows, added))
        return bytes(sink.getvalue().to_pybytes())


@dataclass(frozen=True, slots=True)
class ArrowWriter:
    """Writes rows straight to a sink."""

    encoder: ArrowEncoder
    sink: Sink

    def write(self, rows: Rows, added: Added) -> None:
        """Write the rows, each followed by its row of `added`."""
        self.sink.write(self.encoder.batch(rows, added))


def open_sink(
    stream: BinaryIO, format: Format, schema: pa.Schema, compression: str, scratch: Path | None
) -> AbstractContextManager[Sink]:
    """A sink that writes `format` to `stream`; whole when the block ends. Rows of a sheet wait in `scratch`."""
    if format is Format.XLSX:
        from xuncha.serve.tables.xlsx_output import XlsxSink

        return XlsxSink(stream, schema, scratch)
    from xuncha.serve.tables.parquet_output import ParquetSink

    return ParquetSink(stream, schema, compression)


def assemble(spool: BinaryIO, ends: Sequence[int], sink: Sink) -> None:
    """Hand the batches that `ArrowEncoder` encoded to `sink`. `ends`: where each stands in `spool`."""
    for batch in _batches(spool, ends):
        sink.write(batch)


def _batches(spool: BinaryIO, ends: Iterable[int]) -> Iterator[pa.RecordBatch]:
    start = 0
    for end in ends:
        if end > start:
            yield from pa.ipc.open_stream(spool.read(end - start))
        start = end
