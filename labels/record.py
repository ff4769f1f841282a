"""A `Row` from and to one JSON object, strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.rows import SPLITS, Row, Source, Span
from xuncha.labels.strict import Fields, fields, items, kind, optional_text, text
from xuncha.labels.taxonomy import Taxonomy, not_there

_REQUIRED = ("id", "text", "source", "labels")
_OPTIONAL = ("spans", "origin", "kind", "group", "merchant", "annotator", "judged_at", "split", "meta")
_SPAN = ("start", "end", "label", "reason")


def row_from_json(where: str, value: object, taxonomy: Taxonomy | None) -> Row:
    """The row that one JSON object holds. Without a taxonomy, any label and reason will do.

    Raises `XunchaError` that begins with `where` (such as `rows.jsonl:17`) and names the field and the fix.
    """
    given = fields(where, value, _REQUIRED, _OPTIONAL)
    words = text(where, given, "text")
    labels = _labels(where, given, taxonomy)
    spans = tuple(
        _span(f"{where}: spans[{number}]", one, words, labels, taxonomy)
        for number, one in enumerate(items(where, given, "spans"))
    )
    return Row(
        id=text(where, given, "id"),
        text=words,
        source=source_of(where, given),
        labels=labels,
        spans=spans,
        origin=optional_text(where, given, "origin") or "",
        kind=optional_text(where, given, "kind"),
        group=optional_text(where, given, "group"),
        merchant=optional_text(where, given, "merchant"),
        annotator=optional_text(where, given, "annotator"),
        judged_at=_time(where, given),
        split=_split(where, given),
        meta=_meta(where, given),
    )


def row_to_json(row: Row) -> dict[str, Any]:
    """The JSON object of a row: fixed key order, and only the fields that are set."""
    spans = [{"start": one.start, "end": one.end, "label": one.label, "reason": one.reason} for one in row.spans]
    every = {
        "id": row.id,
        "text": row.text,
        "source": str(row.source),
        "labels": dict(row.labels),
        "spans": spans or None,
        "origin": row.origin or None,
        "kind": row.kind,
        "group": row.group,
        "merchant": row.merchant,
        "annotator": row.annotator,
        "judged_at": row.judged_at,
        "split": row.split,
        "meta": dict(row.meta) or None,
    }
    return {key: value for key, value in every.items() if value is not None}


def source_of(where: str, given: Fields) -> Source:
    """The `source` field as a `Source`."""
    name = text(where, given, "source")
    known = [str(one) for one in Source]
    if name not in known:
        hint = did_you_mean(name, known)
        raise XunchaError(f"{where}: source {quote(name)} is unknown.{hint} Allowed: {', '.join(known)}.")
    return Source(name)


def check_reason(where: str, label_id: str, reason_id: str, taxonomy: Taxonomy) -> None:
    """Raise `XunchaError` unless the taxonomy has the label, and the reason under that label."""
    check_label(where, label_id, taxonomy)
    own = [reason.id for reason in taxonomy.label(label_id).reasons]
    if reason_id in own:
        return
    if reason_id in taxonomy.reason_ids:
        owner = taxonomy.label_of(reason_id).id
        raise XunchaError(
            f'{where}: reason "{reason_id}" belongs to label "{owner}", not to "{label_id}". Change either.'
        )
    raise XunchaError(not_there(f"{where}: reason {quote(reason_id)}", reason_id, own))


def check_label(where: str, label_id: str, taxonomy: Taxonomy) -> None:
    """Raise `XunchaError` unless the taxonomy has the label."""
    if label_id not in taxonomy.label_ids:
        own = "" if did_you_mean(label_id, taxonomy.label_ids) else " A taxonomy of your own is given with --taxonomy."
        raise XunchaError(not_there(f"{where}: label {quote(label_id)}", label_id, taxonomy.label_ids) + own)


def _labels(where: str, given: Fields, taxonomy: Taxonomy | None) -> dict[str, bool | None]:
    value = given["labels"]
    if not isinstance(value, dict):
        raise XunchaError(f'{where}: field "labels" must map label ids to true, false or null; got {kind(value)}.')
    for label_id, judged in value.items():
        if taxonomy is not None:
            check_label(where, label_id, taxonomy)
        if not (judged is None or isinstance(judged, bool)):
            raise XunchaError(
                f'{where}: label "{label_id}" is {kind(judged)}. Write true, false, or null for not judged.'
            )
    return value


def _span(where: str, value: object, words: str, labels: Mapping[str, bool | None], taxonomy: Taxonomy | None) -> Span:
    given = fields(where, value, _SPAN)
    start, end = _offset(where, given, "start"), _offset(where, given, "end")
    label, reason = text(where, given, "label"), text(where, given, "reason")
    if taxonomy is not None:
        check_reason(where, label, reason, taxonomy)
    if not 0 <= start <= end <= len(words):
        raise XunchaError(
            f"{where}: {start}–{end} is outside the text, which has {len(words)} characters (code points). "
            "Mend start and end."
        )
    if start == end:
        raise XunchaError(f"{where}: {start}–{end} is empty. end is exclusive and must be greater than start.")
    if labels.get(label) is not True:
        said = "absent" if label not in labels else kind(labels[label])
        raise XunchaError(f'{where}: label "{label}" has a span but is {said} in labels. Set it true or drop the span.')
    return Span(start, end, label, reason)


def _offset(where: str, given: Fields, key: str) -> int:
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise XunchaError(f'{where}: field "{key}" must be a whole number of code points; got {kind(value)}.')
    return value


def _time(where: str, given: Fields) -> str | None:
    found = optional_text(where, given, "judged_at")
    if found is None:
        return None
    try:
        zoned = datetime.fromisoformat(found).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise XunchaError(
            f'{where}: field "judged_at" is {quote(found)}. Write a time with its zone, such as 2026-11-25T08:00:00Z.'
        )
    return found


def _split(where: str, given: Fields) -> str | None:
    name = optional_text(where, given, "split")
    if name is not None and name not in SPLITS:
        hint = did_you_mean(name, SPLITS)
        raise XunchaError(f"{where}: split {quote(name)} is unknown.{hint} Allowed: {', '.join(SPLITS)}.")
    return name


def _meta(where: str, given: Fields) -> dict[str, object]:
    value = given.get("meta")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise XunchaError(f'{where}: field "meta" must be an object; got {kind(value)}.')
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError):
        raise XunchaError(
            f'{where}: field "meta" holds what JSON cannot carry (a lone surrogate, an infinite number, another type). '
            "Mend it or take it out."
        ) from None
    return value
