"""Rows that must share a split: contrast pairs, named groups, and texts that are nearly the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xuncha.labels.neardup import near_duplicates
from xuncha.labels.rows import Row

_PAIR = re.compile(r"(.*\d)[ab]")


class Tie(StrEnum):
    """Why two rows belong together."""

    PAIR = "contrast pair"
    GROUP = "same group"
    TEXT = "near-duplicate"


@dataclass(frozen=True, slots=True)
class Match:
    """Two rows that belong together. `similarity` of their texts is 0–1; 1 for pairs and named groups."""

    first: str
    second: str
    tie: Tie
    similarity: float = 1.0


@dataclass(frozen=True, slots=True)
class Grouping:
    """Every row id in exactly one group (ids sorted, groups sorted), and the matches that joined them."""

    groups: tuple[tuple[str, ...], ...]
    matches: tuple[Match, ...]


def pair_stem(row_id: str) -> str | None:
    """What both halves of a contrast pair share, or None where the id is not of that form.

    >>> pair_stem("P1-001a"), pair_stem("L1001")
    ('P1-001', None)
    """
    match = _PAIR.fullmatch(row_id)
    return match[1] if match else None


def group_rows(rows: Iterable[Row]) -> Grouping:
    """Join rows by pair, by `group` and by text. A match is kept only if it joined something not yet joined.

    The matches are therefore a smallest explanation: every group of n rows has n - 1 of them.
    """
    rows = sorted(rows, key=lambda row: row.id)
    forest = _Forest([row.id for row in rows])
    ties = [
        *_chains(rows, lambda row: pair_stem(row.id), Tie.PAIR),
        *_chains(rows, lambda row: row.group, Tie.GROUP),
    ]
    matches = [match for match in ties if forest.join(match.first, match.second)]
    texts = {row.id: row.text for row in rows}
    for first, second, similarity in near_duplicates(texts, forest.together):
        forest.join(first, second)
        matches.append(Match(first, second, Tie.TEXT, round(similarity, 4)))
    return Grouping(forest.groups(), tuple(matches))


def _chains(rows: Sequence[Row], key: Callable[[Row], str | None], tie: Tie) -> Iterable[Match]:
    """A match from the first row with a key to each later row with the same key."""
    first: dict[str, str] = {}
    for row in rows:
        name = key(row)
        if name is not None and first.setdefault(name, row.id) != row.id:
            yield Match(first[name], row.id, tie)


class _Forest:
    """Disjoint sets of ids; the smallest id stands for its set."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._parent = {one: one for one in ids}

    def root(self, one: str) -> str:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def together(self, first: str, second: str) -> bool:
        return self.root(first) == self.root(second)

    def join(self, first: str, second: str) -> bool:
        """Put both in one set; False where they already were."""
        low, high = sorted((self.root(first), self.root(second)))
        self._parent[high] = low
        return low != high

    def groups(self) -> tuple[tuple[str, ...], ...]:
        found: dict[str, list[str]] = {}
        for one in sorted(self._parent):
            found.setdefault(self.root(one), []).append(one)
        return tuple(tuple(found[root]) for root in sorted(found))
