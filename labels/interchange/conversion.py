"""One file of rows into another, whatever formats both have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.interchange.formats import Format, format_of, read_any, sniff, write_any
from xuncha.labels.interchange.options import DEFAULT_READING, DEFAULT_WRITING, Reading, Writing
from xuncha.labels.io import STDIO, row_files
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is read and written: formats (None: told by the name), and the split that every row gets.

    `skip_bad`: what is no row is left out and named, and does not stop the conversion.
    """

    reading: Reading = DEFAULT_READING
    writing: Writing = DEFAULT_WRITING
    read_as: Format | None = None
    write_as: Format | None = None
    pin_split: str | None = None
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How many rows and spans went from one format to the other, and what was left out, a sentence each."""

    rows: int
    spans: int
    read_as: Format
    write_as: Format
    left_out: tuple[str, ...] = ()


def exchange(source: Path, output: Path, taxonomy: Taxonomy, conversion: Conversion) -> Exchanged:
    """Read a file, or the JSONL files of a folder, and write it as `output`, whole or not at all.

    Raises `XunchaError` at the first record that is no correct row, or whose id stood before, unless it is to be
    skipped.
    """
    write_as = conversion.write_as or format_of(output)
    left_out: list[str] = []
    rows = list(_rows(source, taxonomy, conversion, left_out))
    write_any(output, rows, taxonomy.label_ids, conversion.writing, write_as)
    read_as = source_format(source, taxonomy, conversion.read_as)
    spans = sum(len(row.spans) for row in rows)
    return Exchanged(len(rows), spans, read_as, write_as, tuple(left_out))


def source_format(source: Path, taxonomy: Taxonomy, given: Format | None) -> Format:
    """The format that a source is read as. Standard input holds rows unless it is said otherwise."""
    return given or (Format.ROWS if source == STDIO or source.is_dir() else sniff(source, taxonomy))


def _rows(source: Path, taxonomy: Taxonomy, conversion: Conversion, left_out: list[str]) -> Iterator[Row]:
    seen: dict[str, str] = {}
    for file in row_files([source]):
        read_as = source_format(file, taxonomy, conversion.read_as)
        for where, row in read_any(file, taxonomy, conversion.reading, read_as):
            if isinstance(row, Row) and row.id in seen:
                row = XunchaError(f"{where}: id {quote(row.id)} stood before, at {seen[row.id]}. Rename one.")
            if isinstance(row, XunchaError):
                if not conversion.skip_bad:
                    raise row
                left_out.append(str(row))
                continue
            seen[row.id] = where
            yield replace(row, split=conversion.pin_split) if conversion.pin_split else row
