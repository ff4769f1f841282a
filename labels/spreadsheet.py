"""Text that a spreadsheet program would take for a formula: how it is made inert in a scored table, and undone."""

from __future__ import annotations

import re
from collections.abc import Collection

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of such a cell; the last four are the full-width forms of the first."""

_NUMBER = re.compile(r"[+-]?(\d[\d,]*(\.\d*)?|\.\d+)([eE][+-]?\d+)?%?")


def inert(cell: str) -> str:
    """`cell`, behind an apostrophe if a spreadsheet would take it for a formula. A plain number is none.

    So is a cell that has such an apostrophe already, so that `plain` gives back every cell as it was.

    >>> inert("=1+1"), inert("全新"), inert("-5.50"), inert("- 全新"), inert("'=1+1")
    ("'=1+1", '全新', '-5.50', "'- 全新", "''=1+1")
    """
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) and not _NUMBER.fullmatch(cell) else cell


def marked(cell: str) -> str:
    """`cell` for a sheet whose cells are typed: only what `plain` would shorten gets an apostrophe more."""
    return f"'{cell}" if plain(cell) != cell else cell


def plain(cell: str) -> str:
    """The cell that `inert` or `marked` was given.

    >>> plain("'=1+1"), plain("'好'"), plain("=1+1")
    ('=1+1', "'好'", '=1+1')
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA) else cell


def is_scored(columns: Collection[str]) -> bool:
    """Whether `xuncha score` wrote a table with these columns: only there are apostrophes taken off."""
    known = "evidence" in columns and ("status" in columns or "model" in columns)
    return known and any(name.startswith("flag_") for name in columns)
