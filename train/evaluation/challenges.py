"""What tells a model that understands from one that looks for words: pairs, disguises, look-alikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Row
from xuncha.train.evaluation.intervals import Bools, Rate, Resamples, any_label, rate
from xuncha.train.evaluation.predictions import Truth

OBFUSCATED = "obfuscated"
LOOK_ALIKE = "hard_negative"


@dataclass(frozen=True, slots=True)
class Challenges:
    """Rates over pairs and rows that were written to be hard.

    `pairs`: contrast pairs with both halves right on every judged label. `pairs_by_label`: pairs whose halves differ
    in that label, right in it on both sides. `obfuscated`: recall by label over rows of kind "obfuscated".
    `look_alikes`: rows of kind "hard_negative" with any false flag; `look_alikes_by_label`: with that one.
    """

    pairs: Rate
    pairs_by_label: Mapping[str, Rate]
    obfuscated: Mapping[str, Rate]
    look_alikes: Rate
    look_alikes_by_label: Mapping[str, Rate]


def challenges(
    rows: Sequence[Row], labels: Sequence[str], known: Truth, flags: Bools, resamples: Resamples
) -> Challenges:
    """All rates for `flags` [N, C] over rows; `labels` names the columns."""
    pairs = pairs_of(rows, known)
    right = ~known.judged | (flags == known.truth)
    differ = _differ(pairs, known)
    disguised = np.array([row.kind == OBFUSCATED for row in rows], bool)[:, None] & known.judged & known.truth
    alike = np.array([row.kind == LOOK_ALIKE for row in rows], bool)[:, None] & known.judged & ~known.truth
    return Challenges(
        pairs=_pair_rate(pairs, ~any_label(~right), np.ones(len(pairs), bool), resamples),
        pairs_by_label={
            label: _pair_rate(pairs, right[:, place], differ[:, place], resamples) for place, label in enumerate(labels)
        },
        obfuscated=_rates(labels, disguised & flags, disguised, resamples),
        look_alikes=rate(any_label(alike & flags), any_label(alike), resamples),
        look_alikes_by_label=_rates(labels, alike & flags, alike, resamples),
    )


def pairs_of(rows: Sequence[Row], known: Truth) -> list[tuple[int, int]]:
    """Places of the contrast pairs: groups of exactly two rows, each judged for at least one label."""
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.group is not None:
            groups.setdefault(row.group, []).append(place)
    asked = any_label(known.judged)
    return [(group[0], group[1]) for group in groups.values() if len(group) == 2 and asked[group].all()]


def _differ(pairs: Sequence[tuple[int, int]], known: Truth) -> Bools:
    """Whether both halves are judged for a label and differ in it [pairs, C]."""
    halves = np.array(pairs, np.int64).reshape(-1, 2)
    first, second = halves[:, 0], halves[:, 1]
    differ: Bools = known.judged[first] & known.judged[second] & (known.truth[first] != known.truth[second])
    return differ


def _pair_rate(pairs: Sequence[tuple[int, int]], right: Bools, counted: Bools, resamples: Resamples) -> Rate:
    """The share of counted pairs with both halves right. A pair stands at the place of its first half."""
    hits, of = np.zeros(len(right), bool), np.zeros(len(right), bool)
    for (first, second), counts in zip(pairs, counted, strict=True):
        of[first] = counts
        hits[first] = counts and right[first] and right[second]
    return rate(hits, of, resamples)


def _rates(labels: Sequence[str], hits: Bools, of: Bools, resamples: Resamples) -> dict[str, Rate]:
    return {label: rate(hits[:, place], of[:, place], resamples) for place, label in enumerate(labels)}
