"""The batch scorer: tables in, scored tables out, in constant memory, whole or not at all, whatever happens between."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from xuncha.labels.errors import XunchaError
from xuncha.serve.annotation import TextScorer
from xuncha.serve.engines import Engine, Task
from xuncha.serve.engines.local import LocalEngine
from xuncha.serve.opening import Opened, opened
from xuncha.serve.output import StreamOutput, WorkOutput
from xuncha.serve.run import Options, Plan, Progress, Run, Silence
from xuncha.serve.strict import refuse_rejects
from xuncha.serve.summary import Summary
from xuncha.serve.tables import WriteOptions, layout_of
from xuncha.serve.tables.added import Shape
from xuncha.serve.tables.formats import STDIO, Layout, names_a_table
from xuncha.serve.tables.inputs import Inputs, inputs_of
from xuncha.serve.tables.remote import is_remote, local_path
from xuncha.serve.tables.target import Target, rejects_path
from xuncha.serve.tables.workplace import scratch_folder, work_folder, working

__all__ = ["Options", "score_file", "score_inputs"]


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
        with scratch_folder(True, Path()) as scratch, opened(run, inputs, scratch) as tables:
            return _scored(run, tables, layout, StreamOutput(place, layout, scratch), began)
    folder = work_folder(target, options.work_dir)
    with (
        working(place, rejects, folder, resume=options.resume, force=options.force, keep_record=keep_record) as work,
        opened(run, inputs, folder) as tables,
    ):
        return _scored(run, tables, layout, WorkOutput(work, layout, tables.job(run, target)), began)


def _scored(run: Run, tables: Opened, layout: Layout, output: StreamOutput | WorkOutput, began: float) -> Summary:
    """Score all rows that the output does not have yet."""
    table, columns = tables.table, tables.columns
    if run.options.strict:
        refuse_rejects(table, columns, layout.format, tables.failures, output, run.options.chunk_rows)
    shape = Shape.of(run.scorer.labels, columns.text)
    writing = WriteOptions(tables.dropped, run.options.escape_formulas)
    with output.opened(table, shape, writing, tables.failures, columns.roles) as tally:
        resumed = tally.rows
        encoding, files = table.encoding, len(tables.sources)
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
        tuple(str(one["reason"]) for one in tables.failures), files, tables.inputs.skipped, tables.notes,
    )  # fmt: skip


def _refuse_same(inputs: Inputs, target: str) -> None:
    if target == STDIO or is_remote(target):
        return
    for file in inputs.files:
        if file.path == STDIO or is_remote(file.path):
            continue
        with suppress(OSError):  # told when it is opened
            real = local_path(file.path)
            if os.path.samefile(real, local_path(target)) and Path(local_path(target)).is_file():
                raise XunchaError(f"{target}: input and output are the same file. Choose another name for the output.")
