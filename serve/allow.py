"""The allow-list: what may be said by whom until when, and on whose word; nothing that it hides is lost."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.strict import Fields, fields, items, kind, load_yaml, optional_text, text
from xuncha.serve.policy import read_text

_SCOPES = ("merchants", "categories", "labels", "reasons", "texts", "rows")
_REQUIRED = ("id", "owner", "reason", "expires")
_OPTIONAL = ("kind", "proof", "starts")
_BETWEEN = re.compile(r"[\s|;；]*\|[\s|;；]*")


class Kind(StrEnum):
    """Why an entry lifts a flag: it is allowed, or the claim is proved."""

    ALLOW = "allow"
    SUBSTANTIATION = "substantiation"


class State(StrEnum):
    """Whether an entry applies on a day."""

    IN_FORCE = "in force"
    EXPIRED = "expired"
    NOT_YET = "not yet in force"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an entry applies: everything that is given must hold. Empty: not asked."""

    merchants: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    rows: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. It applies from `starts` (None: always) to `expires`, both days included."""

    id: str
    kind: Kind
    scope: Scope
    owner: str
    reason: str
    proof: str
    starts: date | None
    expires: date

    def state(self, day: date) -> State:
        """Whether the entry applies on `day`."""
        if day > self.expires:
            return State.EXPIRED
        return State.NOT_YET if self.starts and day < self.starts else State.IN_FORCE


@dataclass(frozen=True, slots=True)
class Claim:
    """One piece of evidence as the allow-list looks at it. `text` is the whole field, `start` and `end` the piece.

    A flag without evidence is a claim with `reason` "" about its whole text.
    """

    row: str
    merchants: Collection[str]
    category: str
    label: str
    reason: str
    text: str
    start: int
    end: int


class AllowList:
    """The entries of a file, of which those in force on a day apply."""

    def __init__(self, entries: Sequence[Entry], day: date) -> None:
        """Apply `entries` as of `day`."""
        self.entries, self.day = tuple(entries), day
        self._applying = [one for one in entries if one.state(day) is State.IN_FORCE]

    def entry_for(self, claim: Claim) -> Entry | None:
        """The first entry in force that allows the claim."""
        return next((one for one in self._applying if _covers(one.scope, claim)), None)


def load_allow(path: Path, day: date, labels: Collection[str], reasons: Collection[str]) -> AllowList:
    """The allow-list in a YAML or CSV file, as of `day`. `labels` and `reasons` are the known ids.

    Raises `XunchaError` that names file, entry and fix for anything unknown, missing or doubled, and for an entry
    without scope, which would hide everything.
    """
    read = _csv_entries if path.suffix.lower() == ".csv" else _yaml_entries
    entries = [_entry(where, found, labels, reasons) for where, found in read(path)]
    seen: set[str] = set()
    for one in entries:
        if one.id in seen:
            raise XunchaError(f"{path}: the entry {quote(one.id)} stands twice. Rename one of them.")
        seen.add(one.id)
    return AllowList(entries, day)


def _covers(scope: Scope, claim: Claim) -> bool:
    asked: Iterable[tuple[frozenset[str], Collection[str]]] = (
        (scope.merchants, claim.merchants),
        (scope.categories, (claim.category,)),
        (scope.labels, (claim.label,)),
        (scope.reasons, (claim.reason,)),
        (scope.rows, (claim.row,)),
    )
    if any(wanted and wanted.isdisjoint(found) for wanted, found in asked):
        return False
    return not scope.texts or _within(scope.texts, claim)


def _within(phrases: Sequence[str], claim: Claim) -> bool:
    """Whether every letter of the claim stands inside one of the phrases; blanks and punctuation aside."""
    left = {at for at in range(claim.start, claim.end) if claim.text[at : at + 1].isalnum()}
    found = bool(left)
    for phrase in phrases:
        for match in re.finditer(re.escape(phrase), claim.text, re.IGNORECASE):
            left.difference_update(range(*match.span()))
    return found and not left


def _yaml_entries(path: Path) -> Iterable[tuple[str, Fields]]:
    given = fields(str(path), load_yaml(str(path), read_text(path)), ("version", "entries"))
    for number, one in enumerate(items(str(path), given, "entries"), start=1):
        name = one.get("id", number) if isinstance(one, dict) else number
        where = f"{path}: entries[{name}]"
        found = fields(where, one, (*_REQUIRED, "scope"), _OPTIONAL)
        scope = fields(f"{where}.scope", found["scope"], (), _SCOPES)
        yield where, {**{key: value for key, value in found.items() if key != "scope"}, **scope}


def _csv_entries(path: Path) -> Iterable[tuple[str, Fields]]:
    reader = csv.DictReader(read_text(path).splitlines(keepends=True), restkey="", strict=False)
    for line, cells in enumerate(reader, start=2):
        where = f"{path}: entry {line - 1}"
        if "" in cells:
            raise XunchaError(f"{where}: more cells than the header has. Put cells with a comma in quotes.")
        given: dict[str, object] = {key: value.strip() for key, value in cells.items() if value and value.strip()}
        for key in _SCOPES:
            if key in given:
                given[key] = [one for one in _BETWEEN.split(str(given[key])) if one]
        fields(where, dict.fromkeys(reader.fieldnames or ()), _REQUIRED, (*_OPTIONAL, *_SCOPES))
        yield where, fields(where, given, _REQUIRED, (*_OPTIONAL, *_SCOPES))


def _entry(where: str, given: Fields, labels: Collection[str], reasons: Collection[str]) -> Entry:
    kinds = [str(one) for one in Kind]
    named = optional_text(where, given, "kind") or str(Kind.ALLOW)
    if named not in kinds:
        raise XunchaError(f"{where}: kind {quote(named)} is unknown.{did_you_mean(named, kinds)} Allowed: {kinds}.")
    proof = optional_text(where, given, "proof") or ""
    if named == Kind.SUBSTANTIATION and not proof:
        raise XunchaError(
            f'{where}: field "proof" is missing: say which certificate or authorisation proves the claim.'
        )
    starts, expires = given.get("starts"), _day(where, "expires", given["expires"])
    return Entry(
        id=text(where, given, "id"),
        kind=Kind(named),
        scope=_scope(where, given, {"labels": labels, "reasons": reasons}),
        owner=text(where, given, "owner"),
        reason=text(where, given, "reason"),
        proof=proof,
        starts=None if starts is None else _day(where, "starts", starts),
        expires=expires,
    )


def _scope(where: str, given: Fields, known: Mapping[str, Collection[str]]) -> Scope:
    found = {key: [_name(where, key, one) for one in items(where, given, key)] for key in _SCOPES}
    if not any(found.values()):
        raise XunchaError(f"{where}: no scope, so it would hide everything. Give one of {', '.join(_SCOPES)}.")
    for key, ids in known.items():
        for one in found[key]:
            if one not in ids:
                hint = did_you_mean(one, ids)
                raise XunchaError(f"{where}: {key}: {quote(one)} is unknown.{hint} Allowed: {', '.join(ids)}.")
    made: dict[str, Callable[[list[str]], frozenset[str] | tuple[str, ...]]] = {"texts": tuple}
    return Scope(**{key: made.get(key, frozenset)(names) for key, names in found.items()})  # type: ignore[arg-type]


def _name(where: str, key: str, value: object) -> str:
    # YAML reads a bare 10020001 as a number; an id is meant.
    given = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text(f"{where}: {key}", {key: given}, key)


def _day(where: str, key: str, value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else _refuse_day(where, key, value)
    except ValueError:
        return _refuse_day(where, key, value)


def _refuse_day(where: str, key: str, value: object) -> date:
    said = kind(value) if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
    raise XunchaError(f"{where}: {key} must be a day such as 2027-01-31; got {said}.")
