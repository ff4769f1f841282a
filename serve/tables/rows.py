"""Rows in the middle: what a reader yields and a writer takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

CELL_LIMIT = 10_000_000
"""Characters. A CSV row with a cell beyond is kept but not scored."""

TOO_LONG = "too_long"
"""Status of a row that is not scored because of its size."""

JSON_BLANKS = " \t\r\n"


class Rows(Protocol):
    """Some consecutive rows of a table, in the form their file gave them.

    Each writer asks for the form it writes, so a table that keeps its format keeps its exact contents.
    """

    @property
    def lines(self) -> Sequence[int]:
        """Where each row begins in its file: physical lines from 1 (Parquet: rows from 1)."""

    @property
    def problems(self) -> Sequence[str | None]:
        """Status of each row that must not be scored (`malformed: …`, `too_long`), else None."""

    @property
    def size(self) -> int:
        """About how many characters the rows have together."""

    def __len__(self) -> int:
        """How many rows."""

    def values(self, column: str) -> list[object]:
        """One value a row, as the file has it; None where the row lacks it."""

    def cells(self, columns: Sequence[str]) -> Iterable[list[str]]:
        """The text of these columns, one list a row, for CSV and TSV."""

    def members(self, dropped: frozenset[str]) -> Iterable[str]:
        """The inside of each row's JSON object, without its braces and without the `dropped` keys."""

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """The columns of `schema` as Arrow."""


def malformed(why: str) -> str:
    """The status of a row that could not be read."""
    return f"malformed: {why}"


def free_name(name: str, taken: Iterable[str]) -> str:
    """`name`, or `name` with as many underscores in front as keep it apart from `taken`."""
    while name in taken:
        name = f"_{name}"
    return name
