"""The folder beside an output where a run keeps what it has finished, until the output is whole."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.journal import Journal, clear, locked, read_record, write_record
from xuncha.serve.tables.remote import is_remote
from xuncha.serve.tables.target import Target, sha256_of


def work_folder(target: str, work_dir: Path | None = None) -> Path:
    """Where a run that writes `target` keeps what it has finished.

    Beside the output, so that its name can be given by renaming; for a URL in the user's state folder. With `work_dir`
    in that folder.
    """
    name = target.rstrip("/").rpartition("/")[2][:60]
    if work_dir is None and not is_remote(target):
        real = Target(target).real
        kept = real.name if len(real.name) <= 60 else f"{real.name[:50]}-{_short(real.name)}"
        return real.with_name(f".{kept}.xuncha")
    where = target if is_remote(target) else str(Target(target).real)
    if work_dir is None:
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        work_dir = Path(state) / "xuncha"
    return work_dir / f"{name}-{_short(where)}.xuncha"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


@dataclass(slots=True)
class Work:
    """A run's hold on its output: `begin` says where to go on, `publish` gives the output its name."""

    target: Target
    rejects: Target
    folder: Path
    resume: bool
    force: bool
    keep_record: bool
    journal: Journal = field(init=False)
    finished: Mapping[str, Any] | None = None
    """State of the whole output where an earlier run of the same job has finished it."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder)

    def begin(self, job: Mapping[str, Any]) -> None:
        """Go on with the kept rows of the same job, or start. Raises `XunchaError` for another job if it must go on."""
        known = read_record(self.folder / "job.json") if self.resume else None
        done = read_record(self.folder / "done.json")
        if known is not None and (changes := _changes(known, job)):
            if done is None:
                raise XunchaError(
                    f"{self.target.path}: the unfinished run cannot go on: {changes}. Give it what it had, or start "
                    "again with --force and without --resume."
                )
            if not self.force:
                raise XunchaError(
                    f"{self.target.path}: it is finished, and this is another job: {changes}. Choose another output, "
                    "or add --force to replace it."
                )
            known = None
        if known is not None and done is not None:
            if self._completed(done):
                self.finished = done["state"]
                return
            known = None
        if known is None:
            clear(self.folder, keep=tuple(path.name for path in self.folder.glob("input-*")))
            write_record(self.folder / "job.json", {**job, "force": self.force})
        self.journal.open()

    def _completed(self, done: Mapping[str, Any]) -> bool:
        """Whether the output has its name, giving it that if only this was left to do."""
        for target, name in ((self.rejects, "rejects"), (self.target, "rows")):
            part = done[name]
            waiting = self.folder / f"{name}.whole"
            if part is None:
                continue
            if waiting.is_file() and waiting.stat().st_size == part["size"] and sha256_of(waiting) == part["sha256"]:
                target.take(waiting)
        rows = done["rows"]
        return self.target.holds(rows["size"], rows["sha256"])

    def publish(self, whole: Path) -> None:
        """Give the file `whole` and the rejects their names. `whole` stands in `folder`."""
        kept = self.journal.kept
        assert kept is not None
        self.journal.close()
        rejects = self.folder / "rejects.whole"
        if kept.sizes["rejects"]:
            (self.folder / "rejects").replace(rejects)
        final = self.folder / "rows.whole"
        whole.replace(final)
        for path in (final, rejects):
            if path.exists():
                with path.open("rb+") as stream:
                    os.fsync(stream.fileno())
        done = {
            "state": dict(kept.state),
            "rows": {"size": final.stat().st_size, "sha256": sha256_of(final)},
            "rejects": {"size": rejects.stat().st_size, "sha256": sha256_of(rejects)} if rejects.exists() else None,
        }
        write_record(self.folder / "done.json", done)
        if rejects.exists():
            self.rejects.take(rejects)
        else:
            self.rejects.remove()
        self.target.take(final)
        self.finished = kept.state


@contextmanager
def working(
    target: Target, rejects: Target, folder: Path, *, resume: bool, force: bool, keep_record: bool = False
) -> Iterator[Work]:
    """Hold `target` for a run. What was finished stays in `folder` if the block raises, and goes when it is published.

    With `resume` or `keep_record` a record stays, by which the same job is known to be finished.

    Raises `XunchaError` for a place that cannot be written, an output that exists unless `force`, an unfinished run
    unless `resume` or `force`, and another run that writes it.
    """
    there = read_record(folder / "job.json")
    done = (folder / "done.json").exists()
    if there is not None and not done and not resume and not force and _rows(folder):
        raise XunchaError(
            f"{target.path}: an unfinished run of it is kept here. Go on with --resume, or start again with --force."
        )
    target.refuse(force=force or (resume and there is not None))
    if not is_remote(rejects.path):
        rejects.refuse(force=True)  # without their output they are of a run that gave none
    folder.mkdir(parents=True, exist_ok=True)
    work = Work(target, rejects, folder, resume, force, keep_record or resume)
    with locked(folder, target.path):
        _tidy(folder)
        try:
            yield work
        finally:
            work.journal.close()
            _tidy(folder)
            if work.finished is not None and work.keep_record:
                clear(folder, keep=("job.json", "done.json"))
            elif work.finished is not None or not (_rows(folder) or (folder / "done.json").exists()):
                shutil.rmtree(folder, ignore_errors=True)


def _rows(folder: Path) -> bool:
    """Whether an unfinished run has kept at least one chunk."""
    with suppress(OSError):
        return (folder / "journal.jsonl").stat().st_size > 0
    return False


def _tidy(folder: Path) -> None:
    """Take away what a killed run left that no other can use."""
    for pattern in ("input-*", "sheet-*", "*.part"):
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(FileNotFoundError):
                    path.unlink()


def _changes(known: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    """What differs between two jobs, in words; nothing if they are the same."""
    found = []
    for key in job:
        before, now = known.get(key), job[key]
        if before == now:
            continue
        if key == "input":
            found.append("the input changed")
        else:
            found.append(f"{key} changed ({_said(before)}, now {_said(now)})")
    return ", ".join(found)


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


@contextmanager
def scratch_folder(stream: bool, work: Path) -> Iterator[Path]:
    """A folder for copies of the input: `work`, or for a streamed output one of its own."""
    if not stream:
        yield work
        return
    with tempfile.TemporaryDirectory(prefix="xuncha-") as name:
        yield Path(name)
