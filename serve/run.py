"""How to score a table, who scores it, and who is told how it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from xuncha.serve.annotation import TextScorer
from xuncha.serve.engines import Engine
from xuncha.serve.summary import Tally


@dataclass(frozen=True, slots=True)
class Options:
    """How to score a table. None or empty: find out from names and contents.

    `header_row`: the row of the header in CSV, TSV and XLSX, from 1. `columns` maps roles
    (`xuncha.serve.columns.ROLES`) to columns. `overwrite_columns` lets added columns take the place of input columns
    of the same name; `force` lets the output take the place of an existing file; `escape_formulas` makes input cells
    inert in CSV and TSV output; `resume` goes on with an unfinished run; `strict` refuses an input with rejects
    before anything is scored; `trusted` lifts the limits on what packed input may grow to; `work_dir` is where
    finished rows are kept meanwhile, by default beside the output.
    """

    text_columns: tuple[str, ...] = ()
    source_column: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    input_format: str | None = None
    output_format: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    overwrite_columns: bool = False
    force: bool = False
    resume: bool = False
    strict: bool = False
    trusted: bool = False
    escape_formulas: bool = True
    work_dir: Path | None = None
    chunk_rows: int = 2048


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known before the first row is scored.

    `rows` is None for an output folder, whose files are read one by one.
    """

    source: str
    rows: int | None
    encoding: str | None
    text_columns: tuple[str, ...]
    guessed: bool
    roles: Mapping[str, str] = field(default_factory=dict)
    resumed: int = 0
    files: int = 1


class Progress(Protocol):
    """Told how a run goes on."""

    def started(self, plan: Plan) -> None:
        """The table was read through once and scoring begins."""

    def advanced(self, tally: Tally) -> None:
        """More rows were written."""


class Silence:
    """Progress that nobody sees."""

    def started(self, plan: Plan) -> None:
        """Say nothing."""

    def advanced(self, tally: Tally) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """Who scores, how, and who is told."""

    scorer: TextScorer
    engine: Engine
    options: Options
    progress: Progress

    @property
    def point(self) -> str:
        """The operating point, or nothing for a scorer that has none."""
        return str(getattr(self.scorer, "operating_point", ""))
