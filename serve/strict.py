"""`--strict`: find every reject before a row is scored, in one pass without the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xuncha.labels.errors import XunchaError
from xuncha.serve.annotation import score_columns
from xuncha.serve.columns import Columns
from xuncha.serve.engines import Task
from xuncha.serve.scorer import ruling
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.reading import Table
from xuncha.serve.tables.rejects import Rejects, encoded
from xuncha.serve.verdict import Scored, Verdict

if TYPE_CHECKING:
    from xuncha.serve.output import StreamOutput, WorkOutput

_UNASKED = Scored({}, {}, {}, ())


class RejectsFound(XunchaError):
    """The input has rejects, and none may be there."""


class _NoModel:
    """Rules on texts as the scorer does, and scores none."""

    labels: tuple[str, ...] = ()
    model_id = ""

    def score(self, texts: Sequence[object], sources: Sequence[str | None] | None = None) -> list[Verdict]:
        return [ruling(text) or _UNASKED for text in texts]


def refuse_rejects(
    table: Table,
    columns: Columns,
    format: Format,
    failures: Sequence[Mapping[str, object]],
    output: StreamOutput | WorkOutput,
    chunk_rows: int,
) -> None:
    """List all rejects and raise `RejectsFound` if there are some."""
    named = {role: name for role, name in columns.roles.items() if role in ("id", "merchant")}
    finder, count, before, first = Rejects(table, format, named), len(failures), 0, ""
    work = getattr(output, "work", None)
    listed = work.folder / "strict.part" if work else None
    with open(listed or "/dev/null", "wb") as stream:
        stream.write(encoded(failures))
        for rows in Task(table, columns, chunk_rows).chunks():
            fields = {name: rows.values(name) for name in columns.text}
            records = finder.lines(rows, score_columns(fields, _NoModel(), problems=rows.problems), before)
            stream.write(encoded(records))
            before += len(rows)
            count += len(records)
            if records and not first:
                first = f", the first at {records[0]['file']}:{records[0]['line']}: {records[0]['reason']}"
    if not count:
        return
    where = ""
    if work and listed:
        where = f" {work.rejects.path} lists them."
        work.rejects.take(listed)
    raise RejectsFound(
        f"{table.name}: {count:,} of {before:,} rows cannot be read or scored{first}.{where} Mend them, or run without "
        "--strict."
    )
