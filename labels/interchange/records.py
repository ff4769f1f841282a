"""A row as a flat record: one value a column, labels as columns of their own. Tables and `datasets` share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.interchange.columns import FIELDS, LABEL, TEXTS, advice, check_columns, known_column
from xuncha.labels.interchange.options import Others, Reading
from xuncha.labels.record import row_from_json, row_to_json
from xuncha.labels.rows import Row, Span
from xuncha.labels.strict import kind, load_json
from xuncha.labels.taxonomy import Taxonomy

_TAKE_OUT = "take the row out (convert does with --skip-bad)"
_TRUE = {"true", "1", "yes", "是"}
_FALSE = {"false", "0", "no", "否"}


class EmptyText(XunchaError):
    """A record without a text; production tables have some."""


def record_of(row: Row, label_ids: Iterable[str]) -> dict[str, Any]:
    """The record of a row: labels true, false or None, `spans` a list of objects, `meta` an object.

    `exact` is an object: `null` there names labels that are null, and not just absent.
    """
    given = row_to_json(row)
    record: dict[str, Any] = {name: given.get(name) for name in TEXTS}
    record |= {f"{LABEL}{label}": row.labels.get(label) for label in label_ids}
    record["spans"] = [span_object(row.text, span) for span in row.spans]
    record["meta"] = dict(row.meta)
    null = [label for label, judged in row.labels.items() if judged is None]
    record["exact"] = {"null": null} if null else {}
    return record


def span_object(text: str, span: Span) -> dict[str, Any]:
    """A span as an object, with the words it marks beside their place."""
    place = {"start": span.start, "end": span.end, "label": span.label, "reason": span.reason}
    return {**place, "text": text[span.start : span.end]}


def row_of(where: str, record: Mapping[str, Any], taxonomy: Taxonomy, reading: Reading, fallback_id: str) -> Row:
    """The row that a record holds; cells that are None or "" count as absent.

    A scored table's record (`flag_<label>`, `evidence`) becomes the row that the model would write. Raises
    `XunchaError` that begins with `where`.
    """
    check_columns(where, record, taxonomy, reading)
    given = {name: value for name, value in record.items() if value is not None and value != ""}
    row: dict[str, Any] = {name: text_cell(where, name, given[name]) for name in TEXTS if name in given}
    if reading.text_column != "text":
        row.pop("text", None)
        if reading.text_column in given:
            row["text"] = text_cell(where, reading.text_column, given[reading.text_column])
    if not row.get("text", "").strip():
        raise EmptyText(f"{where}: column {quote(reading.text_column)} is empty. Give it a text, or {_TAKE_OUT}.")
    row.setdefault("id", fallback_id)
    for name, value in (("source", reading.source), ("origin", reading.origin), ("annotator", reading.annotator)):
        if value is not None:
            row.setdefault(name, str(value))
    if "source" not in row:
        fix = "Add it, or give --source listing, speech or comment."
        others = {name: value for name, value in record.items() if name != "source"}
        raise XunchaError(f'{where}: field "source" is missing. {advice(where, others, taxonomy, reading, fix)}')
    row["labels"] = _labels(where, given, taxonomy)
    row["spans"] = spans_of(f"{where}: spans", json_cell(where, "spans", given.get("spans", [])), row.get("text", ""))
    meta = json_cell(where, "meta", given.get("meta", {}))
    row["meta"] = {**meta, **_extra(given, taxonomy, reading)} if isinstance(meta, dict) else meta
    if any(name.startswith("flag_") for name in record):
        row |= _scored(where, given, row, taxonomy, reading)
    return row_from_json(where, row, taxonomy)


def text_cell(where: str, name: str, value: object) -> str:
    """A cell as a string; whole numbers, which spreadsheets make of digits, are written out."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    raise XunchaError(f"{where}: column {quote(name)} is {kind(value)}, not text. Format the column as text.")


def json_cell(where: str, name: str, value: object) -> object:
    """The value of a cell that holds JSON: parsed where it is a string."""
    return load_json(f"{where}: column {quote(name)}", value) if isinstance(value, str) else value


def spans_of(where: str, value: object, text: str) -> object:
    """Spans without the words beside their places. Raises `XunchaError` where the words do not stand there."""
    if not isinstance(value, list):
        return value
    found = []
    for number, one in enumerate(value):
        if isinstance(one, dict) and isinstance(one.get("text"), str):
            words, start, end = one["text"], one.get("start"), one.get("end")
            if isinstance(start, int) and isinstance(end, int) and text[max(start, 0) : max(end, 0)] != words:
                raise XunchaError(_misplaced(f"{where}[{number}]", text, words, start, end))
            one = {key: part for key, part in one.items() if key != "text"}
        found.append(one)
    return found


def judged(where: str, name: str, value: object) -> bool:
    """A label cell as true or false. Raises `XunchaError` for anything else."""
    if isinstance(value, bool):
        return value
    word = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip().casefold()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise XunchaError(f"{where}: column {quote(name)} is {kind(value)}. Write true, false, or nothing for not judged.")


def _misplaced(where: str, text: str, words: str, start: int, end: int) -> str:
    place = text.find(words)
    fix = f"they stand at {place}–{place + len(words)}" if place >= 0 else "they stand nowhere in the text"
    return (
        f"{where}: at {start}–{end} stands {quote(text[max(start, 0) : max(end, 0)])}, not {quote(words)}; {fix}. "
        "Mend start and end, or mark the evidence anew."
    )


def _number(where: str, name: str, value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise XunchaError(f"{where}: column {quote(name)} is {kind(value)}. Write a number.") from None


def _labels(where: str, given: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, bool | None]:
    exact = json_cell(where, "exact", given.get("exact", {}))
    null = exact.get("null", []) if isinstance(exact, dict) else []
    labels: dict[str, bool | None] = {}
    for label in taxonomy.label_ids:
        name = next((one for one in (f"{LABEL}{label}", label) if one in given), None)
        if name is not None:
            labels[label] = judged(where, name, given[name])
        elif label in null:
            labels[label] = None
    return labels


def _extra(given: Mapping[str, Any], taxonomy: Taxonomy, reading: Reading) -> dict[str, Any]:
    if reading.others is not Others.META:
        return {}
    return {name: value for name, value in given.items() if not known_column(name, given, taxonomy, reading)}


def _scored(
    where: str, given: Mapping[str, Any], row: Mapping[str, Any], taxonomy: Taxonomy, reading: Reading
) -> dict[str, Any]:
    """Labels, spans and annotator that a scored table's columns stand for; scores go into meta.

    Where several text columns were scored, those of the one that is read, not the row's, which are the greatest of all.
    """
    verdict = _verdict(where, given, reading)
    flags = {label: verdict[name] for label in taxonomy.label_ids if (name := f"flag_{label}") in verdict}
    labels = {label: judged(where, f"flag_{label}", flag) for label, flag in flags.items()}
    pieces = json_cell(where, "evidence", given.get("evidence", []))
    pieces = [one for one in pieces if isinstance(one, dict)] if isinstance(pieces, list) else []
    own = [one for one in pieces if one.get("field") in (None, reading.text_column)]
    shown = [{key: one.get(key) for key in ("start", "end", "label", "reason", "text")} for one in own]
    if verdict is given and len(own) < len(pieces):  # other fields were scored too: a flag may be theirs
        found = {one["label"] for one in shown}
        labels = {label: flag for label, flag in labels.items() if not flag or label in found}
    names = {label: f"score_{label}" for label in taxonomy.label_ids}
    scores = {label: _number(where, name, verdict[name]) for label, name in names.items() if name in verdict}
    return {
        "labels": labels,
        "spans": spans_of(f"{where}: evidence", shown, row.get("text", "")),
        "annotator": given.get("model", row.get("annotator")),
        "meta": {**row["meta"], "scores": scores} if isinstance(row["meta"], dict) else row["meta"],
    }


def _verdict(where: str, given: Mapping[str, Any], reading: Reading) -> Mapping[str, Any]:
    """Scores and flags of the text: the entry of its column in `fields`, else those of the row."""
    verdicts = json_cell(where, FIELDS, given.get(FIELDS))
    if not isinstance(verdicts, list):
        return given
    own = (one for one in verdicts if isinstance(one, dict) and one.get("field") == reading.text_column)
    return {name: value for name, value in next(own, {}).items() if value is not None}
