"""Labelled rows from and to Label Studio's JSON: a task a row, spans and choices, predictions as pre-annotations.

A task's `data` holds the text and what else a row says. A `choices` result per judged label is named after the label
and says `true` or `false`; one `labels` result a span is marked `LABEL/REASON`. Results of other kinds are kept in the
row's meta and written back. Exports as "JSON" are read, not "JSON-MIN".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.files import open_bytes, write_lines
from xuncha.labels.interchange.annotation import Annotation, labels_and_spans
from xuncha.labels.interchange.carried import BETWEEN, carried, uncarried, with_null, with_unchosen
from xuncha.labels.interchange.options import Reading, Writing
from xuncha.labels.record import row_from_json
from xuncha.labels.rows import Row
from xuncha.labels.strict import kind, load_json
from xuncha.labels.taxonomy import Taxonomy

OWN = "label_studio"
"""Key of a row's meta under which what rows have no field for is kept."""


def read_label_studio(path: Path, taxonomy: Taxonomy, reading: Reading) -> Iterator[tuple[str, Row | XunchaError]]:
    """Place (`file: task N`) and row of every annotation, or the error that says why it is none.

    A task with several annotations gives several rows, the second with `#2` after its id; a task with none, or
    with cancelled ones only, gives a row that nobody has judged. Raises `XunchaError` for a file that is no such JSON.
    """
    with open_bytes(path) as stream:
        try:
            tasks = load_json(str(path), stream.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise XunchaError(f"{path}: not UTF-8 at byte {error.start}. Save the file as UTF-8.") from None
    if not isinstance(tasks, list):
        raise XunchaError(f"{path}: must be a list of tasks; got {kind(tasks)}. Export from Label Studio as JSON.")
    for number, task in enumerate(tasks, start=1):
        where = f"{path}: task {number}"
        if not (isinstance(task, dict) and isinstance(task.get("data"), dict)):
            hint = 'an object with "data"; export from Label Studio as JSON, not as JSON-MIN or CSV'
            yield where, XunchaError(f"{where}: must be {hint}.")
            continue
        for count, annotation in enumerate(_annotations(task, reading) or [{}], start=1):
            at = where if count == 1 else f"{where}, annotation {count}"
            try:
                yield at, _row(at, task, annotation, (path.name.split(".")[0], count), taxonomy, reading)
            except XunchaError as error:
                yield at, error


def write_label_studio(path: Path, rows: Iterable[Row], writing: Writing) -> int:
    """Write rows as tasks to import, whole or not at all, and return how many."""

    def lines() -> Iterator[bytes]:
        before = "["
        for row in rows:
            yield f"{before}\n{json.dumps(_task(row, writing), ensure_ascii=False)}".encode()
            before = ","
        yield b"[]\n" if before == "[" else b"\n]\n"

    return write_lines(path, lines()) - 1


def labeling_config(taxonomy: Taxonomy) -> str:
    """The labeling interface of a Label Studio project that such tasks fit."""
    lines = ["<View>", '  <Text name="text" value="$text"/>', '  <Labels name="evidence" toName="text">']
    for label in taxonomy.labels:
        for reason in label.reasons:
            value, hint = f"{label.id}{BETWEEN}{reason.id}", f"{label.name_zh} {reason.name_zh}"
            lines.append(f'    <Label value="{escape(value)}" hint="{escape(hint)}"/>')
    lines.append("  </Labels>")
    for label in taxonomy.labels:
        lines += [
            f'  <Header value="{escape(label.name_zh)} {escape(label.name_en)}"/>',
            f'  <Choices name="{escape(label.id)}" toName="text" choice="single-radio" showInline="true">',
            '    <Choice value="true"/>\n    <Choice value="false"/>\n  </Choices>',
        ]
    return "\n".join([*lines, "</View>"]) + "\n"


def _task(row: Row, writing: Writing) -> dict[str, Any]:
    meta = dict(row.meta)
    kept = meta.pop(OWN, {})
    kept = kept if isinstance(kept, dict) else {}
    data = {"text": row.text, **carried(row)}
    if writing.predictions:
        data.pop("annotator", None)  # who confirms a prediction is its annotator
    results = [*_results(row), *kept.get("result", [])]
    if not results:
        return {"data": data}
    if writing.predictions:
        return {"data": data, "predictions": [{"model_version": row.annotator or "rows", "result": results}]}
    return {"data": data, "annotations": [{"result": results}]}


def _results(row: Row) -> Iterator[dict[str, Any]]:
    for number, (label, judged) in enumerate(row.labels.items()):
        if judged is not None:
            value = {"choices": ["true" if judged else "false"]}
            yield {"id": f"c{number}", "from_name": label, "to_name": "text", "type": "choices", "value": value}
    for number, span in enumerate(row.spans):
        marks = [f"{span.label}{BETWEEN}{span.reason}"]
        place = {"start": span.start, "end": span.end, "text": row.text[span.start : span.end], "labels": marks}
        yield {"id": f"s{number}", "from_name": "evidence", "to_name": "text", "type": "labels", "value": place}


def _annotations(task: Mapping[str, Any], reading: Reading) -> Sequence[Any]:
    found = task.get("predictions" if reading.predictions else "annotations") or task.get("completions") or []
    if not isinstance(found, list):
        return [found]
    return [one for one in found if not (isinstance(one, dict) and one.get("was_cancelled"))]


def _row(
    where: str,
    task: Mapping[str, Any],
    given: object,
    place: tuple[str, int],
    taxonomy: Taxonomy,
    reading: Reading,
) -> Row:
    data, (stem, count) = task["data"], place
    if not isinstance(given, dict):
        raise XunchaError(f'{where}: must be an object with "result"; got {kind(given)}.')
    text = data.get(reading.text_column)
    if not isinstance(text, str):
        raise XunchaError(f"{where}: data has no text under {quote(reading.text_column)}. Name it by --text-column.")
    row = uncarried(data, reading, f"{stem}-{task.get('id', where.rsplit(' ', 1)[-1])}")
    annotation = labels_and_spans(where, given.get("result", []), text, taxonomy)
    judged = with_null(with_unchosen(annotation.labels, taxonomy, reading) if given else {}, data, taxonomy)
    row |= _who(given, data)
    if count > 1:
        row["id"] += f"#{count}"
    row["meta"] = _kept(row["meta"], task, given, annotation)
    return row_from_json(where, {**row, "text": text, "labels": judged, "spans": annotation.spans}, taxonomy)


def _who(given: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str]:
    """Annotator and time of an annotation that a person made or changed in the tool, or the model of a prediction.

    An annotation that was imported with its task names whoever imported it; its task knows better.
    """
    who: Any = given.get("completed_by")
    if isinstance(who, dict):
        who = who.get("email") or who.get("id")
    action = given.get("last_action")
    imported = bool(data.get("annotator")) and (action == "imported" or (action is None and not given.get("lead_time")))
    found: dict[str, str] = {}
    if given.get("model_version"):
        found["annotator"] = str(given["model_version"])
    if who is not None and not imported:
        found["annotator"] = str(who)
        when = given.get("updated_at") or given.get("created_at")
        if isinstance(when, str):
            zoned = when.endswith("Z") or "+" in when
            found["judged_at"] = when if zoned else f"{when}Z"
    return found


def _kept(
    meta: Mapping[str, Any], task: Mapping[str, Any], given: Mapping[str, Any], annotation: Annotation
) -> dict[str, Any]:
    old = meta.get(OWN)
    own: dict[str, Any] = dict(old) if isinstance(old, dict) else {}
    if "id" in task:
        own["task"] = task["id"]
    for key in ("lead_time", "ground_truth"):
        if given.get(key):
            own[key] = given[key]
    own.pop("result", None)
    if annotation.others:
        own["result"] = list(annotation.others)
    rest = {key: value for key, value in meta.items() if key != OWN}
    return {**rest, OWN: own} if own else rest
