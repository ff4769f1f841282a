"""Bytes in and out: seekable input whatever it came from, and output that appears whole or not at all."""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.formats import STDIO, Format, Layout

BLOCK = 1 << 20
"""Bytes read at a time."""

_GZIP_MAGIC = b"\x1f\x8b"
_DISGUISES = {
    b"PAR1": "a Parquet file; give it that ending, or add --input-format parquet",
    b"PK\x03\x04": "a ZIP or XLSX file; save it as CSV with UTF-8 first",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save it as CSV with UTF-8 first",
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it first",
    b"\x1f\x8b": "gzip inside gzip; unpack it once",
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Unpacked bytes that can be read more than once. `name` is what messages call it."""

    name: str
    stream: BinaryIO

    def blocks(self) -> Iterator[bytes]:
        """All bytes from the start, up to 1 MiB a time. Raises `XunchaError` for gzip data that breaks off."""
        with unpacking(self.name):
            self.stream.seek(0)
            while block := self.stream.read(BLOCK):
                yield block


@contextmanager
def unpacking(name: str) -> Iterator[None]:
    """Turn what gzip says about broken data into one sentence."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise XunchaError(f"{name}: not a whole gzip file ({error}). Fetch or compress it again.") from None


@contextmanager
def open_source(path: str, layout: Layout, scratch: Path | None = None) -> Iterator[Source]:
    """Open `path` (`-` for stdin) for reading.

    What cannot be read twice (a pipe) is first copied to an unnamed file in the folder `scratch`, by default
    the system's, so memory stays constant. Raises `XunchaError` for a folder, an empty file, or another
    kind of file than `layout` says; `OSError` for what cannot be opened.
    """
    name = "stdin" if path == STDIO else path
    with _opened(path) as raw:
        again = raw if _is_regular(raw) else _copied(name, raw, scratch)
        with again:
            packed = layout.gzip or (_starts(again, _GZIP_MAGIC) and layout.format is not Format.PARQUET)
            if os.fstat(again.fileno()).st_size == 0:
                raise XunchaError(f"{name}: the file is empty. Check how it was written.")
            if not packed:
                stream = again
            elif layout.format is Format.PARQUET:
                stream = _copied(name, _unpacked(again), scratch)
            else:
                stream = _unpacked(again)
            with stream:
                _refuse_disguise(name, stream, layout.format)
                yield Source(name, stream)


def _opened(path: str) -> BinaryIO:
    if path == STDIO:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    if Path(path).is_dir():
        raise XunchaError(f"{path}: this is a folder; a file is needed here. Name one of the files in it.")
    return open(path, "rb")


def _unpacked(stream: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb"))


def _is_regular(stream: BinaryIO) -> bool:
    # A redirected stdin may stand anywhere in its file; only one at the start can be read again from there.
    return stat.S_ISREG(os.fstat(stream.fileno()).st_mode) and stream.tell() == 0


def _copied(name: str, stream: BinaryIO, scratch: Path | None) -> BinaryIO:
    copy = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (closed by whoever opens the source)
    with unpacking(name):
        shutil.copyfileobj(stream, copy, BLOCK)
    copy.seek(0)
    return cast(BinaryIO, copy)


def _starts(stream: BinaryIO, magic: bytes) -> bool:
    head = stream.read(len(magic))
    stream.seek(0)
    return head == magic


def _refuse_disguise(name: str, stream: BinaryIO, expected: Format) -> None:
    with unpacking(name):
        head = stream.read(8)
        stream.seek(0)
    if not head:
        raise XunchaError(f"{name}: the file is empty. Check how it was written.")
    for magic, what in _DISGUISES.items():
        if head.startswith(magic) and (magic, expected) != (b"PAR1", Format.PARQUET):
            raise XunchaError(f"{name}: this is {what}.")


@contextmanager
def replacing(path: str, *, force: bool = False) -> Iterator[BinaryIO]:
    """A stream to write `path` with (`-` for stdout). The file appears under its name when the block ends well.

    Until then the bytes stand in `.NAME.part-…` in the same folder, which is removed if the block raises.
    Raises `XunchaError` if the folder is missing, or the file exists and `force` is not given.
    """
    if path == STDIO:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(path))
    refuse_target(path, target, force)
    if target.exists() and not target.is_file():  # a device or a named pipe has no name to take over
        with target.open("wb") as stream:
            yield stream
        return
    part = target.with_name(f".{target.name[:60]}.part-{secrets.token_hex(4)}")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            part.chmod(target.stat().st_mode & 0o7777)
        part.replace(target)
        _sync_folder(target.parent)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def refuse_target(path: str, target: Path, force: bool) -> None:
    """Raise `XunchaError` if `replacing` could not write `target`."""
    if target.is_dir():
        raise XunchaError(f"{path}: this is a folder. Name the file to write.")
    if not target.parent.is_dir():
        raise XunchaError(f"{path}: the folder {target.parent} does not exist. Make it first: mkdir -p.")
    if target.is_file() and not force:
        raise XunchaError(f"{path}: the file exists. Choose another name, or add --force to replace it.")


def _sync_folder(folder: Path) -> None:
    # The new name is on disk only once the folder is; not every file system lets a folder be synced.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def packing(stream: BinaryIO, packed: bool) -> Iterator[BinaryIO]:
    """`stream` itself, or gzip around it; the same rows give the same bytes."""
    if not packed:
        yield stream
        return
    with gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0) as wrapped:
        yield cast(BinaryIO, wrapped)
