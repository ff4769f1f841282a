"""Several tables as one: rows in the order of the files, columns of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.reading import CHUNK_CHARS, Table
from xuncha.serve.tables.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one of the files."""

    table: Table
    rows: Rows


@dataclass(frozen=True, slots=True)
class JoinedRows:
    """Consecutive rows of several files; a column that a file lacks is empty there."""

    parts: list[Part] = field(default_factory=list)

    @property
    def places(self) -> list[tuple[str, int]]:
        """File and line of each row."""
        return [(part.table.name, line) for part in self.parts for line in part.rows.lines]

    @property
    def lines(self) -> list[int]:
        """The line of each row in its file."""
        return [line for part in self.parts for line in part.rows.lines]

    @property
    def problems(self) -> list[str | None]:
        """The status of each row that is not scored."""
        return [problem for part in self.parts for problem in part.rows.problems]

    @property
    def size(self) -> int:
        """Characters of the rows."""
        return sum(part.rows.size for part in self.parts)

    def __len__(self) -> int:
        """How many rows."""
        return sum(len(part.rows) for part in self.parts)

    def values(self, column: str) -> list[object]:
        """One value a row; None where the file lacks the column."""
        found: list[object] = []
        for part in self.parts:
            has = column in part.table.columns
            found += part.rows.values(column) if has else [None] * len(part.rows)
        return found

    def cells(self, columns: Sequence[str]) -> Iterable[list[str]]:
        """The text of these columns; nothing where the file lacks one."""
        for part in self.parts:
            has = [name for name in part.table.columns if name in set(columns)]
            places = {name: at for at, name in enumerate(has)}
            wanted = [places.get(name) for name in columns]
            for row in part.rows.cells(has):
                yield ["" if at is None else row[at] for at in wanted]

    def members(self, dropped: frozenset[str]) -> Iterable[str]:
        """The objects of the files, each with its own keys."""
        for part in self.parts:
            yield from part.rows.members(dropped)

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """The columns of `schema`; a file's own type is cast to it."""
        import pyarrow as pa

        batches = [_widened(part, schema) for part in self.parts]
        if len(batches) == 1:
            return batches[0]
        table = pa.Table.from_batches(batches, schema).combine_chunks()
        found = table.to_batches()
        return found[0] if found else pa.RecordBatch.from_pylist([], schema)


def _widened(part: Part, schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    own = part.table.schema
    has = [name for name in schema.names if name in own.names]
    batch = part.rows.batch(pa.schema([own.field(name) for name in has]))
    columns = []
    for wanted in schema:
        if wanted.name not in has:
            columns.append(pa.nulls(len(part.rows), wanted.type))
            continue
        column = batch.column(wanted.name)
        if column.type != wanted.type:
            column = _cast(column, wanted.type)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_string(wanted):
        from xuncha.serve.tables.parquet import cells_of

        shown = cells_of(column)
        return pa.array([text if column[at].is_valid else None for at, text in enumerate(shown)], wanted)
    return column.cast(wanted)


class ManyTable:
    """Tables that are scored into one. Its columns are those of all, in order of first appearance."""

    bom = False

    def __init__(self, name: str, tables: Sequence[Table]) -> None:
        """Join the tables, of which there is at least one."""
        self.name, self.tables = name, tuple(tables)
        self.columns = tuple(dict.fromkeys(column for table in tables for column in table.columns))
        self.rows = sum(table.rows for table in tables)
        self.format: Format = tables[0].format
        self.compression = str(getattr(tables[0], "compression", "snappy"))

    @property
    def encoding(self) -> str | None:
        """The encodings in words, or None if no file has one."""
        return ", ".join(dict.fromkeys(table.encoding for table in self.tables if table.encoding)) or None

    @cached_property
    def schema(self) -> pa.Schema:
        """For each column the type of the files, or a wider one that holds all its values."""
        import pyarrow as pa

        merged: dict[str, pa.DataType] = {}
        for table in self.tables:
            for one in table.schema:
                known = merged.get(one.name)
                merged[one.name] = one.type if known is None else _wider(known, one.type)
        return pa.schema([(name, merged[name]) for name in self.columns])

    def chunks(self, rows: int) -> Iterator[Rows]:
        """The rows in order, at most `rows` at a time, fewer where they are long; small files share a chunk."""
        waiting = JoinedRows()
        for table in self.tables:
            for found in table.chunks(rows):
                if waiting.parts and (len(waiting) + len(found) > rows or waiting.size + found.size > CHUNK_CHARS):
                    yield waiting
                    waiting = JoinedRows()
                waiting.parts.append(Part(table, found))
        if waiting.parts:
            yield waiting


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if {str(one), str(other)} == {"int64", "double"}:
        return pa.string()  # a double does not hold every integer
    try:
        merged = pa.unify_schemas([pa.schema([("c", one)]), pa.schema([("c", other)])], promote_options="permissive")
    except pa.ArrowException:
        return pa.string()
    return merged.field("c").type
