"""What a sheet can hold."""

from __future__ import annotations

SHEET_ROWS = 1_048_575
"""Rows under the header."""

SHEET_COLUMNS = 16_384

CELL_UNITS = 32_767
"""UTF-16 code units in a cell."""


def units(text: str) -> int:
    """UTF-16 code units of `text`.

    >>> units("好"), units("😂")
    (1, 2)
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str) -> str:
    """`text`, cut to what a cell holds."""
    if len(text) * 2 <= CELL_UNITS or units(text) <= CELL_UNITS:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * CELL_UNITS].decode("utf-16-le", "ignore")
