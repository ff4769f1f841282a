"""Write Parquet in row groups of a good size, from rows that come in small batches."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

_GROUP_ROWS = 65_536
_GROUP_BYTES = 1 << 25


class ParquetSink(AbstractContextManager["ParquetSink"]):
    """The batches in order; row groups depend on the batches alone."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema, compression: str) -> None:
        """Write to `stream`, which need not be seekable."""
        self._out = _Counted(stream)
        self._writer = pq.ParquetWriter(pa.PythonFile(self._out, mode="w"), schema, compression=compression)
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the rows; they are written when a row group is full."""
        self._batches.append(batch)
        waiting = sum(batch.num_rows for batch in self._batches)
        if waiting >= _GROUP_ROWS or sum(batch.nbytes for batch in self._batches) >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches, self._schema))
            self._batches = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left and the footer, or nothing more if the block raised."""
        if kind is None:
            self._flush()
        else:
            self._out.discards = True  # an unclosed writer would write its footer when it is collected
        self._writer.close()


class _Counted:
    """A stream that only takes bytes, and knows how many: all that a Parquet file needs, also in a pipe or in gzip."""

    closed = False
    seekable = staticmethod(lambda: False)
    readable = staticmethod(lambda: False)
    writable = staticmethod(lambda: True)

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = 0
        self.discards = False

    def write(self, block: bytes) -> int:
        if not self.discards:
            self._stream.write(block)
        self._size += len(block)
        return len(block)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        if not self.discards:
            self._stream.flush()

    def close(self) -> None:
        """Left to whoever opened the stream."""
