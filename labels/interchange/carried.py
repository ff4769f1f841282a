"""What annotation tools have no field for: it travels as an object beside the text, and comes back from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.interchange.columns import TEXTS
from xuncha.labels.interchange.options import Reading
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Label, Taxonomy

FALSE = "=false"
"""A choice `LABEL=false` says that the label was judged and does not hold; `LABEL`, that it does."""
BETWEEN = "/"
"""A span is marked `LABEL/REASON`; the reason alone is read too."""


def carried(row: Row) -> dict[str, Any]:
    """Every field of a row but text, labels and spans, as far as it is set; `null` names labels that are null."""
    fields = {name: getattr(row, name) for name in TEXTS if name != "text"}
    null = [label for label, judged in row.labels.items() if judged is None]
    given = {**fields, "source": str(row.source), "meta": dict(row.meta), "null": null}
    return {name: value for name, value in given.items() if value}


def uncarried(given: Mapping[str, Any], reading: Reading, fallback_id: str) -> dict[str, Any]:
    """The object of a row without text, labels and spans. What is no field of a row goes into `meta`."""
    row = {name: given[name] for name in TEXTS if name != "text" and given.get(name) is not None}
    row["id"] = str(row.get("id", fallback_id))
    for name, value in (("source", reading.source), ("origin", reading.origin), ("annotator", reading.annotator)):
        if value is not None:
            row.setdefault(name, str(value))
    known = {*TEXTS, "meta", "null", reading.text_column}
    meta = given.get("meta")
    strange = {name: value for name, value in given.items() if name not in known}
    own = meta if isinstance(meta, dict) else {} if meta is None else {"meta": meta}
    row["meta"] = {**own, **strange}
    return row


def choices(labels: Mapping[str, bool | None]) -> list[str]:
    """Judged labels as choices."""
    return [label if judged else label + FALSE for label, judged in labels.items() if judged is not None]


def chosen(where: str, values: Iterable[object], taxonomy: Taxonomy) -> dict[str, bool]:
    """Choices as judged labels, by id or name. Raises `XunchaError` for an unknown one, and for both at once."""
    found: dict[str, bool] = {}
    for value in values:
        word = str(value)
        judged = not word.endswith(FALSE)
        label = find_label(where, word.removesuffix(FALSE), taxonomy).id
        if found.setdefault(label, judged) != judged:
            raise XunchaError(f"{where}: chooses both {quote(label)} and {quote(label + FALSE)}. Take one out.")
    return found


def find_label(where: str, word: str, taxonomy: Taxonomy) -> Label:
    """The label with this id or name."""
    for label in taxonomy.labels:
        if word in (label.id, label.name_zh, label.name_en):
            return label
    names = [name for label in taxonomy.labels for name in (label.id, label.name_zh, label.name_en)]
    raise XunchaError(
        f"{where}: choice {quote(word)} is no label.{did_you_mean(word, names)} `xuncha labels list` shows all."
    )


def find_mark(where: str, word: str, taxonomy: Taxonomy) -> tuple[str, str]:
    """Label and reason that a span's mark names: `LABEL/REASON`, or a reason alone, by id or name."""
    for label in taxonomy.labels:
        for reason in label.reasons:
            own = (reason.id, reason.name_zh, reason.name_en)
            full = [f"{one}{BETWEEN}{name}" for one in (label.id, label.name_zh, label.name_en) for name in own]
            if word in (*own, *full):
                return label.id, reason.id
    for label in taxonomy.labels:
        if word in (label.id, label.name_zh, label.name_en):
            if len(label.reasons) == 1:
                return label.id, label.reasons[0].id
            marks = ", ".join(f"{label.id}{BETWEEN}{reason.id}" for reason in label.reasons)
            raise XunchaError(f"{where}: {quote(word)} does not say which reason. Mark spans as one of {marks}.")
    known = [f"{label.id}{BETWEEN}{reason.id}" for label in taxonomy.labels for reason in label.reasons]
    hint = did_you_mean(word, [*known, *taxonomy.reason_ids])
    raise XunchaError(f"{where}: mark {quote(word)} is no reason.{hint} `xuncha labels list` shows all.")


def with_unchosen(labels: Mapping[str, bool], taxonomy: Taxonomy, reading: Reading) -> dict[str, bool | None]:
    """`labels` in the taxonomy's order; with `unchosen_false`, those that are missing are false."""
    missing = {label: False for label in taxonomy.label_ids if reading.unchosen_false and label not in labels}
    every: dict[str, bool | None] = {**labels, **missing}
    return {label: every[label] for label in taxonomy.label_ids if label in every}


def with_null(labels: dict[str, bool | None], given: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, bool | None]:
    """`labels` with those that were null and are judged by nobody still."""
    null = given.get("null")
    named = [label for label in taxonomy.label_ids if isinstance(null, list) and label in null]
    return labels | {label: None for label in named if label not in labels}
