"""Parquet: Arrow batches as they stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from xuncha.labels.errors import XunchaError, quote
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.json_values import encode
from xuncha.serve.tables.packing import refuse_bomb
from xuncha.serve.tables.reading import CHUNK_CHARS
from xuncha.serve.tables.rows import CELL_LIMIT, Rows
from xuncha.serve.tables.storage import Source


@dataclass(frozen=True, slots=True)
class ArrowRows:
    """Rows of an Arrow batch; `first` is the number of its first row in the table, from 1."""

    record_batch: pa.RecordBatch
    first: int = 1

    @property
    def lines(self) -> range:
        """Row numbers."""
        return range(self.first, self.first + len(self))

    @property
    def problems(self) -> list[str | None]:
        """None for each row: Arrow can always hold it."""
        return [None] * len(self)

    @property
    def size(self) -> int:
        """Bytes of the batch."""
        return int(self.record_batch.nbytes)

    def __len__(self) -> int:
        """How many rows."""
        return int(self.record_batch.num_rows)

    def values(self, column: str) -> list[object]:
        """Python values; text that is not UTF-8 as bytes, bytes that are UTF-8 as text."""
        return values_of(self.record_batch.column(column))

    def cells(self, columns: Sequence[str]) -> Iterable[list[str]]:
        """Text bare, numbers as JSON, times in ISO form, nested values as JSON, null as nothing."""
        shown = [cells_of(self.record_batch.column(name)) for name in columns]
        return map(list, zip(*shown, strict=True)) if shown else [[] for _ in range(len(self))]

    def members(self, dropped: frozenset[str]) -> Iterable[str]:
        """JSON members in column order; times and decimals as strings."""
        names = [name for name in self.record_batch.schema.names if name not in dropped]
        columns = [_plain_values(self.record_batch.column(name)) for name in names]
        keys = [encode(name) for name in names]
        for row in zip(*columns, strict=True) if columns else [()] * len(self):
            yield ", ".join(f"{key}: {_json(value)}" for key, value in zip(keys, row, strict=True))

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """The columns themselves."""
        columns = [self.record_batch.column(name) for name in schema.names]
        return pa.RecordBatch.from_arrays(columns, schema=schema)


class ParquetTable:
    """A Parquet table."""

    format = Format.PARQUET
    encoding = None
    bom = False

    def __init__(self, source: Source) -> None:
        """Read the footer. Raises `XunchaError` for a broken file, a bomb, or columns of one name."""
        self.name, self._source = source.name, source
        with self._opened() as file:
            self.schema: pa.Schema = file.schema_arrow
            self.rows: int = file.metadata.num_rows
            self.compression = _codec(file.metadata)
            if not source.trusted:
                _refuse_bombs(self.name, file.metadata)
        self.columns: tuple[str, ...] = tuple(self.schema.names)
        if len(set(self.columns)) < len(self.columns):
            raise XunchaError(f"{self.name}: two columns share a name. Rename one of them.")

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        with (
            _whole(self.name),
            self._source.path.open("rb") as stream,
            pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20) as file,
        ):
            yield file

    def chunks(self, rows: int) -> Iterator[Rows]:
        """The rows in order, at most `rows` at a time, fewer where they are long."""
        first = 1
        with self._opened() as file:
            for batch in file.iter_batches(batch_size=_fitting(file.metadata, rows), use_threads=False):
                if not self._source.trusted:
                    _refuse_huge(self.name, batch, first)
                yield ArrowRows(batch, first)
                first += batch.num_rows


def _groups(metadata: pq.FileMetaData) -> list[pq.RowGroupMetaData]:
    return [metadata.row_group(index) for index in range(metadata.num_row_groups)]


def _codec(metadata: pq.FileMetaData) -> str:
    """The codec of the file's first column, for a file like it; snappy where there are no rows."""
    if not metadata.num_row_groups or not metadata.num_columns:
        return "snappy"
    codec = str(metadata.row_group(0).column(0).compression).lower()
    return {"uncompressed": "none"}.get(codec, codec)


def _fitting(metadata: pq.FileMetaData, rows: int) -> int:
    """A batch size that keeps batches of long rows small."""
    longest = max((group.total_byte_size / max(group.num_rows, 1) for group in _groups(metadata)), default=0.0)
    return max(1, min(rows, int(2 * CHUNK_CHARS / longest) if longest else rows))


def _refuse_bombs(name: str, metadata: pq.FileMetaData) -> None:
    """Raise `XunchaError` for columns that unpack to far more than they take, or to more than a row may have."""
    for group in _groups(metadata):
        for index in range(metadata.num_columns):
            column = group.column(index)
            refuse_bomb(name, column.total_uncompressed_size, column.total_compressed_size)
            if column.total_uncompressed_size > max(group.num_rows, 1) * CELL_LIMIT * 4:
                raise XunchaError(
                    f"{name}: cells of {quote(column.path_in_schema)} take "
                    f"{column.total_uncompressed_size // max(group.num_rows, 1) >> 20:,} MiB each, which no text does. "
                    "Look at where it comes from; if it is right, add --trust-input."
                )


def _refuse_huge(name: str, batch: pa.RecordBatch, first: int) -> None:
    """Raise `XunchaError` for a cell that takes more than any text, though the column's average hides it."""
    if batch.nbytes <= CELL_LIMIT * 4:
        return
    import pyarrow.compute as pc

    for column, values in zip(batch.schema.names, batch.columns, strict=True):
        view = pa.types.is_string_view(values.type) or pa.types.is_binary_view(values.type)
        if view or not (_is_text(values.type) or _is_bytes(values.type)):
            continue
        sizes = pc.binary_length(values)
        longest = pc.max(sizes).as_py() or 0
        if longest > CELL_LIMIT * 4:
            raise XunchaError(
                f"{name}: row {first + pc.index(sizes, longest).as_py():,}: the cell of {quote(column)} takes "
                f"{longest >> 20:,} MiB, which no text does. Look at where it comes from; if it is right, add "
                "--trust-input."
            )


@contextmanager
def _whole(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, EOFError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise XunchaError(f"{name}: not a whole Parquet file ({reason}). Fetch or write it again.") from None


def values_of(column: pa.Array) -> list[object]:
    """Python values of an Arrow column; text that is not UTF-8 comes as bytes, bytes that are UTF-8 as text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not _is_text(column.type) and not _is_bytes(column.type):
        return list(column.to_pylist())
    if _is_text(column.type):
        try:
            return list(column.to_pylist())
        except UnicodeDecodeError:
            pass
    large = pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)
    return [_as_text(value) for value in column.cast(pa.large_binary() if large else pa.binary()).to_pylist()]


def _as_text(value: bytes | None) -> object:
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _is_text(type: pa.DataType) -> bool:
    return bool(pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type))


def _is_bytes(type: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(type)
        or pa.types.is_large_binary(type)
        or pa.types.is_fixed_size_binary(type)
        or pa.types.is_binary_view(type)
    )


def cells_of(column: pa.Array) -> list[str]:
    """Text bare, numbers as JSON, times in ISO form, nested values as JSON, null as nothing."""
    return [_cell(value) for value in _plain_values(column)]


def _plain_values(column: pa.Array) -> list[object]:
    """Values that JSON can hold: what it cannot is text already."""
    kind = column.type
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        try:
            return list(column.cast(pa.string()).to_pylist())
        except pa.ArrowException:
            return [None if one.as_py() is None else str(one) for one in column]
    try:
        return values_of(column)
    except (ValueError, OverflowError):  # nanoseconds inside a nested value
        return [str(one) if one.is_valid else None for one in column]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str | bytes):
        return _text(value)
    return _json(value)


def _text(value: str | bytes) -> str:
    return mended(value) if isinstance(value, str) else value.decode("utf-8", "backslashreplace")


def _json(value: object) -> str:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "null"
    return _ENCODE(value)


def _fallback(value: object) -> str:
    return _text(value) if isinstance(value, bytes) else str(value)


_ENCODE = json.JSONEncoder(ensure_ascii=False, default=_fallback).encode
