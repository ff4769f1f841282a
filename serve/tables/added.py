"""The columns that scoring adds, as Python values; Arrow is loaded only where a table wants Arrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_EVIDENCE = ("label", "reason", "start", "end", "text", "rule")
_NUMBERS = ("start", "end")
FIELDS = "fields"
"""The column that has the verdict of each field, where there are several text columns."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Names and types of the added columns.

    `several`: there are several text columns, so evidence names its `field` and a column has the verdict of each.
    """

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
        return (*scores, *flags, "evidence", *([FIELDS] if self.several else []), "status", "model")

    @property
    def field_keys(self) -> tuple[str, ...]:
        """Keys of the verdict of one field, in order."""
        return ("field", *(f"{kind}_{label}" for kind in ("score", "flag") for label in self.labels), "status")

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow types."""
        import pyarrow as pa

        keys = (*_EVIDENCE, "field") if self.several else _EVIDENCE
        piece = pa.struct([(key, pa.int64() if key in _NUMBERS else pa.string()) for key in keys])
        known = {"score": pa.float64(), "flag": pa.bool_()}
        verdict = pa.struct([(key, known.get(key.split("_")[0], pa.string())) for key in self.field_keys])
        nested = {"evidence": pa.list_(piece), FIELDS: pa.list_(verdict)}
        return pa.schema(
            [(name, nested.get(name) or known.get(name.split("_")[0], pa.string())) for name in self.names]
        )


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
