"""Files as lines of bytes: read with a bound on their length, written whole or not at all."""

from __future__ import annotations

import gzip
import os
import secrets
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from xuncha.labels.errors import XunchaError

STDIO = Path("-")
"""Standard input where rows are read, standard output where they are written."""

LINE_LIMIT = 16 * 1024 * 1024
"""Bytes of the longest line that is read: a million characters, all of them escaped, and room to spare."""

_BOM = b"\xef\xbb\xbf"


class OtherEncoding(XunchaError):
    """Bytes that do not fit the encoding."""


def read_lines(file: Path) -> Iterator[tuple[int, str | XunchaError]]:
    """Number (from 1) and text of every line that is not blank; one that is not UTF-8 is an error value.

    So is a line of more than `LINE_LIMIT` bytes, which is never held in memory.
    """
    for number, line in decoded_lines(file):
        bare = line.rstrip("\r\n") if isinstance(line, str) else line
        if isinstance(bare, XunchaError) or bare.strip():
            yield number, bare


def decoded_lines(file: Path, encoding: str | None = "utf-8") -> Iterator[tuple[int, str | XunchaError]]:
    """Like `read_lines`, with blank lines and line ends; `encoding` is one in which a line end is the byte 10.

    None: UTF-8 or GB18030, told by the bytes; what is neither is read as UTF-8, so that its first bad byte is named.
    """
    lines = raw_lines(file)
    if encoding is None:
        encoding, lines = _detected(file, lines)
    offset = 0
    for number, raw in lines:
        line = raw.removeprefix(_BOM) if number == 1 else raw
        if len(line) > LINE_LIMIT:
            yield (
                number,
                XunchaError(
                    f"{file}:{number}: the line is longer than {LINE_LIMIT >> 20} MiB. Mend it or take it out."
                ),
            )
        else:
            try:
                yield number, line.decode(encoding)
            except UnicodeDecodeError as error:
                byte = offset + len(raw) - len(line) + error.start
                name = encoding.upper()
                yield (
                    number,
                    OtherEncoding(f"{file}:{number}: not {name} at byte {byte} of the file. Save the file as {name}."),
                )
        offset += len(raw)


def _detected(file: Path, lines: Iterator[tuple[int, bytes]]) -> tuple[str, Iterator[tuple[int, bytes]]]:
    """The encoding, and the lines with those that were looked at for it: up to the first that are not ASCII."""
    from xuncha.labels.encoding import WINDOW, decided

    ahead: list[tuple[int, bytes]] = []
    window = bytearray()
    for number, raw in lines:
        ahead.append((number, raw))
        if number == 1 and raw.startswith(_BOM):
            return "utf-8", chain(ahead, lines)
        if window or not raw.isascii():
            window += raw
        if len(window) > WINDOW:
            break
    try:
        encoding = decided(str(file), bytes(window)) if window else "utf-8"
    except XunchaError:
        encoding = "utf-8"
    return encoding, chain(ahead, lines)


def raw_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every line; of a line longer than `LINE_LIMIT` only so much that it can be seen.

    Raises `XunchaError` for a gzip file that is not whole.
    """
    try:
        with open_bytes(file) as stream:
            number = 0
            while line := stream.readline(LINE_LIMIT + len(_BOM) + 1):
                number += 1
                yield number, line
                while len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                    if not (line := stream.readline(LINE_LIMIT + 1)):
                        break
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise XunchaError(f"{file}: not a whole gzip file: {error}. Fetch or compress it again.") from None


def open_bytes(file: Path) -> AbstractContextManager[BinaryIO]:
    """A file to read, unpacked where its name ends in .gz; `-` is standard input."""
    if file == STDIO:
        return nullcontext(sys.stdin.buffer)
    return cast(BinaryIO, gzip.open(file, "rb")) if file.name.endswith(".gz") else file.open("rb")


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines as they are (gzip where the name ends in .gz), whole or not at all, and return how many."""
    count = 0
    with replacing(path) as raw, packed(path, raw) as stream:
        for line in lines:
            stream.write(line)
            count += 1
    return count


def refuse_existing(paths: Iterable[Path | None], *, force: bool) -> None:
    """Raise `XunchaError` for a file that is there already, unless `force`; None and `-` are no files."""
    for path in paths:
        if path is not None and path != STDIO and path.is_file() and not force:
            raise XunchaError(f"{path}: the file exists. Choose another name, or add --force to replace it.")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path`, with its permissions, once the block ends without error."""
    if path == STDIO:
        yield sys.stdout.buffer
        return
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise XunchaError(f"{path}: the folder {target.parent} does not exist. Make it first: mkdir -p.")
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            yield stream
        return
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with fresh.open("xb") as stream:
            yield stream
        if target.exists():
            fresh.chmod(target.stat().st_mode & 0o7777)
        fresh.replace(target)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


@contextmanager
def packed(path: Path, raw: BinaryIO) -> Iterator[BinaryIO]:
    """`raw`, or a gzip stream into it where the name ends in .gz."""
    if not path.name.endswith(".gz"):
        yield raw
        return
    with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as stream:
        yield cast(BinaryIO, stream)
