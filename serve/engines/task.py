"""What an engine is given, and what it gives back: every row once, in order, with its added columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from xuncha.labels.errors import XunchaError
from xuncha.serve.columns import Columns
from xuncha.serve.tables.added import Added
from xuncha.serve.tables.reading import Table
from xuncha.serve.tables.rows import Rows


class Unreadable(XunchaError):
    """A file that cannot be read as a table."""


@dataclass(frozen=True, slots=True)
class Task:
    """Rows to score: those of `table` after the first `skip`, `chunk_rows` at most at a time."""

    table: Table
    columns: Columns
    chunk_rows: int
    skip: int = 0

    def chunks(self) -> Iterator[Rows]:
        """The rows in order. Raises `Unreadable` where the file breaks off, or is not what it was a moment ago."""
        seen, table = 0, self.table
        try:
            for rows in table.chunks(self.chunk_rows):
                seen += len(rows)
                if seen > table.rows:
                    raise changed(table, seen)
                if seen > self.skip:
                    yield rows
            if seen < table.rows:
                raise changed(table, seen)
        except Unreadable:
            raise
        except XunchaError as error:
            raise Unreadable(str(error)) from None


class Engine(Protocol):
    """Scores the rows of a task."""

    def annotated(self, task: Task) -> Iterator[tuple[Rows, Added]]:
        """The chunks of `task.chunks()`, in order, each with its added columns."""


def changed(table: Table, rows: int) -> Unreadable:
    """What to say of a table that has another number of rows than it had."""
    return Unreadable(
        f"{table.name}: it had {table.rows} rows, then {rows}: it changed while it was read. "
        "Run again when nothing writes to it."
    )
