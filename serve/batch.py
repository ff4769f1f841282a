"""The batch scorer: tables in, scored tables out, in constant memory, whole or not at all, whatever happens between."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from xuncha.labels.errors import XunchaError, sentence
from xuncha.serve.annotation import TextScorer
from xuncha.serve.columns import Columns, columns_of, dropped_columns
from xuncha.serve.engines import Engine, Task, Unreadable
from xuncha.serve.engines.local import LocalEngine
from xuncha.serve.output import StreamOutput, WorkOutput
from xuncha.serve.strict import refuse_rejects
from xuncha.serve.summary import Summary, Tally
from xuncha.serve.tables import ReadOptions, Table, WriteOptions, layout_of
from xuncha.serve.tables.added import Shape
from xuncha.serve.tables.delimited import DelimitedTable
from xuncha.serve.tables.fingerprint import fingerprint, version
from xuncha.serve.tables.formats import STDIO, Layout, names_a_table
from xuncha.serve.tables.inputs import InputFile, Inputs, inputs_of
from xuncha.serve.tables.many import ManyTable
from xuncha.serve.tables.reading import table_in
from xuncha.serve.tables.remote import is_remote, local_path
from xuncha.serve.tables.storage import Source, open_source
from xuncha.serve.tables.workplace import Target, rejects_path, scratch_folder, work_folder, working


@dataclass(frozen=True, slots=True)
class Options:
    """How to score a table. None or empty: find out from names and contents.

    `columns` maps roles (`xuncha.serve.columns.ROLES`) to columns. `overwrite_columns` lets added columns take the
    place of input columns of the same name; `force` lets the output take the place of an existing file;
    `escape_formulas` makes input cells inert in CSV and TSV output; `resume` goes on with an unfinished run; `strict`
    refuses an input with rejects before anything is scored; `trusted` lifts the limits on what packed input may grow
    to; `work_dir` is where finished rows are kept meanwhile, by default beside the output.
    """

    text_columns: tuple[str, ...] = ()
    source_column: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    input_format: str | None = None
    output_format: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    overwrite_columns: bool = False
    force: bool = False
    resume: bool = False
    strict: bool = False
    trusted: bool = False
    escape_formulas: bool = True
    work_dir: Path | None = None
    chunk_rows: int = 2048


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before the first row is scored.

    `rows` is None for an output folder, whose files are read one by one.
    """

    source: str
    rows: int | None
    encoding: str | None
    text_columns: tuple[str, ...]
    guessed: bool
    roles: Mapping[str, str] = field(default_factory=dict)
    resumed: int = 0
    files: int = 1


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


@dataclass(frozen=True, slots=True)
class Run:
    """Who scores, how, and who is told."""

    scorer: TextScorer
    engine: Engine
    options: Options
    progress: Progress

    @property
    def point(self) -> str:
        """The operating point, or nothing for a scorer that has none."""
        return str(getattr(self.scorer, "operating_point", ""))


def score_file(
    scorer: TextScorer,
    source: str | Path,
    target: str | Path,
    options: Options | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> Summary:
    """Score every row of `source` into `target` and sum up.

    `source` is a file, a folder, a glob, a URL for fsspec, or `-` for stdin; `target` a file, a URL, `-` for stdout,
    or, for a folder or glob, a folder. The output has the input's columns and row order, then the added columns. It
    appears under its name only when it is whole. Raises `XunchaError` before scoring for what can be known before.
    """
    options = options or Options()
    run = Run(scorer, engine or LocalEngine(scorer), options, progress or Silence())
    source, target = str(source), str(target)
    inputs = inputs_of(source, options.input_format, beside=_own(target))
    if inputs.several and is_folder(target, options.output_format):
        from xuncha.serve.folder import score_folder

        return score_folder(run, inputs, target)
    return score_inputs(run, inputs, target)


def is_folder(target: str, output_format: str | None) -> bool:
    """Whether several files are to be scored each into its own file in `target`."""
    if target == STDIO:
        return False
    if target.endswith("/") or (not is_remote(target) and os.path.isdir(local_path(target))):
        return True
    return not names_a_table(target) and output_format is None


def _own(target: str) -> Sequence[Path]:
    """What the run itself writes below a folder that it may also read."""
    return () if target == STDIO or is_remote(target) else (Path(local_path(target)),)


def score_inputs(run: Run, inputs: Inputs, target: str, *, keep_record: bool = False) -> Summary:
    """Score the files into one table."""
    began = time.perf_counter()
    options = run.options
    layout = layout_of(target, options.output_format, "--output-format")
    place, rejects = Target(target), Target(rejects_path(target))
    _refuse_same(inputs, target)
    if place.is_stream:
        if options.resume:
            raise XunchaError("--resume needs a file to go on with; name one with -o instead of a stream.")
        with scratch_folder(True, Path()) as scratch, _opened(run, inputs, scratch) as opened:
            return _scored(run, opened, layout, StreamOutput(place, layout, scratch), began)
    folder = work_folder(target, options.work_dir)
    with (
        working(place, rejects, folder, resume=options.resume, force=options.force, keep_record=keep_record) as work,
        _opened(run, inputs, folder) as opened,
    ):
        return _scored(run, opened, layout, WorkOutput(work, layout, opened.job(run, target)), began)


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables of a run, as one. `failures`: a record for each file that could not be read."""

    inputs: Inputs
    table: Table
    sources: tuple[Source, ...]
    failures: tuple[dict[str, object], ...]
    columns: Columns
    dropped: frozenset[str]

    def job(self, run: Run, target: str) -> dict[str, Any]:
        """What must be the same for an unfinished run to go on; the keys are for people too."""
        options = run.options
        return {
            "input": fingerprint(self.inputs, self.sources),
            "the model": run.scorer.model_id,
            "the operating point": run.point,
            "the text columns": list(self.columns.text),
            "the source column": self.columns.source,
            "the output format": str(options.output_format or Path(target).suffixes),
            "the encoding": self.table.encoding,
            "the replaced columns": sorted(self.dropped),
            "the treatment of formulas": "inert" if options.escape_formulas else "kept",
            "the rows a chunk": options.chunk_rows,
            "the version of xuncha": version(),
        }


@contextmanager
def _opened(run: Run, inputs: Inputs, scratch: Path) -> Iterator[Opened]:
    options = run.options
    reading = ReadOptions(options.input_format, options.encoding, scratch, options.sheet, options.trusted)
    tables: list[Table] = []
    sources: list[Source] = []
    failures: list[tuple[InputFile, str]] = []
    with ExitStack() as stack:
        for file in inputs.files:
            try:
                layout = layout_of(file.path, reading.format, "--input-format")
                source = stack.enter_context(open_source(file.path, layout, scratch, trusted=reading.trusted))
                table = table_in(source, layout.format, reading)
                if inputs.several and isinstance(table, DelimitedTable):
                    table.refuse_doubled()
            except (XunchaError, FileNotFoundError, PermissionError) as error:
                if not inputs.several:
                    raise (Unreadable(str(error)) if isinstance(error, XunchaError) else error) from None
                failures.append((file, sentence(error)))
                continue
            sources.append(source)
            tables.append(table)
        if not tables:
            raise Unreadable(f"{failures[0][1]}{_others(len(failures) - 1)}")
        whole = ManyTable(inputs.name, tables) if inputs.several else tables[0]
        given = {**options.columns, **({"source": options.source_column} if options.source_column else {})}
        columns = columns_of(whole, options.text_columns, given)
        dropped = dropped_columns(whole, run.scorer.labels, options.overwrite_columns)
        records: tuple[dict[str, object], ...] = tuple(
            {"file": file.path, "line": None, "row": None, "reason": why} for file, why in failures
        )
        yield Opened(inputs, whole, tuple(sources), records, columns, dropped)


def _others(count: int) -> str:
    return f" The other {count} files cannot be read either." if count else ""


def _scored(run: Run, opened: Opened, layout: Layout, output: StreamOutput | WorkOutput, began: float) -> Summary:
    """Score all rows that the output does not have yet."""
    table, columns = opened.table, opened.columns
    if run.options.strict:
        refuse_rejects(table, columns, layout.format, opened.failures, output, run.options.chunk_rows)
    shape = Shape.of(run.scorer.labels, columns.text)
    writing = WriteOptions(opened.dropped, run.options.escape_formulas)
    with output.opened(table, shape, writing, opened.failures, columns.roles) as tally:
        resumed = tally.rows
        encoding, files = table.encoding, len(opened.sources)
        run.progress.started(
            Plan(table.name, table.rows, encoding, columns.text, columns.guessed, columns.roles, resumed, files)
        )
        if not output.finished:
            for rows, added in run.engine.annotated(Task(table, columns, run.options.chunk_rows, tally.rows)):
                tally.add(added)
                output.add(rows, added, tally)
                run.progress.advanced(tally)
    return Summary(
        table.name, output.name, tally, time.perf_counter() - began, encoding, columns.text, columns.guessed,
        run.scorer.model_id, run.point, columns.roles, resumed, output.rejects_name(tally),
        tuple(str(one["reason"]) for one in opened.failures), files, opened.inputs.skipped,
    )  # fmt: skip


def _refuse_same(inputs: Inputs, target: str) -> None:
    if target == STDIO or is_remote(target):
        return
    for file in inputs.files:
        if file.path == STDIO or is_remote(file.path):
            continue
        with suppress(FileNotFoundError):
            real = local_path(file.path)
            if os.path.samefile(real, local_path(target)) and Path(local_path(target)).is_file():
                raise XunchaError(f"{target}: input and output are the same file. Choose another name for the output.")
