"""A migration: labels and reasons renamed, merged or split, as a plan that is replayed on any row.

A plan is YAML: `from` and `to`, versions of the taxonomy; `steps`, each one of

    - rename_label: {from: OLD, to: NEW}
    - rename_reason: {from: OLD, to: NEW}
    - merge_labels: {from: [A, B], to: C}
    - merge_reasons: {from: [A, B], to: C}
    - split_label: {from: OLD, into: {A: [reason, …], B: [reason, …]}, unmarked: unjudged}
    - split_reason: {from: OLD, into: {A: [word, …], B: []}}

and `new`, optional: names, definitions and rule of labels and reasons that arise, by id, as in the taxonomy. What is
merged has the texts of the first, or of the one whose id it keeps, unless they are given there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.rows import Row, Span
from xuncha.labels.strict import Fields, fields, items, kind, load_yaml, text

WAS = "was"
"""Key of a row's meta that keeps a judgement which no longer says enough."""


@dataclass(frozen=True, slots=True)
class MergeLabels:
    """`olds` become `new`: true if one is true, false if all are false, else unjudged. One old is a renaming."""

    olds: tuple[str, ...]
    new: str

    def apply(self, row: Row) -> Row:
        """The row under the new label."""
        if not any(old in row.labels for old in self.olds):
            return row
        values = [row.labels.get(old) for old in self.olds]
        if self.new not in self.olds and self.new in row.labels:
            values.append(row.labels[self.new])
        merged = True if True in values else (False if all(value is False for value in values) else None)
        labels: dict[str, bool | None] = {}
        for label, value in row.labels.items():
            gone = label in self.olds or label == self.new
            labels[self.new if gone else label] = merged if gone else value
        spans = tuple(replace(one, label=self.new) if one.label in self.olds else one for one in row.spans)
        lost = {old: value for old, value in zip(self.olds, values, strict=False) if value is not None}
        return _with_was(replace(row, labels=labels, spans=_once(spans)), lost if merged is None else {})


@dataclass(frozen=True, slots=True)
class MergeReasons:
    """Spans of `olds` become spans of `new`. One old is a renaming."""

    olds: tuple[str, ...]
    new: str

    def apply(self, row: Row) -> Row:
        """The row under the new reason."""
        spans = tuple(replace(one, reason=self.new) if one.reason in self.olds else one for one in row.spans)
        return row if spans == row.spans else replace(row, spans=_once(spans))


@dataclass(frozen=True, slots=True)
class SplitLabel:
    """`old` becomes a label for each of `parts`, which share out its reasons.

    False is false for each. True is true for the parts that have evidence in the row; the others are unjudged, or
    false where `unmarked_false` (annotators marked evidence for everything that holds).
    """

    old: str
    parts: Mapping[str, tuple[str, ...]]
    unmarked_false: bool = False

    def apply(self, row: Row) -> Row:
        """The row under the new labels; one that has them already stays as it is. Raises for a reason in no part."""
        if self.old not in row.labels or any(part in row.labels for part in self.parts if part != self.old):
            return row
        value = row.labels[self.old]
        spans = tuple(replace(one, label=self._part(row, one)) if one.label == self.old else one for one in row.spans)
        marked = {one.label for one in spans}
        unmarked = False if self.unmarked_false and marked & set(self.parts) else None
        own = {part: (value if not value else True if part in marked else unmarked) for part in self.parts}
        labels: dict[str, bool | None] = {}
        for label, judged in row.labels.items():
            labels |= own if label == self.old else {label: judged}
        lost = {self.old: True} if value and None in own.values() else {}
        return _with_was(replace(row, labels=labels, spans=spans), lost)

    def _part(self, row: Row, span: Span) -> str:
        for part, reasons in self.parts.items():
            if span.reason in reasons:
                return part
        raise XunchaError(
            f"row {quote(row.id)}: reason {quote(span.reason)} of label {quote(self.old)} is in no part of the split. "
            "Name it under one in the plan."
        )


@dataclass(frozen=True, slots=True)
class SplitReason:
    """Spans of `old` go to the first of `parts` a word of which they hold; the part without words takes the rest."""

    old: str
    parts: Mapping[str, tuple[str, ...]]

    def apply(self, row: Row) -> Row:
        """The row under the new reasons."""
        spans = tuple(
            replace(one, reason=self._part(row.text[one.start : one.end])) if one.reason == self.old else one
            for one in row.spans
        )
        return row if spans == row.spans else replace(row, spans=spans)

    def _part(self, evidence: str) -> str:
        plain = _plain(evidence)
        for part, words in self.parts.items():
            if any(_plain(word) in plain for word in words):
                return part
        return next(part for part, words in self.parts.items() if not words)


Step = MergeLabels | MergeReasons | SplitLabel | SplitReason


@dataclass(frozen=True, slots=True)
class Migration:
    """Steps that lead from one version of a taxonomy to another; `new` describes what arises, by id."""

    before: str
    after: str
    steps: tuple[Step, ...]
    new: Mapping[str, Mapping[str, Any]]

    def apply(self, row: Row) -> Row:
        """The row after all steps."""
        for step in self.steps:
            row = step.apply(row)
        return row


def read_migration(path: Path) -> Migration:
    """The plan in a YAML file. Raises `XunchaError` that names the file and the step."""
    try:
        source = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise XunchaError(f"{path}: not UTF-8 at byte {error.start}. Save the file as UTF-8.") from None
    given = fields(str(path), load_yaml(str(path), source), ("from", "to", "steps"), ("new",))
    steps = [_step(f"{path}: steps[{number}]", one) for number, one in enumerate(items(str(path), given, "steps"))]
    new = given.get("new") or {}
    if not isinstance(new, dict) or not all(isinstance(one, dict) for one in new.values()):
        raise XunchaError(f'{path}: field "new" must map ids to names, definitions and a rule; got {kind(new)}.')
    if not steps:
        raise XunchaError(f'{path}: field "steps" is empty. Name at least one step.')
    return Migration(text(str(path), given, "from"), text(str(path), given, "to"), tuple(steps), new)


def _step(where: str, value: object) -> Step:
    if not isinstance(value, dict) or len(value) != 1:
        raise XunchaError(
            f"{where}: must be one step, such as rename_label: {{from: OLD, to: NEW}}; got {kind(value)}."
        )
    ((name, given),) = value.items()
    if name not in _STEPS:
        hint = did_you_mean(str(name), _STEPS)
        raise XunchaError(f"{where}: unknown step {quote(str(name))}.{hint} Allowed: {', '.join(_STEPS)}.")
    return _STEPS[name](f"{where}.{name}", given)


def _rename(merge: Callable[[tuple[str, ...], str], Step]) -> Callable[[str, object], Step]:
    def read(where: str, value: object) -> Step:
        given = fields(where, value, ("from", "to"))
        return merge((text(where, given, "from"),), text(where, given, "to"))

    return read


def _merge(merge: Callable[[tuple[str, ...], str], Step]) -> Callable[[str, object], Step]:
    def read(where: str, value: object) -> Step:
        given = fields(where, value, ("from", "to"))
        olds = _words(where, given, "from")
        if len(olds) < 2:
            raise XunchaError(f'{where}: field "from" must list two ids at least. Use a rename for one.')
        return merge(olds, text(where, given, "to"))

    return read


def _split_label(where: str, value: object) -> Step:
    given = fields(where, value, ("from", "into"), ("unmarked",))
    parts = _parts(where, given)
    unmarked = given.get("unmarked", "unjudged")
    if unmarked not in ("unjudged", False, "false"):
        raise XunchaError(f'{where}: field "unmarked" is {kind(unmarked)}. Write unjudged or false.')
    empty = next((part for part, reasons in parts.items() if not reasons), None)
    if empty is not None:
        raise XunchaError(f"{where}: part {quote(empty)} has no reason. Name those that move there.")
    return SplitLabel(text(where, given, "from"), parts, unmarked in (False, "false"))


def _split_reason(where: str, value: object) -> Step:
    given = fields(where, value, ("from", "into"))
    parts = _parts(where, given)
    if sum(not words for words in parts.values()) != 1:
        raise XunchaError(f"{where}: exactly one part must have no words, []: it takes the evidence that has none.")
    return SplitReason(text(where, given, "from"), parts)


def _parts(where: str, given: Fields) -> dict[str, tuple[str, ...]]:
    value = given["into"]
    if not isinstance(value, dict) or len(value) < 2:
        raise XunchaError(f'{where}: field "into" must map two ids at least to lists; got {kind(value)}.')
    return {str(part): _words(f"{where}.into", value, part) for part in value}


def _words(where: str, given: Fields, key: str) -> tuple[str, ...]:
    value = given[key]
    if not isinstance(value, list):
        raise XunchaError(f'{where}: field "{key}" must be a list; got {kind(value)}.')
    return tuple(text(f"{where}.{key}[{number}]", {"id": one}, "id") for number, one in enumerate(value))


_STEPS: Mapping[str, Callable[[str, object], Step]] = {
    "rename_label": _rename(MergeLabels),
    "rename_reason": _rename(MergeReasons),
    "merge_labels": _merge(MergeLabels),
    "merge_reasons": _merge(MergeReasons),
    "split_label": _split_label,
    "split_reason": _split_reason,
}


def _with_was(row: Row, lost: Mapping[str, bool]) -> Row:
    if not lost:
        return row
    older = row.meta.get(WAS)
    return replace(row, meta={**row.meta, WAS: {**(older if isinstance(older, dict) else {}), **lost}})


def _once(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple(dict.fromkeys(spans))


def _plain(words: str) -> str:
    return unicodedata.normalize("NFKC", words).casefold()
