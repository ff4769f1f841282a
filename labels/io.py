"""Labelled rows from and to files: read strictly, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.files import STDIO, read_lines, replacing, write_lines
from xuncha.labels.record import row_from_json, row_to_json
from xuncha.labels.rows import Row
from xuncha.labels.strict import load_json
from xuncha.labels.taxonomy import Taxonomy

__all__ = [
    "STDIO",
    "Entry",
    "read_entries",
    "read_files",
    "read_jsonl",
    "read_lines",
    "read_rows",
    "replacing",
    "row_files",
    "write_lines",
    "write_rows",
]

_SUFFIXES = (".jsonl", ".jsonl.gz")
_TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".xlsx", ".parquet")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a file: `where` is `file:line`, `row` what it holds, or the error that says why not."""

    file: Path
    where: str
    row: Row | XunchaError


def read_rows(path: Path | str, taxonomy: Taxonomy) -> Iterator[Row]:
    """Every row of a file (JSONL, or a table as `labels convert` writes it), in order.

    A folder stands for its JSONL files, sorted by name.

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
        for where, row in _placed_rows(file, taxonomy):
            if isinstance(row, Row) and row.id in seen:
                row = XunchaError(f"{where}: id {quote(row.id)} stood before, at {seen[row.id]}. Rename one.")
            elif isinstance(row, Row):
                seen[row.id] = where
            yield Entry(file, where, row)


def read_jsonl(file: Path, taxonomy: Taxonomy | None) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file:line`) and row of every line, or the error that says why it is none.

    Without a taxonomy, any label and reason will do.
    """
    for number, line in read_lines(file):
        where = f"{file}:{number}"
        try:
            if isinstance(line, XunchaError):
                raise line
            yield where, row_from_json(where, load_json(where, line), taxonomy)
        except XunchaError as error:
            yield where, error


def _placed_rows(file: Path, taxonomy: Taxonomy) -> Iterator[tuple[str, Row | XunchaError]]:
    if file.name.endswith(_TABLES):
        from xuncha.labels.interchange.formats import read_any
        from xuncha.labels.interchange.options import Reading

        return read_any(file, taxonomy, Reading(convert_first=True))
    if file.name.removesuffix(".gz").endswith(".json") and _is_list(file):
        from xuncha.labels.interchange.columns import conversion

        raise XunchaError(
            f"{file}: holds one JSON list, as Label Studio writes it, not a row a line. Convert it first: "
            f"{conversion(file)}."
        )
    return read_jsonl(file, taxonomy)


def _is_list(file: Path) -> bool:
    """Whether a file is one JSON list of objects; of it, the first line that is not blank is looked at."""
    first = next((line for _, line in read_lines(file)), "")
    return isinstance(first, str) and first.lstrip().startswith("[")


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


def write_rows(path: Path | str, rows: Iterable[Row]) -> int:
    """Write rows and return how many: JSONL, or the table that the name ends in (gzip where that is .gz).

    The file appears whole or not at all: an error on the way, also one from `rows`, leaves an older file
    as it was. The same rows give the same bytes.
    """
    path = Path(path)
    if path.name.endswith(_TABLES):
        from xuncha.labels.interchange.formats import write_any

        return write_any(path, rows)
    return write_lines(path, (_line(path, row) for row in rows))


def _line(path: Path, row: Row) -> bytes:
    line = json.dumps(row_to_json(row), ensure_ascii=False) + "\n"
    try:
        return line.encode("utf-8")
    except UnicodeEncodeError:
        raise XunchaError(
            f"{path}: row {quote(row.id)} holds a lone surrogate, which no file can hold. Mend it."
        ) from None
