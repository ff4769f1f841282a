"""Which format a path stands for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from xuncha.labels.errors import XunchaError, did_you_mean, quote

STDIO = "-"
"""Standard input where a table is read, standard output where one is written."""


class Format(StrEnum):
    """How rows are laid out in bytes."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"


class Packing(StrEnum):
    """What stands around the bytes of a table."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


_SUFFIXES = {f".{one}": one for one in Format} | {".ndjson": Format.JSONL, ".pq": Format.PARQUET, ".xlsm": Format.XLSX}
_PACKED = {".gz": Packing.GZIP, ".gzip": Packing.GZIP, ".zst": Packing.ZSTD, ".zstd": Packing.ZSTD}


@dataclass(frozen=True, slots=True)
class Layout:
    """A format, and what stands around it."""

    format: Format
    packing: Packing = Packing.NONE


def layout_of(path: str, given: str | None, option: str) -> Layout:
    """The layout of the table at `path`: from its name, or from `given` (the value of `option`).

    A `.gz` or `.zst` at the end means gzip or zstd in both cases. `-` without `given` is JSONL. Raises `XunchaError`
    for a name or a value that says nothing.

    >>> layout_of("goods.CSV.gz", None, "--input-format")
    Layout(format=<Format.CSV: 'csv'>, packing=<Packing.GZIP: 'gzip'>)
    """
    name, packing = _unpacked(PurePosixPath(path).name.lower())
    if given is not None:
        inner, inner_packing = _unpacked(given.lower().removeprefix("."))
        return Layout(_named(inner, option), packing if inner_packing is Packing.NONE else inner_packing)
    if path == STDIO:
        return Layout(Format.JSONL)
    suffix = PurePosixPath(name).suffix
    if suffix not in _SUFFIXES:
        raise XunchaError(f"{path}: {_unknown(suffix)}. {_choices()}, or name the format with {option}.")
    return Layout(_SUFFIXES[suffix], packing)


def names_a_table(path: str) -> bool:
    """Whether the name of `path` says which format it has."""
    return PurePosixPath(_unpacked(PurePosixPath(path).name.lower())[0]).suffix in _SUFFIXES


def stem_of(path: str) -> str:
    """`path` without the endings that say format and packing.

    >>> stem_of("shop/goods.csv.gz")
    'shop/goods'
    """
    stripped, _ = _unpacked(path)
    suffix = PurePosixPath(stripped).suffix
    return stripped[: -len(suffix)] if suffix.lower() in _SUFFIXES else stripped


def _unpacked(name: str) -> tuple[str, Packing]:
    suffix = PurePosixPath(name).suffix
    packing = _PACKED.get(suffix.lower(), Packing.NONE)
    return (name, packing) if packing is Packing.NONE else (name[: -len(suffix)], packing)


def _unknown(suffix: str) -> str:
    if suffix in (".xls", ".et", ".xlsb", ".ods"):
        return f"spreadsheets of the kind {suffix} cannot be read; save it as XLSX"
    return f"the ending {quote(suffix)} names no table format" if suffix else "the name does not say which format it is"


def _choices() -> str:
    return f"Use a file that ends in {', '.join(f'.{one}' for one in Format)} (.gz or .zst may follow)"


def _named(value: str, option: str) -> Format:
    found = _SUFFIXES.get(f".{value}")
    if found is None:
        hint = did_you_mean(value, list(Format))
        raise XunchaError(f"{option}: there is no format {quote(value)}.{hint} Choose {', '.join(Format)}.")
    return found
