"""What a run has finished, kept so that a kill at any moment costs no row and the next run goes on from there.

Beside the output `goods.csv` stands, until the output is whole, the folder `.goods.csv.xuncha`:

    lock           held by the run that writes
    job.json       model, input and options of the run
    rows           the output so far, or Arrow batches of it where the format cannot be appended to
    rejects        lines of the rejects file so far
    journal.jsonl  one line a chunk: where rows and rejects ended then, and the hash of what was added
    done.json      size and hash of the whole output, written before it gets its name

A chunk counts if its line is whole and the bytes it speaks of are there, by their hash; what stands behind is cut off.
So a killed process loses at most the chunk it was at, and a machine without power what it had not yet put on disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from xuncha.labels.errors import XunchaError

_PARTS = ("rows", "rejects")
_SYNC_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Kept:
    """The state after a chunk. `state` is what the caller wants to find again: counts and how far the input is read."""

    state: Mapping[str, Any]
    sizes: Mapping[str, int]


@dataclass(slots=True)
class Journal:
    """The open journal of one output. `kept` is None as long as nothing is finished."""

    folder: Path
    kept: Kept | None = None
    ends: list[int] = field(default_factory=list)
    _parts: dict[str, BinaryIO] = field(default_factory=dict)
    _lines: BinaryIO | None = None
    _synced: float = field(default_factory=time.monotonic)

    def commit(self, rows: bytes, rejects: bytes, state: Mapping[str, Any]) -> None:
        """Keep a chunk: it survives the process when this returns, and the machine a few seconds later."""
        entry: dict[str, Any] = {"state": dict(state), "size": {}, "sha256": {}}
        for name, data in zip(_PARTS, (rows, rejects), strict=True):
            stream = self._parts[name]
            stream.write(data)
            stream.flush()
            entry["size"][name] = stream.tell()
            entry["sha256"][name] = hashlib.sha256(data).hexdigest()
        assert self._lines is not None
        self._lines.write(_line(entry))
        self._lines.flush()
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            for stream in (*self._parts.values(), self._lines):
                os.fsync(stream.fileno())
            self._synced = time.monotonic()
        self.kept = Kept(entry["state"], entry["size"])
        self.ends.append(entry["size"]["rows"])

    def path(self, name: str) -> Path:
        """Where the part `name` ("rows", "rejects") is."""
        return self.folder / name

    def close(self) -> None:
        """Close the files; the journal can be opened again."""
        for stream in self._parts.values():
            with suppress(OSError):
                stream.close()
        self._parts.clear()
        if self._lines is not None:
            with suppress(OSError):
                self._lines.close()
            self._lines = None

    def open(self) -> None:
        """Read back what is whole, cut off the rest, and make ready to go on."""
        self.kept, self.ends, good = None, [], 0
        for entry, end in self._whole():
            self.kept, good = Kept(entry["state"], entry["size"]), end
            self.ends.append(entry["size"]["rows"])
        sizes = self.kept.sizes if self.kept else dict.fromkeys(_PARTS, 0)
        for name in _PARTS:
            self._parts[name] = _cut(self.folder / name, sizes[name])
        self._lines = _cut(self.folder / "journal.jsonl", good)

    def _whole(self) -> Iterator[tuple[dict[str, Any], int]]:
        """The entries whose bytes are there as they were written, each with the place where its line ends."""
        place = dict.fromkeys(_PARTS, 0)
        end = 0
        with _readable(self.folder / "rows") as rows, _readable(self.folder / "rejects") as rejects:
            for line, entry in _entries(self.folder / "journal.jsonl"):
                end += len(line)
                for name, stream in zip(_PARTS, (rows, rejects), strict=True):
                    data = stream.read(entry["size"][name] - place[name])
                    if hashlib.sha256(data).hexdigest() != entry["sha256"][name]:
                        return
                    place[name] = entry["size"][name]
                yield entry, end


def _line(entry: Mapping[str, Any]) -> bytes:
    text = json.dumps(entry, ensure_ascii=False)
    return json.dumps([text, _check(text)], ensure_ascii=False).encode() + b"\n"


def _check(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _entries(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    with _readable(path) as stream:
        for line in stream:
            try:
                text, check = json.loads(line)
                if not line.endswith(b"\n") or _check(text) != check:
                    return
                yield line, json.loads(text)
            except (ValueError, TypeError, AttributeError):
                return


@contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    with path.open("ab"):
        pass
    with path.open("rb") as stream:
        yield stream


def _cut(path: Path, size: int) -> BinaryIO:
    stream = path.open("r+b")
    stream.truncate(size)
    stream.seek(size)
    return stream


def read_record(path: Path) -> dict[str, Any] | None:
    """The object in a small JSON file; None if it is missing or not whole."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a small JSON file, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(record, ensure_ascii=False, indent=1), "utf-8")
    part.replace(path)


def sync_folder(folder: Path) -> None:
    """Put new names on disk; not every file system lets a folder be synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """Hold the folder alone. Raises `XunchaError` if another run holds it."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows: two runs at once are not noticed
            pass
        except OSError:
            raise XunchaError(
                f"{name}: another run is writing it. Wait for that one, or choose another output."
            ) from None
        yield
    finally:
        os.close(handle)


def clear(folder: Path, *, keep: tuple[str, ...] = ()) -> None:
    """Take away what is in `folder`, but not the lock and the names in `keep`."""
    for path in list(folder.iterdir()):
        if path.name != "lock" and path.name not in keep:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
