"""The rows that could not be read or scored, one JSON object a line; in the output they keep their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xuncha.serve.tables.added import Added
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.json_values import Number, dumps, loads
from xuncha.serve.tables.many import JoinedRows
from xuncha.serve.tables.reading import Table
from xuncha.serve.tables.rows import Rows
from xuncha.serve.tables.xlsx_limits import CELL_UNITS, units

REASONS = ("malformed", "too_long", "not_text")
"""Statuses, up to a colon, of rows that are rejects. A row without text is none."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_CONTENT_LIMIT = 100_000
"""Characters of a row that are repeated in the rejects; a longer one is whole in the output, where it stands."""


@dataclass(frozen=True, slots=True)
class Rejects:
    """Finds the rejects among scored rows. `roles`: columns whose value names a row ("id", "merchant")."""

    table: Table
    format: Format
    roles: Mapping[str, str]

    def lines(self, rows: Rows, added: Added, before: int) -> list[dict[str, object]]:
        """A record for each reject. `before`: how many rows of the output stand before these."""
        statuses = [str(one) for one in added.column("status")]
        found = {at: [status] for at, status in enumerate(statuses) if status.split(":")[0] in REASONS}
        for at, reason in self._cut(rows):
            found.setdefault(at, []).append(reason)
        if not found:
            return []
        members = list(rows.members(frozenset()))
        places = located(self.table, rows)
        named = {role: rows.values(column) for role, column in self.roles.items()}
        records = []
        for at, reasons in sorted(found.items()):
            file, line = places[at]
            names = {role: _name(values[at]) for role, values in named.items() if values[at] is not None}
            whole = any(reason.startswith("a cell") for reason in reasons) or len(members[at]) <= _CONTENT_LIMIT
            content = {"content": loads(f"{{{members[at]}}}")} if whole else {}
            records.append(
                {"file": file, "line": line, "row": before + at + 1, "reason": "; ".join(reasons), **names, **content}
            )
        return records

    def _cut(self, rows: Rows) -> Iterator[tuple[int, str]]:
        """Rows that lose something in the output's format, and why: a sheet cuts long cells."""
        if self.format is not Format.XLSX:
            return
        columns = self.table.columns
        for at, cells in enumerate(rows.cells(columns)):
            for name, cell in zip(columns, cells, strict=True):
                if len(cell) * 2 > CELL_UNITS and units(cell) > CELL_UNITS:
                    yield at, f"a cell of {units(cell)} characters in {name} is cut to {CELL_UNITS}, as a sheet has it"


def encoded(records: Sequence[Mapping[str, object]]) -> bytes:
    """The lines of a rejects file."""
    lines = (_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", dumps(dict(record))) for record in records)
    return "".join(f"{line}\n" for line in lines).encode()


def located(table: Table, rows: Rows) -> list[tuple[str, int]]:
    """File and line of each row."""
    if isinstance(rows, JoinedRows):
        return rows.places
    return [(table.name, line) for line in rows.lines]


def _name(value: object) -> str:
    return value.text if isinstance(value, Number) else str(value)
