"""Bytes in: input that can be read again, whatever it came from."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables import packing as packings
from xuncha.serve.tables.formats import STDIO, Format, Layout, Packing
from xuncha.serve.tables.packing import packing_of, probe, unpacked
from xuncha.serve.tables.remote import fetch, is_remote, local_path

_ARCHIVES = (Format.PARQUET, Format.XLSX)
"""Formats that are read at any place, so they must stand unpacked on disk."""

_DISGUISES = {
    b"PAR1": "a Parquet file; give it that ending, or add --input-format parquet",
    b"PK\x03\x04": "a ZIP or XLSX file; give a workbook the ending .xlsx, or unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Excel file or one with a password; save it as XLSX without a password",
    b"\x28\xb5\x2f\xfd": "zstd inside {packing}; unpack it once",
    b"\x1f\x8b": "gzip inside {packing}; unpack it once",
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
}
_RIGHT = {b"PAR1": Format.PARQUET, b"PK\x03\x04": Format.XLSX}


@dataclass(frozen=True, slots=True)
class Source:
    """A file on this machine that can be read more than once, also by another process.

    `name` is what messages call it. `trusted`: however much it unpacks to.
    """

    name: str
    path: Path
    packing: Packing = Packing.NONE
    trusted: bool = False

    def blocks(self) -> Iterator[bytes]:
        """All bytes, unpacked, up to 1 MiB a time. Raises `XunchaError` for a bomb and for data that breaks off."""
        with self.path.open("rb") as stream:
            yield from unpacked(self.name, stream, self.packing, trusted=self.trusted)

    def sha256(self) -> str:
        """The hash of the bytes as they are on disk, packed or not."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def open_source(path: str, layout: Layout, scratch: Path | None = None, *, trusted: bool = False) -> Iterator[Source]:
    """Open `path` (`-` for stdin, or a URL for fsspec) for reading.

    What cannot be read twice here (a pipe, a URL) is first copied to a file in the folder `scratch`, by default the
    system's, so memory stays constant. Raises `XunchaError` for a folder, an empty file, or another kind of file than
    `layout` says; `OSError` for what cannot be opened.
    """
    name = "stdin" if path == STDIO else path
    copies: list[Path] = []
    try:
        local = _local(path, scratch, copies)
        if local.stat().st_size == 0:
            raise XunchaError(f"{name}: the file is empty. Check how it was written.")
        with local.open("rb") as stream:
            found = packing_of(stream.read(8))
        source = Source(name, local, found if layout.packing is Packing.NONE else layout.packing, trusted)
        _refuse_disguise(source, layout.format)
        if not trusted:
            with local.open("rb") as stream:
                probe(name, stream, source.packing)
        if source.packing is not Packing.NONE and layout.format in _ARCHIVES:
            with _scratch_file(scratch, copies) as copy:
                for block in source.blocks():
                    copy.write(block)
            source = replace(source, path=copies[-1], packing=Packing.NONE)
        yield source
    finally:
        for made in copies:
            with suppress(FileNotFoundError):
                made.unlink()


def _local(path: str, scratch: Path | None, copies: list[Path]) -> Path:
    """Where the bytes of `path` are on this machine; a copy is added to `copies`."""
    if path == STDIO:
        with _scratch_file(scratch, copies) as copy, open(sys.stdin.fileno(), "rb", closefd=False) as stream:
            shutil.copyfileobj(stream, copy, packings.BLOCK)
    elif is_remote(path):
        with _scratch_file(scratch, copies) as copy:
            fetch(path, copy)
    else:
        local = Path(local_path(path))
        if local.is_dir():
            raise XunchaError(f"{path}: this is a folder; a file is needed here. Name one of the files in it.")
        if stat.S_ISREG(local.stat().st_mode):
            with local.open("rb"):  # whoever may not read it learns that now
                return local
        with _scratch_file(scratch, copies) as copy, local.open("rb") as stream:
            shutil.copyfileobj(stream, copy, packings.BLOCK)
    return copies[-1]


@contextmanager
def _scratch_file(scratch: Path | None, copies: list[Path]) -> Iterator[BinaryIO]:
    handle, name = tempfile.mkstemp(prefix="input-", dir=scratch)
    copies.append(Path(name))
    with os.fdopen(handle, "wb") as stream:
        yield cast(BinaryIO, stream)


def _refuse_disguise(source: Source, expected: Format) -> None:
    head = next(source.blocks(), b"")
    if not head:
        raise XunchaError(f"{source.name}: the file is empty. Check how it was written.")
    for magic, what in _DISGUISES.items():
        if head.startswith(magic) and _RIGHT.get(magic) is not expected:
            raise XunchaError(f"{source.name}: this is {what.format(packing=source.packing)}.")
