"""Which format a path stands for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from xuncha.labels.errors import XunchaError, did_you_mean, quote

STDIO = "-"
"""Standard input where a table is read, standard output where one is written."""


class Format(StrEnum):
    """How rows are laid out in bytes."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"


_SUFFIXES = {f".{one}": one for one in Format} | {".ndjson": Format.JSONL, ".pq": Format.PARQUET}


@dataclass(frozen=True, slots=True)
class Layout:
    """A format, and whether gzip stands around it."""

    format: Format
    gzip: bool = False


def layout_of(path: str, given: str | None, option: str) -> Layout:
    """The layout of the table at `path`: from its name, or from `given` (the value of `option`).

    A `.gz` at the end means gzip in both cases. `-` without `given` is JSONL. Raises `XunchaError` for a name
    or a value that says nothing.

    >>> layout_of("goods.CSV.gz", None, "--input-format")
    Layout(format=<Format.CSV: 'csv'>, gzip=True)
    """
    name = Path(path).name.lower()
    packed = name.endswith(".gz")
    if given is not None:
        inner = given.lower().removeprefix(".")
        packed = packed or inner.endswith(".gz")
        return Layout(_named(inner.removesuffix(".gz"), option), packed)
    if path == STDIO:
        return Layout(Format.JSONL)
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix not in _SUFFIXES:
        raise XunchaError(f"{path}: {_unknown(suffix)}. {_choices()}, or name the format with {option}.")
    return Layout(_SUFFIXES[suffix], packed)


def _unknown(suffix: str) -> str:
    if suffix in (".xlsx", ".xls", ".et"):
        return "spreadsheet files cannot be read yet"
    return f"the ending {quote(suffix)} names no table format" if suffix else "the name does not say which format it is"


def _choices() -> str:
    return f"Use a file that ends in {', '.join(f'.{one}' for one in Format)} (.gz may follow)"


def _named(value: str, option: str) -> Format:
    found = _SUFFIXES.get(f".{value}")
    if found is None:
        hint = did_you_mean(value, list(Format))
        raise XunchaError(f"{option}: there is no format {quote(value)}.{hint} Choose {', '.join(Format)}.")
    return found
