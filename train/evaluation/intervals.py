"""Bootstrap intervals over groups of rows.

A resample draws as many groups as there are, with replacement; rows of one group (the halves of a contrast pair) are
drawn together, since they are not independent. An interval is the 2.5th to the 97.5th percentile of the figure over
the resamples (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Where a sample shows no error
at all, neither does any resample, and the interval has no width: that is a limit of the method, not certainty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xuncha.labels.rows import Row

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Numbers = NDArray[np.bool_] | NDArray[np.int64] | NDArray[np.float64]

RESAMPLES = 1000
# Cells [resamples × columns] held at a time, so that memory stays flat for any number of rows.
_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval. All three are None where the figure is not defined, such as 0 ÷ 0."""

    value: float | None
    low: float | None
    high: float | None


UNDEFINED = Estimate(None, None, None)


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` out of `of` (rows, pairs, flags: the field that holds it says which), and that share, 0–1."""

    hits: int
    of: int
    share: Estimate


class Resamples:
    """How often each row stands in each of `count` resamples. The same groups and seed give the same draws."""

    def __init__(self, groups: Sequence[str], *, count: int = RESAMPLES, seed: int = 0) -> None:
        places: dict[str, int] = {}
        self._place = np.array([places.setdefault(group, len(places)) for group in groups], np.int64)
        rng = np.random.default_rng(seed)
        size = len(places)
        chances = np.full(size, 1 / max(size, 1))
        self._drawn = np.concatenate(
            [rng.multinomial(size, chances, block).astype(np.uint16) for block in _blocks(count, size)]
        )

    def sums(self, totals: Numbers) -> Floats:
        """Sums over the rows of every resample: `totals` [N, K] → [count, K]."""
        grouped = np.zeros((self._drawn.shape[1], totals.shape[1]))
        np.add.at(grouped, self._place, totals.astype(np.float64))
        out: Floats = np.concatenate([block @ grouped for block in self._parts(len(grouped))])
        return out

    def weights(self) -> Iterator[Floats]:
        """Row weights, some resamples at a time: arrays [b, N] whose b add up to `count`."""
        for block in self._parts(len(self._place)):
            yield block[:, self._place]

    def _parts(self, columns: int) -> Iterator[Floats]:
        start = 0
        for size in _blocks(len(self._drawn), columns):
            yield self._drawn[start : start + size].astype(np.float64)
            start += size


def _blocks(count: int, columns: int) -> Iterator[int]:
    """Sizes that add up to `count`, each small enough for `columns` columns."""
    size = max(1, _CELLS // max(columns, 1))
    for start in range(0, count, size):
        yield min(size, count - start)


def groups_of(rows: Sequence[Row]) -> list[str]:
    """What each row is drawn with: its `group`, or itself alone."""
    return [f"group:{row.group}" if row.group is not None else f"row:{place}" for place, row in enumerate(rows)]


def any_label(cells: Bools) -> Bools:
    """Rows with any label set: [N, C] → [N]."""
    out: Bools = np.logical_or.reduce(cells, axis=1)
    return out


def ratio(over: Floats, under: Floats) -> Floats:
    """`over` ÷ `under`, NaN where `under` is 0."""
    out: Floats = np.divide(over, under, out=np.full(np.shape(under), np.nan), where=under > 0)
    return out


def estimate(value: float, resampled: Floats) -> Estimate:
    """The interval of `value` from the same figure over the resamples [count]; NaN means not defined there."""
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(value) or not defined.size:
        return UNDEFINED
    low, high = np.quantile(defined, [0.025, 0.975])
    return Estimate(float(value), float(low), float(high))


def rate(hits: Numbers, of: Numbers, resamples: Resamples) -> Rate:
    """The share Σ `hits` ÷ Σ `of`, both [N] (booleans, or counts where a row counts more than once)."""
    cells = np.stack([hits.astype(np.float64), of.astype(np.float64)], axis=1)
    total, drawn = cells.sum(axis=0), resamples.sums(cells)
    share = estimate(float(ratio(total[0], total[1])), ratio(drawn[:, 0], drawn[:, 1]))
    return Rate(int(total[0]), int(total[1]), share)
