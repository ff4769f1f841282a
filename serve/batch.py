"""The batch scorer: one table in, one scored table out, in constant memory, whole or not at all."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from xuncha.labels.errors import XunchaError
from xuncha.serve.annotation import TextScorer, score_columns
from xuncha.serve.columns import dropped_columns, text_columns
from xuncha.serve.summary import Summary, Tally
from xuncha.serve.tables import ReadOptions, Rows, Table, WriteOptions, Writer, layout_of, open_table, open_writer
from xuncha.serve.tables.added import Shape
from xuncha.serve.tables.formats import STDIO
from xuncha.serve.tables.reading import require_column
from xuncha.serve.tables.storage import refuse_target, replacing


@dataclass(frozen=True, slots=True)
class Options:
    """How to score a table. None or empty: find out from names and contents.

    `overwrite_columns` lets added columns take the place of input columns of the same name; `force` lets the
    output take the place of an existing file; `escape_formulas` makes input cells inert in CSV and TSV output.
    """

    text_columns: tuple[str, ...] = ()
    source_column: str | None = None
    input_format: str | None = None
    output_format: str | None = None
    encoding: str | None = None
    overwrite_columns: bool = False
    force: bool = False
    escape_formulas: bool = False
    chunk_rows: int = 2048


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before the first row is scored."""

    source: str
    rows: int
    encoding: str | None
    text_columns: tuple[str, ...]
    guessed: bool


class Progress(Protocol):
    """Told how a run goes on."""

    def started(self, plan: Plan) -> None:
        """The table was read through once and scoring begins."""

    def advanced(self, tally: Tally) -> None:
        """More rows were written."""


class Silence:
    """Progress that nobody sees."""

    def started(self, plan: Plan) -> None:
        """Say nothing."""

    def advanced(self, tally: Tally) -> None:
        """Say nothing."""


def score_file(
    scorer: TextScorer,
    source: str | Path,
    target: str | Path,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Score every row of the table `source` into the table `target` (`-`: stdin, stdout) and sum up.

    The output has the input's columns and row order, then the added columns. It appears under its name only
    when it is whole. Raises `XunchaError` before scoring for what can be known before.
    """
    options, progress = options or Options(), progress or Silence()
    source, target = str(source), str(target)
    began = time.perf_counter()
    layout = layout_of(target, options.output_format, "--output-format")
    _refuse_places(source, target, options.force)
    reading = ReadOptions(options.input_format, options.encoding, _scratch(target))
    with open_table(source, reading) as table:
        names = text_columns(table, options.text_columns)
        origin = options.source_column and require_column(table, options.source_column, "--source-column")
        dropped = dropped_columns(table, scorer.labels, options.overwrite_columns)
        plan = Plan(table.name, table.rows, table.encoding, names, not options.text_columns)
        progress.started(plan)
        tally = Tally(scorer.labels)
        writing = WriteOptions(dropped, options.escape_formulas)
        with (
            replacing(target, force=options.force) as stream,
            open_writer(stream, layout, table, Shape.of(scorer.labels, names), writing) as writer,
        ):
            for rows in table.chunks(options.chunk_rows):
                if tally.rows + len(rows) > table.rows:
                    raise _changed(table, tally.rows + len(rows))
                _score_rows(rows, names, origin, scorer, writer, tally)
                progress.advanced(tally)
            if tally.rows < table.rows:
                raise _changed(table, tally.rows)
    point = str(getattr(scorer, "operating_point", ""))
    seconds = time.perf_counter() - began
    return Summary(table.name, target, tally, seconds, plan.encoding, names, plan.guessed, scorer.model_id, point)


def _score_rows(
    rows: Rows, names: tuple[str, ...], origin: str | None, scorer: TextScorer, writer: Writer, tally: Tally
) -> None:
    added = score_columns(
        {name: rows.values(name) for name in names},
        scorer,
        sources=rows.values(origin) if origin else None,
        problems=rows.problems,
    )
    writer.write(rows, added)
    tally.add(added)


def _refuse_places(source: str, target: str, force: bool) -> None:
    if target == STDIO:
        return
    with suppress(FileNotFoundError):
        if source != STDIO and os.path.samefile(source, target) and Path(target).is_file():
            raise XunchaError(f"{target}: input and output are the same file. Choose another name for the output.")
    refuse_target(target, Path(os.path.realpath(target)), force)


def _scratch(target: str) -> Path | None:
    return None if target == STDIO or not Path(target).parent.is_dir() else Path(target).parent


def _changed(table: Table, rows: int) -> XunchaError:
    return XunchaError(
        f"{table.name}: it had {table.rows} rows, then {rows}: it changed while it was read. "
        "Run again when nothing writes to it."
    )
