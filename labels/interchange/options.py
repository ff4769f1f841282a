"""What a file does not say itself, and the reader or writer is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xuncha.labels.rows import Source


class Others(StrEnum):
    """What becomes of columns that no row has."""

    REFUSE = "refuse"
    META = "meta"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read.

    `source`, `origin` and `annotator` fill what a record leaves out. `text_column` holds the text. `others` says what
    becomes of unknown columns (of tables: `refuse` names them; Label Studio and doccano keep them as meta anyway).
    `unchosen_false`: in a multiple choice, a label that was not chosen is false; else nobody has judged it.
    `predictions`: read a tool's predictions instead of people's annotations. `encoding` is that of CSV and TSV (None:
    UTF-8 and GB18030 are told apart). `convert_first`: who reads has no options for all this, so an error names the
    command that has. `header_row`: the row of the header in CSV, TSV and XLSX, from 1 (None: the first).
    """

    source: Source | None = None
    origin: str | None = None
    annotator: str | None = None
    text_column: str = "text"
    others: Others = Others.REFUSE
    unchosen_false: bool = False
    predictions: bool = False
    encoding: str | None = None
    convert_first: bool = False
    header_row: int | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """How rows are written. `predictions`: as pre-annotations for people to confirm, where the format has them."""

    predictions: bool = False


DEFAULT_READING = Reading()
DEFAULT_WRITING = Writing()
