"""Records as cells of text, for CSV and workbooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.interchange.columns import TEXTS
from xuncha.labels.interchange.exact import exact_json, restored
from xuncha.labels.interchange.records import json_cell, record_of
from xuncha.labels.rows import Row
from xuncha.labels.strict import kind

Shown = Callable[[str], str]


def cells_of(row: Row, label_ids: Sequence[str], shown: Shown) -> dict[str, str]:
    """The cells of a row by column: labels `true`, `false` or nothing; objects and lists as JSON."""
    record = record_of(row, label_ids)
    exact: dict[str, Any] = dict(record.pop("exact"))
    cells: dict[str, str] = {}
    for name, value in record.items():
        if name in TEXTS and value is not None:
            cells[name] = shown(value)
            if cells[name] != value:
                exact[name] = value
        elif isinstance(value, bool):
            cells[name] = "true" if value else "false"
        else:
            cells[name] = exact_json(value) if value else ""
    cells["exact"] = exact_json(exact) if exact else ""
    return cells


def exact_record(where: str, cells: Mapping[str, Any], shown: Shown) -> Mapping[str, Any]:
    """Cells as a record, with the exact text where a cell still shows it."""
    if not cells.get("exact"):
        return cells
    exact = json_cell(where, "exact", cells["exact"])
    if not isinstance(exact, dict):
        raise XunchaError(f'{where}: column "exact" must be an object; got {kind(exact)}. Empty the cell.')
    return {**restored(cells, exact, shown), "exact": exact}
