"""Labelled rows from and to JSONL files: read strictly, written whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import secrets
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.record import row_from_json, row_to_json
from xuncha.labels.rows import Row
from xuncha.labels.strict import load_json
from xuncha.labels.taxonomy import Taxonomy

STDIO = Path("-")
"""Standard input where rows are read, standard output where they are written."""

_SUFFIXES = (".jsonl", ".jsonl.gz")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a file: `where` is `file:line`, `row` what it holds, or the error that says why not."""

    file: Path
    where: str
    row: Row | XunchaError


def read_rows(path: Path | str, taxonomy: Taxonomy) -> Iterator[Row]:
    """Every row of a JSONL or JSONL.gz file, or of all such files in a folder, sorted by name, in order.

    Raises `XunchaError` at the first line that is not a whole and correct row, or whose id stood before.
    """
    for entry in read_entries([path], taxonomy):
        if isinstance(entry.row, XunchaError):
            raise entry.row
        yield entry.row


def read_entries(paths: Iterable[Path | str], taxonomy: Taxonomy) -> Iterator[Entry]:
    """Like `read_rows` over several paths, but a bad line is an entry and does not end the reading.

    Raises `XunchaError` only for a file that cannot be read as a whole.
    """
    seen: dict[str, str] = {}
    for file in row_files(paths):
        for number, line in read_lines(file):
            where = f"{file}:{number}"
            try:
                if isinstance(line, XunchaError):
                    raise line
                row = row_from_json(where, load_json(where, line), taxonomy)
                if row.id in seen:
                    raise XunchaError(f"{where}: id {quote(row.id)} stood before, at {seen[row.id]}. Rename one.")
                seen[row.id] = where
                yield Entry(file, where, row)
            except XunchaError as error:
                yield Entry(file, where, error)


def read_files(paths: Iterable[Path | str], taxonomy: Taxonomy) -> dict[Path, list[Row]]:
    """The rows of each file that the paths stand for. Raises `XunchaError` like `read_rows`."""
    found: dict[Path, list[Row]] = {}
    for entry in read_entries(paths, taxonomy):
        if isinstance(entry.row, XunchaError):
            raise entry.row
        found.setdefault(entry.file, []).append(entry.row)
    return found


def row_files(paths: Iterable[Path | str]) -> Iterator[Path]:
    """The files that paths stand for: a file for itself, a folder for its *.jsonl and *.jsonl.gz, sorted."""
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        found = sorted(one for one in path.iterdir() if one.name.endswith(_SUFFIXES))
        if not found:
            raise XunchaError(f"{path}: this folder holds no *.jsonl file. Name a file, or another folder.")
        yield from found


def read_lines(file: Path) -> Iterator[tuple[int, str | XunchaError]]:
    """Number (from 1) and text of every line that is not blank; one that is not UTF-8 is an error value."""
    offset = 0
    try:
        with _open(file) as stream:
            for number, raw in enumerate(stream, start=1):
                line = raw.removeprefix(_BOM) if number == 1 else raw
                try:
                    decoded: str | XunchaError = line.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    byte = offset + len(raw) - len(line) + error.start
                    decoded = XunchaError(
                        f"{file}:{number}: not UTF-8 at byte {byte} of the file. Save the file as UTF-8."
                    )
                offset += len(raw)
                if isinstance(decoded, XunchaError) or decoded.strip():
                    yield number, decoded
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise XunchaError(f"{file}: not a whole gzip file: {error}. Fetch or compress it again.") from None


def write_rows(path: Path | str, rows: Iterable[Row]) -> int:
    """Write rows as JSONL (gzip where the name ends in .gz) and return how many.

    The file appears whole or not at all: an error on the way, also one from `rows`, leaves an older file
    as it was. The same rows give the same bytes.
    """
    path = Path(path)
    return write_lines(path, (_line(path, row) for row in rows))


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines as they are (gzip where the name ends in .gz), whole or not at all, and return how many."""
    count = 0
    with replacing(path) as raw, _packed(path, raw) as stream:
        for line in lines:
            stream.write(line)
            count += 1
    return count


def _line(path: Path, row: Row) -> bytes:
    line = json.dumps(row_to_json(row), ensure_ascii=False) + "\n"
    try:
        return line.encode("utf-8")
    except UnicodeEncodeError:
        raise XunchaError(
            f"{path}: row {quote(row.id)} holds a lone surrogate, which no file can hold. Mend it."
        ) from None


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


def _open(file: Path) -> AbstractContextManager[Iterable[bytes]]:
    if file == STDIO:
        return nullcontext(sys.stdin.buffer)
    return gzip.open(file, "rb") if file.name.endswith(".gz") else file.open("rb")


@contextmanager
def _packed(path: Path, raw: BinaryIO) -> Iterator[BinaryIO | gzip.GzipFile]:
    if not path.name.endswith(".gz"):
        yield raw
        return
    with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as stream:
        yield stream
