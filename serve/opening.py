"""The tables of a run, opened and read through once before anything is scored."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, quote, sentence
from xuncha.serve.columns import Columns, check_roles, columns_of, dropped_columns
from xuncha.serve.engines import Unreadable
from xuncha.serve.run import Run
from xuncha.serve.tables import ReadOptions, Table, layout_of
from xuncha.serve.tables.delimited import DelimitedTable
from xuncha.serve.tables.fingerprint import fingerprint, version
from xuncha.serve.tables.header import HeaderOptions
from xuncha.serve.tables.inputs import InputFile, Inputs
from xuncha.serve.tables.many import ManyTable
from xuncha.serve.tables.reading import table_in
from xuncha.serve.tables.storage import Source, open_source

UNREADABLE = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP, errno.EIO, errno.ESTALE, errno.ENAMETOOLONG)
"""Errors that lie in one input file, so that others can go on."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables of a run, as one. `failures`: a record for each file that could not be read."""

    inputs: Inputs
    table: Table
    sources: tuple[Source, ...]
    failures: tuple[dict[str, object], ...]
    columns: Columns
    dropped: frozenset[str]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the files hold and the run leaves out, such as a workbook's other sheets."""
        tables = self.table.tables if isinstance(self.table, ManyTable) else (self.table,)
        left = tuple(note for table in tables for note in getattr(table, "notes", ()))
        text = self.columns.text
        lacking = (table.name for table in tables if not set(text) & set(table.columns))
        return left + tuple(f"{name}: it has no column {_or(text)}, so none of its rows is scored." for name in lacking)

    def job(self, run: Run, target: str) -> dict[str, Any]:
        """What must be the same for an unfinished run to go on; the keys are for people too."""
        options = run.options
        return {
            "input": fingerprint(self.inputs, self.sources),
            "the model": run.scorer.model_id,
            "the operating point": run.point,
            "the text columns": list(self.columns.text),
            "the source column": self.columns.source,
            "the output format": str(options.output_format or Path(target).suffixes),
            "the encoding": self.table.encoding,
            "the header row": options.header_row or "found",
            "the replaced columns": sorted(self.dropped),
            "the treatment of formulas": "inert" if options.escape_formulas else "kept",
            "the rows a chunk": options.chunk_rows,
            "the version of xuncha": version(),
        }


@contextmanager
def opened(run: Run, inputs: Inputs, scratch: Path) -> Iterator[Opened]:
    """The tables of `inputs`, read through once, with copies in the folder `scratch`.

    One of several that cannot be read becomes a failure. Raises `Unreadable` if it is the only one or all are such.
    """
    options = run.options
    given = {**options.columns, **({"source": options.source_column} if options.source_column else {})}
    check_roles(given)
    header = HeaderOptions(options.header_row, options.text_columns)
    reading = ReadOptions(options.input_format, options.encoding, scratch, options.sheet, options.trusted, header)
    tables: list[Table] = []
    sources: list[Source] = []
    failures: list[tuple[InputFile, str]] = []
    with ExitStack() as stack:
        for file in inputs.files:
            try:
                if file.error:
                    raise XunchaError(file.error)
                layout = layout_of(file.path, reading.format, "--input-format")
                source = stack.enter_context(open_source(file.path, layout, scratch, trusted=reading.trusted))
                table = table_in(source, layout.format, reading)
                if inputs.several and isinstance(table, DelimitedTable):
                    table.refuse_doubled()
            except (XunchaError, OSError) as error:
                if isinstance(error, OSError) and error.errno not in UNREADABLE:
                    raise
                if not inputs.several:
                    raise (Unreadable(str(error)) if isinstance(error, XunchaError) else error) from None
                failures.append((file, sentence(error)))
                continue
            sources.append(source)
            tables.append(table)
        if not tables:
            raise Unreadable(f"{failures[0][1]}{_others(len(failures) - 1)}")
        whole = ManyTable(inputs.name, tables) if inputs.several else tables[0]
        try:
            columns = columns_of(whole, options.text_columns, given)
            dropped = dropped_columns(whole, run.scorer.labels, columns.text, options.overwrite_columns)
        except XunchaError as error:  # of a folder's files one may lack what others have
            raise Unreadable(str(error)) from None
        records: tuple[dict[str, object], ...] = tuple(
            {"file": file.path, "line": None, "row": None, "reason": why} for file, why in failures
        )
        yield Opened(inputs, whole, tuple(sources), records, columns, dropped)


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(quote(name) for name in names)


def _others(count: int) -> str:
    return f" The other {count} files cannot be read either." if count else ""
