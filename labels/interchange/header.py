"""Which row of a table names its columns, where exports have a title above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from xuncha.labels.errors import XunchaError
from xuncha.labels.interchange.columns import MissingColumn, check_columns
from xuncha.labels.interchange.options import Reading
from xuncha.labels.taxonomy import Taxonomy

Cells = TypeVar("Cells", bound=Sequence[object])
_LOOKED_AT = 9


def take_header(path: Path, records: Iterator[tuple[int, Cells]], reading: Reading) -> tuple[int, Cells | None]:
    """Place and cells of the header: the first record, or the one at `reading.header_row`; None without records.

    Raises `XunchaError` if no record begins at that row.
    """
    wanted = reading.header_row
    place, cells = next((one for one in records if one[0] >= (wanted or 1)), (1, None))
    if wanted is not None and (cells is None or place != wanted):
        raise XunchaError(f"{path}: --header-row: there is nothing in row {wanted}. Name the row of the header.")
    return place, cells


def check_header(
    where: str, names: Sequence[str], below: Iterator[tuple[int, list[str]]], taxonomy: Taxonomy, reading: Reading
) -> None:
    """`check_columns`, whose error also says which of the rows `below` names the text column, if one does."""
    try:
        check_columns(where, tuple(names), taxonomy, reading)
    except MissingColumn as error:
        place = next((place for place, cells in islice(below, _LOOKED_AT) if reading.text_column in cells), None)
        if place is None or reading.convert_first:
            raise
        raise XunchaError(f"{error} Row {place} names it: --header-row {place}.") from None
