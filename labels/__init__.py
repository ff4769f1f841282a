"""What xuncha tells apart, and the labelled rows that show it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xuncha.labels.errors import XunchaError
    from xuncha.labels.io import read_rows, write_rows
    from xuncha.labels.rows import Row, Source, Span
    from xuncha.labels.taxonomy import Label, Reason, Rule, Taxonomy

__all__ = [
    "Label",
    "Reason",
    "Row",
    "Rule",
    "Source",
    "Span",
    "Taxonomy",
    "XunchaError",
    "read_rows",
    "write_rows",
]
_HOMES = {
    "XunchaError": "errors",
    "read_rows": "io",
    "write_rows": "io",
    "Row": "rows",
    "Source": "rows",
    "Span": "rows",
    "Label": "taxonomy",
    "Reason": "taxonomy",
    "Rule": "taxonomy",
    "Taxonomy": "taxonomy",
}


def __getattr__(name: str) -> object:
    """Load a module when a name of it is asked for: one spot check needs few of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
