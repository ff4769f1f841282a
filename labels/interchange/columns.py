"""Columns of tables with labelled rows: which there are, and what is said of a table that has others."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from xuncha.labels.column_names import guessed
from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.interchange.options import Others, Reading
from xuncha.labels.taxonomy import Taxonomy

TEXTS = ("id", "text", "source", "origin", "kind", "group", "merchant", "annotator", "judged_at", "split")
"""Columns that hold one string."""
LABEL = "label_"
"""Label columns are `label_<id>`; the bare id is read too."""

FIELDS = "fields"
"""Column of a scored table with the verdict of each text column, where there are several."""
_SCORED = ("evidence", FIELDS, "status", "model")
_LINE = re.compile(r":\d+$")


class MissingColumn(XunchaError):
    """A table without the text column."""


def columns(label_ids: Iterable[str]) -> tuple[str, ...]:
    """Every column that a written table has, in order."""
    labels = (f"{LABEL}{label}" for label in label_ids)
    return ("id", "text", "source", *labels, "spans", *TEXTS[3:], "meta", "exact")


def check_columns(where: str, names: Mapping[str, Any] | tuple[str, ...], taxonomy: Taxonomy, reading: Reading) -> None:
    """Raise `XunchaError` for a missing text column, and for an unknown one unless it is to be kept or dropped."""
    if reading.text_column not in names:
        likely = () if reading.convert_first else guessed(tuple(names))
        hint = did_you_mean(reading.text_column, names) or "".join(f" Did you mean {quote(one)}?" for one in likely[:1])
        found = ", ".join(map(quote, names)) or "none"
        raise MissingColumn(
            f"{where}: there is no column {quote(reading.text_column)}.{hint} Columns: {found}. "
            + advice(where, names, taxonomy, reading, "Name the one with the text by --text-column.")
        )
    strange = [name for name in names if not known_column(name, names, taxonomy, reading)]
    if strange and reading.others is Others.REFUSE:
        hint = did_you_mean(strange[0], [*columns(taxonomy.label_ids), *taxonomy.label_ids])
        fix = "give --other-columns meta to keep such columns, drop to leave them out."
        told = advice(where, names, taxonomy, reading, fix)
        raise XunchaError(
            f"{where}: unknown column {quote(strange[0])}.{hint} Rename it, or {told[0].lower()}{told[1:]}"
        )


def conversion(path: object, **options: str) -> str:
    """The command that turns a table at `path` into rows.

    >>> conversion("goods.csv", text_column="标题")
    "xuncha labels convert goods.csv -o goods.jsonl --text-column '标题'"
    """
    file = str(path)
    stem = file.removesuffix(".gz").rsplit(".", 1)[0] if file != "-" else "rows"
    said = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    return shlex.join(["xuncha", "labels", "convert", file, "-o", f"{stem}.jsonl", *said])


def advice(
    where: str, names: Mapping[str, Any] | tuple[str, ...], taxonomy: Taxonomy, reading: Reading, fix: str
) -> str:
    """What to do about columns: `fix` where the command has the options for it, else the command that has them."""
    if not reading.convert_first:
        return fix
    options = {}
    text_column = "text" if "text" in names else next(iter(guessed(tuple(names))), "NAME")
    if text_column != "text":
        options["text_column"] = text_column
    if "source" not in names:
        options["source"] = "listing"
    told = replace(reading, text_column=text_column)
    if any(not known_column(name, names, taxonomy, told) for name in names if name != "NAME"):
        options["other_columns"] = "meta"
    choose = "; NAME is the column of the text" if text_column == "NAME" else ""
    return f"Convert the table into rows first: {conversion(_LINE.sub('', where), **options)}{choose}."


def known_column(name: str, names: Mapping[str, Any] | tuple[str, ...], taxonomy: Taxonomy, reading: Reading) -> bool:
    """Whether a column is one of a row or, in a scored table, one that scoring adds."""
    if name == reading.text_column:
        return True
    if name != "text" and (name in columns(taxonomy.label_ids) or name in taxonomy.label_ids):
        return True
    scored = any(one.startswith("flag_") for one in names)
    own = [f"{kind_}_{label}" for kind_ in ("score", "flag") for label in taxonomy.label_ids]
    return scored and name in (*own, *_SCORED)
