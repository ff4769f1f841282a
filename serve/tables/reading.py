"""Open a table for reading, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.serve.tables.formats import Format, layout_of
from xuncha.serve.tables.header import HeaderOptions
from xuncha.serve.tables.rows import Rows
from xuncha.serve.tables.storage import Source, open_source

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_CHARS = 1 << 20
"""Characters after which a chunk ends before it has all its rows."""


class Table(Protocol):
    """A table that was read through once, so everything but the contents of its rows is known."""

    @property
    def name(self) -> str:
        """What messages call the table: its path, or "stdin"."""

    @property
    def format(self) -> Format:
        """Its format."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order; for JSONL all keys, in order of first appearance."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    @property
    def encoding(self) -> str | None:
        """The encoding in words, or None where the format has none."""

    @property
    def bom(self) -> bool:
        """Whether a byte order mark stood at the start."""

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow types."""

    def chunks(self, rows: int) -> Iterator[Rows]:
        """The rows in order, at most `rows` at a time, fewer where they are long."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a table. None: find out. `scratch` is the folder where a pipe is kept while it is read.

    `sheet` is the name of a workbook's sheet (default: the first that is not hidden and not empty). `trusted` lifts the
    limits on what packed data may grow to. `header` says how the header of CSV, TSV and XLSX is found (default: it is
    the first row).
    """

    format: str | None = None
    encoding: str | None = None
    scratch: Path | None = None
    sheet: str | None = None
    trusted: bool = False
    header: HeaderOptions | None = None


@contextmanager
def open_table(path: str, options: ReadOptions | None = None) -> Iterator[Table]:
    """Open the table at `path` (`-` for stdin, or a URL for fsspec) and read it through once.

    That pass finds what would otherwise be found after hours: a broken end, the encoding, columns that only
    some rows have. Raises `XunchaError` naming the file and the way out.
    """
    options = options or ReadOptions()
    layout = layout_of(path, options.format, "--input-format")
    with open_source(path, layout, options.scratch, trusted=options.trusted) as source:
        yield table_in(source, layout.format, options)


def table_in(source: Source, format: Format, options: ReadOptions) -> Table:
    """The table in `source`, read through once. It holds no open file, so another process can read it too."""
    if format is Format.PARQUET:
        from xuncha.serve.tables.parquet import ParquetTable

        return ParquetTable(source)
    if format is Format.XLSX:
        from xuncha.serve.tables.xlsx import XlsxTable

        return XlsxTable(source, options.sheet, options.header)
    if format is Format.JSONL:
        from xuncha.serve.tables.jsonl import JsonlTable

        return JsonlTable(source, options.encoding)
    from xuncha.serve.tables.delimited import DelimitedTable

    return DelimitedTable(source, format, options.encoding, options.header)


def require_column(table: Table, name: str, option: str) -> str:
    """`name` as the table spells it (blanks at the ends aside). Raises `XunchaError` if it is missing or double."""
    columns = table.columns
    found = [one for one in columns if one == name] or [one for one in columns if one.strip() == name.strip()]
    if len(found) == 1:
        return found[0]
    if found:
        raise XunchaError(f"{table.name}: {len(found)} columns are called {quote(name)}. Rename one of them.")
    hint = did_you_mean(name, table.columns)
    raise XunchaError(
        f"{table.name}: {option}: there is no column {quote(name)}.{hint} It has: {listed(table.columns)}."
    )


def listed(names: tuple[str, ...]) -> str:
    """The first twelve names, quoted, for a message."""
    if not names:
        return "none"
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return ", ".join(quote(name) for name in names[:12]) + more
