"""What xuncha tells apart, and the labelled rows that show it."""

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
