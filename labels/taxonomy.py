"""What xuncha tells apart, read from data: labels, their reasons, and the rule each reason breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.strict import Fields, fields, items, load_yaml, optional_text, text

Named = TypeVar("Named", "Label", "Reason")
Found = TypeVar("Found")

_RULE = ("id", "citation", "summary_zh", "summary_en")
_NAMED = ("id", "name_zh", "name_en", "definition_zh", "definition_en")


@dataclass(frozen=True, slots=True)
class Rule:
    """The clause a reason breaks: cited, not reprinted."""

    id: str
    citation: str
    summary_zh: str
    summary_en: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a label holds."""

    id: str
    name_zh: str
    name_en: str
    definition_zh: str
    definition_en: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Example:
    """A short invented text. `reason` is the reason it breaks; None: an allowed look-alike."""

    text: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Label:
    """One thing to tell apart, with what it does not cover (`exemptions`, in Chinese)."""

    id: str
    name_zh: str
    name_en: str
    definition_zh: str
    definition_en: str
    exemptions: tuple[str, ...]
    examples: tuple[Example, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Taxonomy:
    """Every label and reason, in the order that model outputs, tables and reports use."""

    version: str
    labels: tuple[Label, ...]

    @cached_property
    def label_ids(self) -> tuple[str, ...]:
        """Label ids, in order."""
        return tuple(label.id for label in self.labels)

    @cached_property
    def reason_ids(self) -> tuple[str, ...]:
        """Reason ids over all labels, in order."""
        return tuple(reason.id for label in self.labels for reason in label.reasons)

    def label(self, label_id: str) -> Label:
        """The label with this id. Raises `XunchaError` with a hint for an unknown one."""
        return _find("label", label_id, {label.id: label for label in self.labels})

    def reason(self, reason_id: str) -> Reason:
        """The reason with this id. Raises `XunchaError` with a hint for an unknown one."""
        return _find("reason", reason_id, {reason.id: reason for label in self.labels for reason in label.reasons})

    def label_of(self, reason_id: str) -> Label:
        """The label that the reason stands under. Raises `XunchaError` for an unknown reason."""
        return _find("reason", reason_id, {reason.id: label for label in self.labels for reason in label.reasons})

    @classmethod
    def load(cls, path: Path | None = None) -> Taxonomy:
        """Read a taxonomy file; without a path, the packaged one.

        Raises `XunchaError` that names the file and the key for anything unknown, missing, doubled or empty.
        """
        if path is None:
            from importlib.resources import files

            packaged = files("xuncha.labels") / "taxonomy.yaml"
            return cls.from_json(load_yaml("taxonomy.yaml", packaged.read_text("utf-8")), "taxonomy.yaml")
        try:
            source = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise XunchaError(f"{path}: not UTF-8 at byte {error.start}. Save the file as UTF-8.") from None
        return cls.from_json(load_yaml(str(path), source), str(path))

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and strings, for `json.dumps`; `from_json` gives the same taxonomy back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_json(cls, data: object, where: str = "taxonomy") -> Taxonomy:
        """The taxonomy that `to_json` wrote. `where` begins each error message."""
        given = fields(where, data, ("version", "labels"))
        labels = _each(f"{where}: labels", items(where, given, "labels"), _label)
        if not labels:
            raise XunchaError(f'{where}: field "labels" is empty. Name at least one label.')
        _refuse_twice(f"{where}: reason", [reason.id for label in labels for reason in label.reasons])
        return cls(text(where, given, "version"), labels)


def _label(where: str, value: object) -> Label:
    given = fields(where, value, (*_NAMED, "exemptions", "examples", "reasons"))
    reasons = _each(f"{where}.reasons", items(where, given, "reasons"), _reason)
    if not reasons:
        raise XunchaError(f'{where}: field "reasons" is empty. Name at least one reason.')
    examples = tuple(
        _example(f"{where}.examples[{number}]", value, [reason.id for reason in reasons])
        for number, value in enumerate(items(where, given, "examples"))
    )
    exemptions = tuple(
        text(f"{where}.exemptions[{number}]", {"exemption": value}, "exemption")
        for number, value in enumerate(items(where, given, "exemptions"))
    )
    named = _texts(where, given, _NAMED)
    return Label(**named, exemptions=exemptions, examples=examples, reasons=reasons)


def _reason(where: str, value: object) -> Reason:
    given = fields(where, value, (*_NAMED, "rule"))
    rule = fields(f"{where}.rule", given["rule"], _RULE)
    return Reason(**_texts(where, given, _NAMED), rule=Rule(**_texts(f"{where}.rule", rule, _RULE)))


def _example(where: str, value: object, reasons: list[str]) -> Example:
    given = fields(where, value, ("text", "reason"))
    reason = optional_text(where, given, "reason")
    if reason is not None and reason not in reasons:
        raise XunchaError(f"{where}: reason {quote(reason)} is not one of this label's.{did_you_mean(reason, reasons)}")
    return Example(text(where, given, "text"), reason)


def _texts(where: str, given: Fields, keys: Iterable[str]) -> dict[str, str]:
    return {key: text(where, given, key) for key in keys}


def _each(where: str, values: list[object], read: Callable[[str, object], Named]) -> tuple[Named, ...]:
    """Read every value; messages name the value by its id, or by its number where it has none."""
    found = []
    for number, value in enumerate(values):
        name = value.get("id", number) if isinstance(value, dict) else number
        found.append(read(f"{where}[{name}]", value))
    _refuse_twice(where, [one.id for one in found])
    return tuple(found)


def _refuse_twice(where: str, ids: list[str]) -> None:
    for number, one in enumerate(ids):
        if one in ids[:number]:
            raise XunchaError(f"{where}: the id {quote(one)} stands twice. Rename one of them.")


def _find(what: str, key: str, known: Mapping[str, Found]) -> Found:
    if key not in known:
        raise XunchaError(not_there(f"{what} {quote(key)}", key, known))
    return known[key]


def not_there(what: str, key: str, known: Iterable[str]) -> str:
    """The sentence about `what`, whose id `key` is none of the `known` ones."""
    return f"{what} is not in the taxonomy.{did_you_mean(key, known)} `xuncha labels list` shows all."
