"""Which format a file has, and one way to read and to write all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.labels.files import STDIO, read_lines
from xuncha.labels.interchange.options import DEFAULT_READING, DEFAULT_WRITING, Reading, Writing
from xuncha.labels.rows import Row
from xuncha.labels.strict import load_json
from xuncha.labels.taxonomy import Taxonomy

Placed = Iterator[tuple[str, Row | XunchaError]]


class Format(StrEnum):
    """Formats of labelled rows. `records`: JSONL with a table's columns; `written`: 0/1 labels, substring spans."""

    ROWS = "rows"
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    LABEL_STUDIO = "label-studio"
    DOCCANO = "doccano"
    RECORDS = "records"
    WRITTEN = "written"


_SUFFIXES = {
    ".jsonl": Format.ROWS,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".xlsx": Format.XLSX,
    ".parquet": Format.PARQUET,
    ".json": Format.LABEL_STUDIO,
}
_UNPACKED = (Format.XLSX, Format.PARQUET)
_WRITABLE = tuple(one for one in Format if one not in (Format.RECORDS, Format.WRITTEN))


def format_of(path: Path) -> Format:
    """The format that a file's name stands for. Raises `XunchaError` for a name that stands for none."""
    if path == STDIO:
        return Format.ROWS
    packed = path.name.endswith(".gz")
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    found = _SUFFIXES.get(suffix)
    if found is None or (packed and found in _UNPACKED):
        hint = did_you_mean(suffix, _SUFFIXES)
        raise XunchaError(
            f"{path}: the name tells no format.{hint} Known are {', '.join(_SUFFIXES)}; or give --from or --to."
        )
    return found


def sniff(path: Path, taxonomy: Taxonomy) -> Format:
    """The format of a file that is to be read: JSONL is told apart by its first line. Standard input holds rows."""
    by_name = format_of(path)
    if by_name is not Format.ROWS or path == STDIO:
        return by_name
    first = next((line for _, line in read_lines(path)), "")
    try:
        given = load_json("", first) if isinstance(first, str) else None
    except XunchaError:
        return Format.ROWS
    if not isinstance(given, dict) or isinstance(given.get("labels"), dict):
        return Format.ROWS
    if {"cats", "entities", "label", "Comments"} & set(given):
        return Format.DOCCANO
    if set(taxonomy.label_ids) & set(given) and "spans" in given:
        return Format.WRITTEN
    return Format.RECORDS


def read_any(path: Path, taxonomy: Taxonomy, reading: Reading = DEFAULT_READING, given: Format | None = None) -> Placed:
    """Place and row of every record of a file, or the error that says why it is none.

    Raises `XunchaError` for a file that cannot be read as a whole.
    """
    wanted = given or format_of(path)
    if path == STDIO and wanted in _UNPACKED:
        raise XunchaError(f"{wanted} cannot be read from standard input. Name the file.")
    if wanted in (Format.CSV, Format.TSV):
        from xuncha.labels.interchange.delimited import read_delimited

        return read_delimited(path, taxonomy, reading, "\t" if wanted is Format.TSV else ",")
    if wanted is Format.XLSX:
        from xuncha.labels.interchange.workbook import read_workbook

        return read_workbook(path, taxonomy, reading)
    if wanted is Format.PARQUET:
        from xuncha.labels.interchange.parquet import read_parquet

        return read_parquet(path, taxonomy, reading)
    if wanted is Format.LABEL_STUDIO:
        from xuncha.labels.interchange.label_studio import read_label_studio

        return read_label_studio(path, taxonomy, reading)
    return _read_lines(path, taxonomy, reading, wanted)


def write_any(
    path: Path,
    rows: Iterable[Row],
    label_ids: Sequence[str] | None = None,
    writing: Writing = DEFAULT_WRITING,
    given: Format | None = None,
) -> int:
    """Write rows, whole or not at all, and return how many. Tables get a column for each of `label_ids`.

    Without them, for each label that a row has.
    """
    wanted = given or format_of(path)
    if wanted is Format.ROWS:
        from xuncha.labels.io import write_rows

        return write_rows(path, rows)
    if wanted is Format.LABEL_STUDIO:
        from xuncha.labels.interchange.label_studio import write_label_studio

        return write_label_studio(path, rows, writing)
    if wanted is Format.DOCCANO:
        from xuncha.labels.interchange.doccano import write_doccano

        return write_doccano(path, rows)
    if label_ids is None:
        rows = list(rows)
        label_ids = list(dict.fromkeys(label for row in rows for label in row.labels))
    return _write_table(path, rows, label_ids, wanted)


def _read_lines(path: Path, taxonomy: Taxonomy, reading: Reading, wanted: Format) -> Placed:
    if wanted is Format.DOCCANO:
        from xuncha.labels.interchange.doccano import read_doccano

        return read_doccano(path, taxonomy, reading)
    if wanted is Format.RECORDS:
        from xuncha.labels.interchange.jsonl import read_records

        return read_records(path, taxonomy, reading)
    if wanted is Format.WRITTEN:
        raise XunchaError(
            f"{path}: holds written rows. Turn them into rows: xuncha labels convert {path} -o NAME.jsonl."
        )
    from xuncha.labels.io import read_jsonl

    return read_jsonl(path, taxonomy)


def _write_table(path: Path, rows: Iterable[Row], label_ids: Sequence[str], wanted: Format) -> int:
    if wanted in (Format.CSV, Format.TSV):
        from xuncha.labels.interchange.delimited import write_delimited

        return write_delimited(path, rows, label_ids, "\t" if wanted is Format.TSV else ",")
    if wanted is Format.XLSX:
        from xuncha.labels.interchange.workbook import write_workbook

        return write_workbook(path, rows, label_ids)
    if wanted is Format.PARQUET:
        from xuncha.labels.interchange.parquet import write_parquet

        return write_parquet(path, rows, label_ids)
    raise XunchaError(f"Rows cannot be written as {wanted}. Choose one of {', '.join(_WRITABLE)}.")
