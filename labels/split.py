"""Train, dev and test: by group, balanced, and never moving a row that already has its place."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xuncha.labels.errors import XunchaError
from xuncha.labels.groups import Grouping, Match, group_rows
from xuncha.labels.io import read_files, write_rows
from xuncha.labels.rows import SPLITS, Row
from xuncha.labels.taxonomy import Taxonomy

RATIOS = (0.8, 0.1, 0.1)
"""Default shares of train, dev and test, by rows."""

_RARE = 10

Stratum = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leak:
    """Two rows that belong together and stand in different splits."""

    match: Match
    first_split: str
    second_split: str


@dataclass(frozen=True, slots=True)
class Splitting:
    """Where every row goes, and why.

    `splits` maps each row id to its split, in the order of the rows; `fresh` holds the ids that had none
    before. `grouping` says which rows belong together and what matched; `leaks` what stands apart all the
    same, because it had been assigned before.
    """

    splits: Mapping[str, str]
    fresh: frozenset[str]
    grouping: Grouping
    leaks: tuple[Leak, ...]

    def apply(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows with their splits filled in, in order."""
        return (replace(row, split=self.splits[row.id]) for row in rows)


def assign_splits(rows: Iterable[Row], ratios: Sequence[float] = RATIOS) -> Splitting:
    """Give every row that has no split one, and leave the others where they are.

    Rows that belong together (see `group_rows`) share a split. A group with splits already gives its most
    frequent one to its new rows. Wholly new groups go, large ones first and then in the order of a hash of
    their smallest id, where their strata (label combination and source) lack most rows. An `origin` held out
    as a whole (all its rows in dev, or all in test) does not count towards the balance. `ratios` are the
    shares of train, dev and test.
    """
    rows = list(rows)
    _check_ratios(ratios)
    grouping = group_rows(rows)
    splits = {row.id: row.split for row in rows if row.split is not None}
    for group in grouping.groups:
        inherited = _majority(splits[one] for one in group if one in splits)
        if inherited is not None:
            splits |= {one: inherited for one in group if one not in splits}
    _fill(rows, grouping, splits, ratios)
    return Splitting(
        splits={row.id: splits[row.id] for row in rows},
        fresh=frozenset(row.id for row in rows if row.split is None),
        grouping=grouping,
        leaks=tuple(_leaks(grouping, splits)),
    )


def split_files(
    paths: Iterable[Path], taxonomy: Taxonomy, ratios: Sequence[float], write: bool
) -> tuple[Splitting, list[Path]]:
    """`assign_splits` over all files, and the files that were changed; none is without `write`."""
    files = read_files(paths, taxonomy)
    result = assign_splits((row for rows in files.values() for row in rows), ratios)
    fresh = [file for file, rows in files.items() if any(row.id in result.fresh for row in rows)]
    for file in fresh if write else ():
        write_rows(file, result.apply(files[file]))
    return result, fresh if write else []


def find_leaks(rows: Iterable[Row]) -> tuple[Leak, ...]:
    """Rows that belong together but stand in different splits; rows without a split cannot leak.

    Rows tied only through others are shown by the ties between them, so every group that leaks gives at least
    one leak.
    """
    rows = [row for row in rows if row.split is not None]
    return tuple(_leaks(group_rows(rows), {row.id: row.split or "" for row in rows}))


def _leaks(grouping: Grouping, splits: Mapping[str, str]) -> Iterator[Leak]:
    for match in grouping.matches:
        first, second = splits[match.first], splits[match.second]
        if first != second:
            yield Leak(match, first, second)


def _fill(rows: Sequence[Row], grouping: Grouping, splits: dict[str, str], ratios: Sequence[float]) -> None:
    """Assign every group that has no split yet, in place. Large groups first: single rows even out."""
    shares = {split: share for split, share in zip(SPLITS, ratios, strict=True) if share > 0}
    held_out = _held_out(rows)
    counted = [row for row in rows if row.origin not in held_out]
    strata = _strata(rows, counted)
    totals = Counter(strata[row.id] for row in counted)
    filled = Counter((strata[row.id], splits[row.id]) for row in counted if row.id in splits)
    for group in sorted((group for group in grouping.groups if group[0] not in splits), key=_order):
        lack = {
            split: sum(totals[strata[one]] - filled[strata[one], split] / share for one in group)
            for split, share in shares.items()
        }
        best = max(lack, key=lambda split: lack[split])
        for one in group:
            splits[one] = best
            filled[strata[one], best] += 1


def _strata(rows: Iterable[Row], counted: Iterable[Row]) -> dict[str, Stratum]:
    """Source and label combination of every row; combinations too rare to share out are put together."""
    strata = {row.id: _stratum(row) for row in rows}
    sizes = Counter(strata[row.id] for row in counted)
    return {one: stratum if sizes[stratum] >= _RARE else () for one, stratum in strata.items()}


def _stratum(row: Row) -> Stratum:
    judged = sorted(f"{label}={value}" for label, value in row.labels.items() if value is not None)
    return (str(row.source), *judged)


def _held_out(rows: Iterable[Row]) -> set[str]:
    """Origins whose rows all stand in dev, or all in test."""
    found: dict[str, set[str | None]] = {}
    for row in rows:
        found.setdefault(row.origin, set()).add(row.split)
    return {origin for origin, splits in found.items() if origin and len(splits) == 1 and splits <= {*SPLITS[1:]}}


def _majority(splits: Iterable[str]) -> str | None:
    counts = Counter(splits)
    return max((split for split in SPLITS if split in counts), key=lambda split: counts[split], default=None)


def _order(group: Sequence[str]) -> tuple[int, bytes]:
    return -len(group), hashlib.sha256(group[0].encode("utf-8", "surrogatepass")).digest()


def parse_ratios(given: str) -> tuple[float, ...]:
    """Shares written as `0.8,0.1,0.1`. Raises `XunchaError` for anything that is not three shares of one."""
    try:
        ratios = tuple(float(share) for share in given.split(","))
    except ValueError:
        raise XunchaError(_bad_ratios(given)) from None
    _check_ratios(ratios)
    return ratios


def _check_ratios(ratios: Sequence[float]) -> None:
    fine = len(ratios) == len(SPLITS) and all(share >= 0 for share in ratios)
    if not (fine and math.isclose(sum(ratios), 1, abs_tol=1e-6)):
        raise XunchaError(_bad_ratios(",".join(f"{share:g}" for share in ratios)))


def _bad_ratios(given: str) -> str:
    return f"ratios {given} are not three shares of train, dev and test adding up to 1. Write, say, 0.8,0.1,0.1."
