"""Which columns hold text, and which are added to a scored table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xuncha.labels.column_names import column_of, guessed
from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.serve.tables.added import Shape
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.reading import Table, listed, require_column

ROLES = ("source", "id", "merchant", "category", "time")
"""What a column may say about a row that is scored."""
_WITH_HEADER = (Format.CSV, Format.TSV, Format.XLSX)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table are for. `guessed`: nobody named the text columns."""

    text: tuple[str, ...]
    roles: Mapping[str, str]
    guessed: bool

    @property
    def source(self) -> str | None:
        """The column that says listing, speech or comment."""
        return self.roles.get("source")


def check_roles(given: Mapping[str, str]) -> None:
    """Raise `XunchaError` if there is no such role."""
    for role in given:
        if role not in ROLES:
            hint = did_you_mean(role, ROLES)
            raise XunchaError(f"--column: there is no role {quote(role)}.{hint} Choose {', '.join(ROLES)}.")


def columns_of(table: Table, text: Sequence[str], given: Mapping[str, str]) -> Columns:
    """The columns to score and the roles of others: those given, else by their names.

    `given` maps a role to a column, or to nothing where no column has it. Raises `XunchaError` for a name that is not
    there, or if no text column can be guessed.
    """
    names = text_columns(table, text)
    roles = {role: name for role, name in guessed_roles(table.columns).items() if name not in names}
    for role, name in given.items():
        roles.pop(role, None)
        if name:
            option = "--source-column" if role == "source" else "--column"
            roles[role] = require_column(table, name, option)
    return Columns(names, {role: roles[role] for role in ROLES if role in roles}, not text)


def guessed_roles(columns: Sequence[str]) -> dict[str, str]:
    """Columns by the role that their names say, in Chinese or English.

    >>> guessed_roles(["商品ID", "店铺名称", "标题", "price"])
    {'id': '商品ID', 'merchant': '店铺名称'}
    """
    found = {role: column_of(role, columns) for role in ROLES}
    return {role: name for role, name in found.items() if name is not None and columns.count(name) == 1}


def text_columns(table: Table, given: Sequence[str]) -> tuple[str, ...]:
    """The columns to score: those given, or else those whose names say that they hold text.

    Raises `XunchaError` for a name that is not there, or if no name can be guessed.
    """
    if given:
        names = tuple(dict.fromkeys(require_column(table, name, "--text-column") for name in given))
    else:
        names = guessed(table.columns)
        if not names:
            by_row = "name the header's row with --header-row, or " if table.format in _WITH_HEADER else ""
            raise XunchaError(
                f"{table.name}: no column looks like text. Name one with --text-column; it has: "
                f"{listed(table.columns)}. If that is a row and not a header, {by_row}add a header line."
            )
        for name in names:
            require_column(table, name, "--text-column")
    return names


def added_names(labels: Sequence[str], text_columns: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the columns that scoring adds, in order."""
    return Shape.of(labels, text_columns).names


def dropped_columns(
    table: Table, labels: Sequence[str], text_columns: Sequence[str], overwrite: bool
) -> frozenset[str]:
    """Input columns that make room for added ones. Raises `XunchaError` if there are some and not `overwrite`."""
    added = added_names(labels, text_columns)
    clash = tuple(name for name in table.columns if name in added)
    if clash and not overwrite:
        raise XunchaError(
            f"{table.name}: it already has {listed(clash)}, which scoring adds. Rename, or replace with "
            "--overwrite-columns."
        )
    return frozenset(clash)
