"""Results of one Label Studio annotation: choices to judged labels, regions to spans, the rest as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.interchange.carried import chosen, find_mark
from xuncha.labels.strict import kind
from xuncha.labels.taxonomy import Taxonomy

_REGIONS = ("labels", "hypertextlabels")
_YES_NO = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}


@dataclass(frozen=True, slots=True)
class Annotation:
    """Judged labels, spans as objects, and results that rows have no field for."""

    labels: dict[str, bool] = field(default_factory=dict)
    spans: list[dict[str, Any]] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)


def labels_and_spans(where: str, results: object, text: str, taxonomy: Taxonomy) -> Annotation:
    """Read results. Raises `XunchaError` for an unknown choice or mark, and for a region that is not where it says."""
    if not isinstance(results, list):
        raise XunchaError(f'{where}: "result" must be a list; got {kind(results)}.')
    out = Annotation()
    for number, one in enumerate(results):
        at = f"{where}: result[{number}]"
        value = one.get("value") if isinstance(one, dict) else None
        if not isinstance(value, dict):
            raise XunchaError(f'{at}: must be an object with "value"; got {kind(one)}.')
        if one.get("type") == "choices":
            for label, judged in _choices(at, one, value, taxonomy).items():
                if out.labels.setdefault(label, judged) != judged:
                    raise XunchaError(f"{at}: label {quote(label)} is judged true and false. Take one out.")
        elif one.get("type") in _REGIONS:
            out.spans.extend(_spans(at, str(one["type"]), value, text, taxonomy))
        else:
            out.others.append(one)
    for span in out.spans:
        out.labels.setdefault(span["label"], True)
    return out


def _choices(where: str, one: Mapping[str, Any], value: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, bool]:
    found = value.get("choices")
    if not isinstance(found, list):
        raise XunchaError(f'{where}: "choices" must be a list; got {kind(found)}.')
    name = one.get("from_name")
    if name in taxonomy.label_ids and len(found) == 1 and str(found[0]).casefold() in _YES_NO:
        return {str(name): _YES_NO[str(found[0]).casefold()]}
    return chosen(where, found, taxonomy)


def _spans(where: str, key: str, value: Mapping[str, Any], text: str, taxonomy: Taxonomy) -> list[dict[str, Any]]:
    marks = value.get(key)
    if not isinstance(marks, list):
        raise XunchaError(f'{where}: "{key}" must be a list; got {kind(marks)}.')
    start, end = _place(where, value, text)
    found = []
    for mark in marks:
        label, reason = find_mark(where, str(mark), taxonomy)
        found.append({"start": start, "end": end, "label": label, "reason": reason})
    return found


def _place(where: str, value: Mapping[str, Any], text: str) -> tuple[int, int]:
    """Start and end in code points; versions of the tool that count UTF-16 units are known by the words they name."""
    place: Any = value.get("globalOffsets", value)
    start, end = (place.get("start"), place.get("end")) if isinstance(place, dict) else (None, None)
    if not (isinstance(start, int) and isinstance(end, int)):
        raise XunchaError(f"{where}: start and end must be whole numbers; got {kind(start)} and {kind(end)}.")
    words = value.get("text")
    if not isinstance(words, str) or _same(text[max(start, 0) : max(end, 0)], words):
        return start, end
    units = text.encode("utf-16-le")
    piece = units[2 * max(start, 0) : 2 * max(end, 0)].decode("utf-16-le", "replace")
    if _same(piece, words):
        before, inside = (len(units[2 * a : 2 * b].decode("utf-16-le")) for a, b in ((0, start), (start, end)))
        return before, before + inside
    raise XunchaError(
        f"{where}: at {start}–{end} stands {quote(text[max(start, 0) : max(end, 0)])}, not {quote(words)}. Was the "
        "text changed after it was labelled? Mark the evidence anew."
    )


def _same(piece: str, words: str) -> bool:
    """Whether both are the same but for line breaks, which the tool writes as it likes."""
    return "".join(piece.split()) == "".join(words.replace("\\n", " ").split())
