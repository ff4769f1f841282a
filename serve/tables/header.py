"""Which row of a table names its columns: exports often have a title, a date or a note above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from xuncha.labels.column_names import guessed
from xuncha.labels.errors import XunchaError
from xuncha.labels.spreadsheet import is_scored

_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class HeaderOptions:
    """`row`: the header's row (from 1, as a spreadsheet program counts; CSV: physical line). None: find it.

    `names`: text columns that the user named, by which it may be found.
    """

    row: int | None = None
    names: tuple[str, ...] = ()


def header_row(name: str, rows: Iterable[tuple[int, Sequence[str]]], options: HeaderOptions | None) -> int:
    """The row of the header among `rows` (place and cells; those without contents are left out).

    That is the given one; else the first, unless it names no text column and one of the ten first rows does. Without
    `options` it is the first. Raises `XunchaError` if the given row has nothing in it; `name` is the table's.
    """
    if options is not None and options.row is not None:
        place = next((place for place, _ in rows if place >= (options.row or 0)), None)
        if place != options.row:
            raise XunchaError(
                f"{name}: --header-row: there is nothing in row {options.row}. Name the row of the header."
            )
        return options.row
    first = list(islice(rows, _LOOKED_AT if options else 1))
    if not first:
        return 1
    told = (place for place, cells in first if _names_texts(cells, options))
    return first[0][0] if options is None or is_scored(first[0][1]) else next(told, first[0][0])


def above(name: str, place: int, rows: int) -> tuple[str, ...]:
    """The sentence that tells of `rows` rows above a header that was found in row `place`."""
    if not rows:
        return ()
    what = "the row above it is" if rows == 1 else f"the {rows} rows above it are"
    return (f"{name}: the header is row {place}; {what} left out; --header-row names another.",)


def _names_texts(cells: Sequence[str], options: HeaderOptions | None) -> bool:
    wanted = {one.strip() for one in options.names} if options else set()
    if wanted:
        return bool(wanted & {cell.strip() for cell in cells})
    return bool(guessed(cells))
