"""Which column of a scored table plays which part, guessed from common Chinese and English names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from xuncha.labels.column_names import column_of
from xuncha.serve.tables import Table
from xuncha.serve.tables.reading import require_column

NONE = "-"
"""Value of a role option that says: no column plays this part."""

_ROLES = {"day": "time"}


@dataclass(frozen=True, slots=True)
class Roles:
    """The column that plays each part, or None. `merchant` tells merchants apart, `merchant_name` is shown."""

    id: str | None = None
    merchant: str | None = None
    merchant_name: str | None = None
    category: str | None = None
    day: str | None = None
    title: str | None = None
    source: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that plays a part, once."""
        return tuple(dict.fromkeys(name for name in self._by_role().values() if name))

    def shown(self) -> str:
        """The choice in one line, for people: `id=listing_id · merchant=shop …`."""
        return " · ".join(f"{role}={name or NONE}" for role, name in self._by_role().items())

    def _by_role(self) -> dict[str, str | None]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


def find_roles(table: Table, given: Mapping[str, str]) -> Roles:
    """The roles that the user gave (`-` for none) and, for the others, those that column names suggest.

    Raises `XunchaError` for a given column that the table does not have.
    """
    found: dict[str, str | None] = guessed_roles(table.columns)
    for role, name in given.items():
        option = f"--{role.replace('_', '-')}-column"
        found[role] = None if name == NONE else require_column(table, name, option)
    if "merchant" in given and "merchant_name" not in given and found["merchant"] is None:
        found["merchant_name"] = None
    return Roles(**found)


def guessed_roles(columns: Sequence[str]) -> dict[str, str | None]:
    """The column of each role, by name.

    >>> guessed_roles(["商品ID", "店铺ID", "店铺名称(展示)", "类目"])["merchant_name"]
    '店铺名称(展示)'
    """
    return {one.name: column_of(_ROLES.get(one.name, one.name), columns) for one in fields(Roles)}
