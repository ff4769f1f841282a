"""Labelled rows from and to Parquet and Arrow tables: native types, spans nested."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.files import replacing
from xuncha.labels.interchange.columns import LABEL, check_columns, columns
from xuncha.labels.interchange.options import Reading
from xuncha.labels.interchange.records import json_cell, record_of, row_of
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 2048


def read_parquet(path: Path, taxonomy: Taxonomy, reading: Reading) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file:row`) and row of every row, or the error that says why it is none.

    Raises `XunchaError` for a file that is no Parquet, or whose columns cannot be made out.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            names = tuple(file.schema_arrow.names)
            twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
            if twice is not None:
                raise XunchaError(f"{path}: the column {quote(twice)} stands twice. Rename one.")
            check_columns(str(path), names, taxonomy, reading)
            for batch in file.iter_batches(_BATCH):
                for place in range(batch.num_rows):
                    number += 1
                    where = f"{path}:{number}"
                    yield where, _row(where, batch, place, taxonomy, reading, f"{path.stem}-{number}")
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        said = str(error).splitlines()[0].rstrip(".")
        raise XunchaError(f"{path}: not a whole Parquet file: {said}. Write it again.") from None


def write_parquet(path: Path, rows: Iterable[Row], label_ids: Sequence[str]) -> int:
    """Write rows, whole or not at all, and return how many."""
    import pyarrow.parquet as pq

    count = 0
    with replacing(path) as stream, pq.ParquetWriter(stream, schema(label_ids), compression="zstd") as writer:
        batch: list[Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _BATCH:
                count += _flush(writer, batch, label_ids)
        count += _flush(writer, batch, label_ids)
    return count


def arrow_table(rows: Iterable[Row], label_ids: Sequence[str]) -> pa.Table:
    """Rows as an Arrow table, as `write_parquet` writes them."""
    import pyarrow as pa

    return pa.Table.from_pylist([_record(row, label_ids) for row in rows], schema(label_ids))


def schema(label_ids: Sequence[str]) -> pa.Schema:
    """Types of the columns: labels boolean, spans a list of structs, meta and exact JSON in strings."""
    import pyarrow as pa

    places = [("start", pa.int64()), ("end", pa.int64())]
    span = pa.struct([*places, ("label", pa.string()), ("reason", pa.string()), ("text", pa.string())])
    types = {f"{LABEL}{label}": pa.bool_() for label in label_ids} | {"spans": pa.list_(span)}
    return pa.schema([(name, types.get(name, pa.string())) for name in columns(label_ids)])


def _flush(writer: Any, batch: list[Row], label_ids: Sequence[str]) -> int:
    count = len(batch)
    if batch:
        writer.write_table(arrow_table(batch, label_ids))
        batch.clear()
    return count


def _record(row: Row, label_ids: Sequence[str]) -> dict[str, Any]:
    record = record_of(row, label_ids)
    packed = {name: json.dumps(record[name]) if record[name] else None for name in ("meta", "exact")}
    return {**record, **packed}


def _row(
    where: str, batch: pa.RecordBatch, place: int, taxonomy: Taxonomy, reading: Reading, fallback_id: str
) -> Row | XunchaError:
    try:
        record = {name: batch.column(name)[place].as_py() for name in batch.schema.names}
        record["exact"] = json_cell(where, "exact", record.get("exact") or {})
        return row_of(where, record, taxonomy, reading, fallback_id)
    except UnicodeDecodeError:
        return XunchaError(f"{where}: a text is not UTF-8. Write the column again as UTF-8 strings.")
    except XunchaError as error:
        return error
