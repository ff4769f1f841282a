"""The policy: what each reason weighs, and the ladder of penalties that a merchant's violations propose."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.rows import Source
from xuncha.labels.strict import Fields, fields, items, kind, load_yaml, text

GRAVEST = 3
SEVERITIES = {1: "轻微", 2: "一般", 3: "严重"}
"""Chinese names of the severities."""

CONDITIONS = ("min_rows", "min_weight", "min_severity", "min_share", "min_prior")
"""What a step may ask for, in the order in which a proposal gives its grounds."""

_KEYS = ("version", "name", "repeat_days", "reasons", "other", "ladders")


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the policy says about a reason."""

    rule: str
    severity: int
    weight: float


@dataclass(frozen=True, slots=True)
class Step:
    """A penalty and its groups of conditions: it is reached if every condition of one group holds."""

    id: str
    name: str
    when: tuple[Mapping[str, float], ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """Steps from light to grave for violations of these labels in texts of these sources."""

    id: str
    name: str
    labels: tuple[str, ...]
    sources: tuple[Source, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. `repeat_days`: how long an earlier penalty counts as a repeat."""

    name: str
    repeat_days: int
    reasons: Mapping[str, Weighed]
    other: Weighed
    ladders: tuple[Ladder, ...]

    def weighed(self, reason: str) -> Weighed:
        """What the policy says about a reason; `other` for one it does not name."""
        return self.reasons.get(reason, self.other)

    def step(self, step_id: str) -> Step:
        """The step with this id. Raises `XunchaError` with a hint for an unknown one."""
        steps = {step.id: step for ladder in self.ladders for step in ladder.steps}
        if step_id not in steps:
            raise XunchaError(
                f"the policy has no step {quote(step_id)}.{did_you_mean(step_id, steps)} It has: {', '.join(steps)}."
            )
        return steps[step_id]

    def with_step(self, changed: Step) -> Policy:
        """The policy with the step of the same id replaced."""
        ladders = tuple(
            replace(one, steps=tuple(changed if step.id == changed.id else step for step in one.steps))
            for one in self.ladders
        )
        return replace(self, ladders=ladders)

    @classmethod
    def load(cls, path: Path | None, reasons: Collection[str], labels: Collection[str]) -> Policy:
        """Read a policy file; without a path, the packaged one. `reasons` and `labels` are the known ids.

        Raises `XunchaError` that names the file and the key for anything unknown, missing, doubled or out of range.
        """
        if path is None:
            packaged = files("xuncha.serve") / "policy.yaml"
            try:
                return _policy("policy.yaml", load_yaml("policy.yaml", packaged.read_text("utf-8")), reasons, labels)
            except XunchaError as error:
                raise XunchaError(
                    f"the packaged policy does not fit this taxonomy: {error} Copy {packaged}, adapt the copy and give "
                    "it with --policy FILE."
                ) from None
        return _policy(str(path), load_yaml(str(path), read_text(path)), reasons, labels)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises `XunchaError` if it is in another encoding."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise XunchaError(f"{path}: not UTF-8 at byte {error.start}. Save the file as UTF-8.") from None


def condition_value(where: str, name: str, value: object) -> float:
    """The value of a condition. Raises `XunchaError` beginning with `where` if it is out of range."""
    limits = {"min_severity": (1, GRAVEST), "min_share": (0, 1)}
    low, high = limits.get(name, (0, float("inf")))
    whole = name in ("min_rows", "min_severity", "min_prior")
    wrong = isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    if wrong or not isinstance(value, int | float) or (whole and value != int(value)):
        what = "whole number" if whole else "number"
        raise XunchaError(f"{where}: {name} must be a {what}; got {kind(value)}.")
    if not low <= value <= high:
        bounds = f"from {low:g} to {high:g}" if high < float("inf") else f"of at least {low:g}"
        raise XunchaError(f"{where}: {name} must be a number {bounds}; got {value:g}.")
    return float(value)


def _policy(where: str, value: object, reasons: Collection[str], labels: Collection[str]) -> Policy:
    given = fields(where, value, _KEYS)
    text(where, given, "version")
    named = given["reasons"]
    if not isinstance(named, dict):
        raise XunchaError(f'{where}: field "reasons" must map reason ids to what they weigh; got {kind(named)}.')
    for reason in named:
        _known(f"{where}: reasons", "reason", str(reason), reasons)
    weighed = {str(one): _weighed(f"{where}: reasons[{one}]", found) for one, found in named.items()}
    ladders = tuple(
        _ladder(f"{where}: ladders[{_id(one, number)}]", one, labels)
        for number, one in enumerate(items(where, given, "ladders"))
    )
    if not ladders:
        raise XunchaError(f'{where}: field "ladders" is empty. Name at least one ladder.')
    _refuse_twice(f"{where}: ladders", [ladder.id for ladder in ladders])
    _refuse_twice(f"{where}: steps", [step.id for ladder in ladders for step in ladder.steps])
    days = _number(where, given, "repeat_days", 1)
    return Policy(text(where, given, "name"), int(days), weighed, _weighed(f"{where}: other", given["other"]), ladders)


def _weighed(where: str, value: object) -> Weighed:
    given = fields(where, value, ("rule", "severity", "weight"))
    severity = condition_value(where, "min_severity", given["severity"])
    return Weighed(text(where, given, "rule"), int(severity), _number(where, given, "weight", 0))


def _ladder(where: str, value: object, labels: Collection[str]) -> Ladder:
    given = fields(where, value, ("id", "name", "labels", "sources", "steps"))
    sources = tuple(
        Source(_known(where, "source", one, [str(s) for s in Source])) for one in _names(where, given, "sources")
    )
    steps = tuple(
        _step(f"{where}.steps[{_id(one, number)}]", one) for number, one in enumerate(items(where, given, "steps"))
    )
    for key, found in (("sources", sources), ("steps", steps)):
        if not found:
            raise XunchaError(f'{where}: field "{key}" is empty. Name at least one.')
    own = tuple(_known(where, "label", one, labels) for one in _names(where, given, "labels"))
    return Ladder(text(where, given, "id"), text(where, given, "name"), own, sources, steps)


def _step(where: str, value: object) -> Step:
    given = fields(where, value, ("id", "name", "when"))
    groups = []
    for number, one in enumerate(items(where, given, "when"), start=1):
        group = fields(f"{where}.when[{number}]", one, (), CONDITIONS)
        if not group:
            raise XunchaError(f"{where}.when[{number}]: no condition. Name one of {', '.join(CONDITIONS)}.")
        groups.append({name: condition_value(f"{where}.when[{number}]", name, found) for name, found in group.items()})
    if not groups:
        raise XunchaError(f'{where}: field "when" is empty. Name at least one group of conditions.')
    return Step(text(where, given, "id"), text(where, given, "name"), tuple(groups))


def _names(where: str, given: Fields, key: str) -> Sequence[str]:
    found = items(where, given, key)
    if not found:
        raise XunchaError(f'{where}: field "{key}" is empty. Name at least one.')
    return [text(f"{where}: {key}", {key: one}, key) for one in found]


def _known(where: str, what: str, name: str, known: Iterable[str]) -> str:
    known = tuple(known)
    if name not in known:
        hint = did_you_mean(name, known)
        raise XunchaError(f"{where}: {what} {quote(name)} is unknown.{hint} Allowed: {', '.join(known)}.")
    return name


def _number(where: str, given: Fields, key: str, low: float) -> float:
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value < math.inf:
        raise XunchaError(f'{where}: field "{key}" must be a number of at least {low:g}; got {kind(value)}.')
    return float(value)


def _id(value: object, number: int) -> object:
    return value.get("id", number) if isinstance(value, dict) else number


def _refuse_twice(where: str, ids: list[str]) -> None:
    for number, one in enumerate(ids):
        if one in ids[:number]:
            raise XunchaError(f"{where}: the id {quote(one)} stands twice. Rename one of them.")
