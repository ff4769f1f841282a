"""Where an output goes: a path on this machine or a URL, and the rejects beside it."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.formats import STDIO
from xuncha.serve.tables.journal import sync_folder
from xuncha.serve.tables.remote import exists, is_remote, local_path, put, reaching, remove

_NAME_BYTES = 255

REJECTS = ".rejects.jsonl"
"""Ending of the file that lists the rows which could not be read or scored."""


def rejects_path(target: str) -> str:
    """The name of the rejects file of the output `target`; a very long one is cut to what a file name may have."""
    folder, slash, name = target.rpartition("/")
    room = _NAME_BYTES - len(REJECTS)
    raw = name.encode("utf-8", "surrogateescape")
    kept = name if len(raw) <= room else raw[:room].decode("utf-8", "ignore")
    return f"{folder}{slash}{kept}{REJECTS}"


@dataclass(frozen=True, slots=True)
class Target:
    """The final name of a file: a path on this machine, or a URL for fsspec."""

    path: str

    @property
    def is_stream(self) -> bool:
        """Whether what is written is gone at once: stdout, a named pipe, a device."""
        if self.path == STDIO:
            return True
        return not is_remote(self.path) and self.real.exists() and not self.real.is_file() and not self.real.is_dir()

    @property
    def real(self) -> Path:
        """The file on this machine, links followed."""
        return Path(os.path.realpath(local_path(self.path)))

    def refuse(self, *, force: bool) -> None:
        """Raise `XunchaError` if it could not be written, or exists and `force` is not given."""
        there = f"{self.path}: the file exists. Choose another name, or add --force to replace it."
        if is_remote(self.path):
            if not force and exists(self.path):
                raise XunchaError(there)
            return
        if self.real.is_dir():
            raise XunchaError(f"{self.path}: this is a folder. Name the file to write.")
        if not self.real.parent.is_dir():
            raise XunchaError(f"{self.path}: the folder {self.real.parent} does not exist. Make it first: mkdir -p.")
        if self.real.is_file() and not force:
            raise XunchaError(there)

    def holds(self, size: int, sha256: str) -> bool:
        """Whether it is there with this size and hash (of a URL: with this size)."""
        if is_remote(self.path):
            with reaching(self.path) as (files, path):
                return bool(files.isfile(path)) and files.info(path).get("size") == size
        return self.real.is_file() and self.real.stat().st_size == size and sha256_of(self.real) == sha256

    def take(self, whole: Path) -> None:
        """Give the file `whole` this name. A file that it replaces keeps its permissions."""
        if is_remote(self.path):
            put(whole, self.path)
            whole.unlink()
            return
        target = self.real
        if whole.stat().st_dev != target.parent.stat().st_dev:
            part = target.with_name(f".{target.name[:60]}.part-{secrets.token_hex(4)}")
            try:
                shutil.copyfile(whole, part)
                with part.open("rb+") as stream:
                    os.fsync(stream.fileno())
                self._rename(part)
            finally:
                with suppress(FileNotFoundError):
                    part.unlink()
            whole.unlink()
        else:
            self._rename(whole)

    def _rename(self, whole: Path) -> None:
        target = self.real
        if target.exists():
            whole.chmod(target.stat().st_mode & 0o7777)
        whole.replace(target)
        sync_folder(target.parent)

    def remove(self) -> None:
        """Take it away, if it is there."""
        if is_remote(self.path):
            remove(self.path)
        else:
            with suppress(FileNotFoundError):
                self.real.unlink()


def sha256_of(path: Path) -> str:
    """The hash of a file on this machine."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
