"""Rows that say nothing new: exact and near-duplicates, each dropped with the row that it is like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.groups import pair_stem
from xuncha.labels.neardup import near_duplicates
from xuncha.labels.rows import Row
from xuncha.labels.validate import same_form


class Likeness(StrEnum):
    """How a row is like another: the same but for blanks, width and case; or nearly the same."""

    EXACT = "exact"
    NEAR = "near"


class Conflict(StrEnum):
    """Why a row is kept although it is like another."""

    LABELS = "labels differ"
    JUDGED = "judges more labels"
    SPLIT = "stands in another split"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row and the kept row that it is like most. `similarity` of their texts is 0–1 (see `neardup`)."""

    row: Row
    like: Row
    likeness: Likeness
    similarity: float
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """`kept` in order, `dropped` with their evidence, and `conflicts`: rows kept although they are like others."""

    kept: tuple[Row, ...]
    dropped: tuple[Duplicate, ...]
    conflicts: tuple[Duplicate, ...]


def dedup(older: Iterable[Row], rows: Iterable[Row], *, near: bool = True) -> Deduplicated:
    """Keep the first of the `rows` that are alike, and none that is like one of the `older` rows.

    A row is dropped only if a kept one judges every label that it judges in the same way and stands in the same
    split (or it stands in none). What is kept all the same is a conflict, to be looked at. Contrast pairs and rows
    of one group are near-duplicates on purpose, and left alone unless they are exact ones.
    """
    before, own = list(older), list(rows)
    _refuse_same_ids(before, own)
    likes = _likes([*before, *own], near)
    kept = {row.id: row for row in before}
    dropped: list[Duplicate] = []
    conflicts: list[Duplicate] = []
    for row in own:
        found = sorted(_against(row, likes.get(row.id, ()), kept), key=_rank)
        if found and found[0].conflict is None:
            dropped.append(found[0])
            continue
        kept[row.id] = row
        conflicts += found[:1]
    return Deduplicated(tuple(kept.values())[len(before) :], tuple(dropped), tuple(conflicts))


def _refuse_same_ids(older: Sequence[Row], rows: Sequence[Row]) -> None:
    known = {row.id for row in older}
    twice = next((row.id for row in rows if row.id in known), None)
    if twice is not None:
        raise XunchaError(f"id {quote(twice)} stands among the older rows too. Rename the new one.")


def _rank(one: Duplicate) -> tuple[int, float]:
    """What can be dropped first, then the gravest conflict; the most similar of equals."""
    gravity = 0 if one.conflict is None else 1 + list(Conflict).index(one.conflict)
    return gravity, -one.similarity


def _against(row: Row, likes: Iterable[tuple[str, float]], kept: Mapping[str, Row]) -> Iterator[Duplicate]:
    for other_id, similarity in likes:
        other = kept.get(other_id)
        if other is None:
            continue
        exact = same_form(row.text) == same_form(other.text)
        if exact or not _together(row, other):
            likeness = Likeness.EXACT if exact else Likeness.NEAR
            yield Duplicate(row, other, likeness, 1.0 if exact else similarity, _conflict(row, other))


def _together(row: Row, other: Row) -> bool:
    stem = pair_stem(row.id)
    return (row.group is not None and row.group == other.group) or (stem is not None and stem == pair_stem(other.id))


def _conflict(row: Row, other: Row) -> Conflict | None:
    judged = {label: value for label, value in row.labels.items() if value is not None}
    if any(other.labels.get(label) not in (None, value) for label, value in judged.items()):
        return Conflict.LABELS
    if any(other.labels.get(label) is None for label in judged):
        return Conflict.JUDGED
    return Conflict.SPLIT if row.split not in (None, other.split) else None


def _likes(rows: Sequence[Row], near: bool) -> dict[str, list[tuple[str, float]]]:
    """For each row id the ids of rows with a like text, and their similarity; both ways."""
    alike: dict[str, list[tuple[str, float]]] = {}

    def note(first: str, second: str, similarity: float) -> None:
        alike.setdefault(first, []).append((second, similarity))
        alike.setdefault(second, []).append((first, similarity))

    forms: dict[str, list[str]] = {}
    for row in rows:
        forms.setdefault(same_form(row.text), []).append(row.id)
    for ids in forms.values():
        for place, one in enumerate(ids):
            for other in ids[:place]:
                note(other, one, 1.0)
    if near:
        first = {ids[0]: ids for ids in forms.values()}
        texts = {row.id: row.text for row in rows if row.id in first}
        for one, other, similarity in near_duplicates(texts, lambda _a, _b: False):
            for own in first[one]:
                for like in first[other]:
                    note(own, like, round(similarity, 4))
    return alike
