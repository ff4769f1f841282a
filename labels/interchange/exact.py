"""Cells that are harmless in a spreadsheet and a terminal, and how the exact text is kept beside them.

A cell holds `shown(value)`. Where that is not the value, the value goes into the row's `exact` column. On reading, an
exact value counts while the cell still shows it: who edits the cell has the last word.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping

from xuncha.labels.spreadsheet import FORMULA

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NONCHARACTERS = "\ufffe\uffff"


def shown_delimited(value: str) -> str:
    r"""What a CSV cell shows: no control or bidi character, and an apostrophe before what looks like a formula.

    >>> shown_delimited("=1+1"), shown_delimited("a" + chr(27))
    ("'=1+1", 'a\\x1b')
    """
    harmless = _harmless(value)
    return f"'{harmless}" if harmless.startswith(FORMULA) else harmless


def shown_workbook(value: str) -> str:
    """What an XLSX cell shows: its strings are typed, so that no formula can arise, but XML holds no controls.

    Workbook readers take `_x005F_` for an escape; it is shown broken up.
    """
    return _harmless(value).replace("x005F_", "x005F\\x5f")


def exact_json(value: object) -> str:
    """JSON that reads back exactly, with escapes for what could do harm and for what a workbook would change."""
    text = json.dumps(value, ensure_ascii=False).replace("x005F_", "\\u0078005F_")
    return text if text.isprintable() else "".join(json.dumps(c)[1:-1] if _harmful(c) else c for c in text)


def restored(cells: Mapping[str, str], exact: Mapping[str, object], shown: Callable[[str], str]) -> dict[str, str]:
    """`cells` with each exact value in place of the cell that still shows it."""
    kept = {
        name: value
        for name, value in exact.items()
        if isinstance(value, str) and name in cells and shown(value) == cells[name]
    }
    return {**cells, **kept}


def _harmless(value: str) -> str:
    if value.isprintable():
        return value
    return "".join(_escape(char) if _harmful(char) else char for char in value)


def _harmful(char: str) -> bool:
    if char in "\n\t":
        return False
    return char in _BIDI or char in _NONCHARACTERS or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
