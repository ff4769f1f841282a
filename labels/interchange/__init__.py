"""Labelled rows in the formats of other tools, there and back without loss."""

from __future__ import annotations

from xuncha.labels.interchange.formats import Format, format_of, read_any, sniff, write_any
from xuncha.labels.interchange.options import Others, Reading, Writing

__all__ = ["Format", "Others", "Reading", "Writing", "format_of", "read_any", "sniff", "write_any"]
