"""The columns that scoring adds, as Python values; Arrow is loaded only where a table wants Arrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_EVIDENCE = ("label", "reason", "start", "end", "text", "rule")
_NUMBERS = ("start", "end")


@dataclass(frozen=True, slots=True)
class Shape:
    """Names and types of the added columns. `several`: there are several text columns, evidence names its `field`."""

    labels: tuple[str, ...]
    several: bool = False

    @classmethod
    def of(cls, labels: Sequence[str], text_columns: Collection[str]) -> Shape:
        """The columns that scoring these text columns adds."""
        return cls(tuple(labels), len(text_columns) > 1)

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in order.

        >>> Shape(("off_platform",)).names
        ('score_off_platform', 'flag_off_platform', 'evidence', 'status', 'model')
        """
        scores = [f"score_{label}" for label in self.labels]
        flags = [f"flag_{label}" for label in self.labels]
        return (*scores, *flags, "evidence", "status", "model")

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow types."""
        import pyarrow as pa

        keys = (*_EVIDENCE, "field") if self.several else _EVIDENCE
        piece = pa.struct([(key, pa.int64() if key in _NUMBERS else pa.string()) for key in keys])
        scores, flags = [pa.float64()] * len(self.labels), [pa.bool_()] * len(self.labels)
        types = [*scores, *flags, pa.list_(piece), pa.string(), pa.string()]
        return pa.schema(list(zip(self.names, types, strict=True)))


@dataclass(frozen=True, slots=True)
class Added:
    """Added columns of some rows: one list of values a row, in the order of `shape.names`."""

    shape: Shape
    table: Sequence[Sequence[object]]

    def __len__(self) -> int:
        """How many rows."""
        return len(self.table)

    def column(self, name: str) -> list[object]:
        """The values of one column."""
        at = self.shape.names.index(name)
        return [row[at] for row in self.table]

    def objects(self) -> Iterator[dict[str, object]]:
        """Each row by name."""
        names = self.shape.names
        return (dict(zip(names, row, strict=True)) for row in self.table)

    def batch(self) -> pa.RecordBatch:
        """The columns as Arrow."""
        import pyarrow as pa

        schema = self.shape.schema
        columns = zip(*self.table, strict=True) if self.table else [()] * len(schema)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
