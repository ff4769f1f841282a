"""A folder of files scored into another: each file appears when it is whole; one that cannot be read stops no other."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from xuncha.labels.errors import XunchaError, sentence
from xuncha.serve.batch import score_inputs
from xuncha.serve.engines import Unreadable
from xuncha.serve.opening import UNREADABLE
from xuncha.serve.run import Plan, Progress, Run
from xuncha.serve.strict import RejectsFound
from xuncha.serve.summary import Summary, Tally
from xuncha.serve.tables.inputs import InputFile, Inputs, output_names
from xuncha.serve.tables.rejects import encoded
from xuncha.serve.tables.remote import is_remote, local_path
from xuncha.serve.tables.target import REJECTS, Target, rejects_path
from xuncha.serve.tables.workplace import work_folder


@dataclass(slots=True)
class _Together:
    """Shows the files of a folder as one run."""

    progress: Progress
    files: int
    before: Tally
    begun: bool = False

    def started(self, plan: Plan) -> None:
        if not self.begun:
            self.begun = True
            self.progress.started(replace(plan, rows=None, resumed=0, files=self.files))

    def advanced(self, tally: Tally) -> None:
        sum_ = Tally(tally.labels)
        sum_.join(self.before)
        sum_.join(tally)
        self.progress.advanced(sum_)


@dataclass(slots=True)
class _Found:
    """What the files have in common, for the summary."""

    encodings: dict[str, None] = field(default_factory=dict)
    text: dict[str, None] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    guessed: bool = False
    resumed: int = 0
    done: int = 0
    unreadable: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, summary: Summary) -> None:
        self.encodings |= dict.fromkeys([summary.encoding] if summary.encoding else [])
        self.text |= dict.fromkeys(summary.text_columns)
        self.roles = {**summary.roles, **self.roles}
        self.guessed = summary.guessed
        self.resumed += summary.resumed
        self.notes += summary.notes
        self.done += 1


def score_folder(run: Run, inputs: Inputs, target: str) -> Summary:
    """Score each file into its own in the folder `target`, and sum up.

    Raises `XunchaError` if an output exists and may not be replaced, or no file can be read; `RejectsFound` after all
    files, if `strict` and some have rejects.
    """
    began = time.perf_counter()
    work = _prepared(run, target)
    names = output_names(inputs, run.options.output_format)
    outputs = [f"{target.rstrip('/')}/{name}" for name in names]
    if not run.options.resume:
        for output in outputs:
            _make_parent(output)
            Target(output).refuse(force=run.options.force)
    total, found = Tally(run.scorer.labels), _Found()
    together = _Together(run.progress, len(inputs.files), total)
    inner = replace(run, progress=together, options=replace(run.options, work_dir=work))
    refused: list[str] = []
    for file, output in zip(inputs.files, outputs, strict=True):
        try:
            summary = _scored(inner, file, output)
        except RejectsFound as error:
            refused.append(str(error))
        except Unreadable as error:
            found.unreadable.append(str(error))
            _list_failure(file, output, str(error))
        else:
            found.add(summary)
            total.join(summary.tally)
        total.files += 1
    if refused:
        more = f" The same holds for {len(refused) - 1} other files." if len(refused) > 1 else ""
        raise RejectsFound(refused[0] + more)
    if not found.done:
        raise XunchaError(found.unreadable[0])
    if run.options.strict and found.unreadable:
        raise RejectsFound(found.unreadable[0])
    if not run.options.resume:
        shutil.rmtree(work, ignore_errors=True)
    return Summary(
        inputs.name, target, total, time.perf_counter() - began, ", ".join(found.encodings) or None, tuple(found.text),
        found.guessed, run.scorer.model_id, run.point, found.roles, found.resumed,
        f"{target.rstrip('/')}/*{REJECTS}" if total.rejects or found.unreadable else None,
        tuple(found.unreadable), found.done, inputs.skipped, tuple(found.notes),
    )  # fmt: skip


def _prepared(run: Run, target: str) -> Path:
    """The folder in which the files' work folders stand. Raises `XunchaError` for an unfinished run left alone."""
    options = run.options
    if is_remote(target):
        work = work_folder(target, options.work_dir)
    else:
        folder = Path(local_path(target))
        if folder.exists() and not folder.is_dir():
            raise XunchaError(f"{target}: this is a file. Name a folder for the output of several files.")
        work = options.work_dir / f"{folder.name}.xuncha" if options.work_dir else folder / ".xuncha"
    if work.is_dir() and any(work.iterdir()) and not options.resume:
        if not options.force:
            raise XunchaError(
                f"{target}: an unfinished run of it is kept here. Go on with --resume, or start again with --force."
            )
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    return work


def _scored(run: Run, file: InputFile, output: str) -> Summary:
    """One file. Raises `Unreadable` if it is the file that stands in the way."""
    _make_parent(output)
    if file.error:
        raise Unreadable(file.error)
    try:
        return score_inputs(run, Inputs(file.path, (file,)), output, keep_record=True)
    except OSError as error:
        if error.errno in UNREADABLE and _about(error, file):
            raise Unreadable(sentence(error)) from None
        raise


def _about(error: OSError, file: InputFile) -> bool:
    """Whether it is the input that cannot be read, not the output that cannot be written."""
    given = error.filename
    return given is not None and os.path.normpath(os.fsdecode(given)) == os.path.normpath(local_path(file.path))


def _make_parent(output: str) -> None:
    if not is_remote(output):
        Path(local_path(output)).parent.mkdir(parents=True, exist_ok=True)


def _list_failure(file: InputFile, output: str, why: str) -> None:
    """A rejects file in place of an output that there cannot be."""
    record: Mapping[str, object] = {"file": file.path, "line": None, "row": None, "reason": why}
    target = Target(rejects_path(output))
    if is_remote(output):
        from xuncha.serve.tables.remote import put_bytes

        put_bytes(encoded([record]), target.path)
    else:
        target.real.write_bytes(encoded([record]))
