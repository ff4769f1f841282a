"""The true violation rate of a table, estimated from a reviewed sample of it.

A stratum's rate is weighted by its share of the table (Cochran, Sampling Techniques, 3rd ed., 1977, §5.3). The
interval is Wilson's with the effective sample size (Franco, Little, Louis and Slud, Comparative Study of Confidence
Intervals for Proportions in Complex Sample Surveys, J. Surv. Stat. Methodol. 7, 2019). Its variance takes half a row
of either kind more in every stratum, so that a stratum without a finding does not count as known without doubt.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.serve.sampling import FLAGGED, Risk

ESTIMATOR = (
    "stratified by risk and merchant size (Cochran 1977, §5.3); Wilson interval for the effective sample size "
    "(Franco et al. 2019), half a row of either kind more per stratum; precision and misses as ratios (Cochran §6.11)"
)
"""How the rates are estimated, in one line."""

ANY = "any"
"""Name of the estimate over all labels: a row violates if one label holds."""

_Z = 1.959963984540054  # 97.5 % point of the normal distribution


@dataclass(frozen=True, slots=True)
class Judged:
    """A row of a reviewed sample. `verdicts` maps labels to true, false or None (unsure, or not filled in)."""

    stratum: str
    stratum_rows: int
    group: str
    flags: Mapping[str, bool]
    verdicts: Mapping[str, bool | None]
    blank: bool = False

    def holds(self, label: str) -> bool | None:
        """Whether the row violates: `label`, or any label; None if nobody could say."""
        if label != ANY:
            return self.verdicts.get(label)
        said = list(self.verdicts.values())
        return True if True in said else None if None in said or not said else False


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share with its 95 % interval, from `judged` rows."""

    value: float
    low: float
    high: float
    judged: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a reviewed sample says about one label (or any).

    `rate`: rows that violate, of all rows. `control`: the same from the random group alone. `precision`: violations
    among the flagged rows. `missed`: violations among the others. `recall`: share of the violations that is flagged,
    without interval. `at_least`, `at_most`: the rate if every unsure row were none, or one.
    """

    label: str
    rate: Share
    control: Share | None
    precision: Share | None
    missed: Share | None
    recall: float | None
    unsure: int
    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True)
class Estimated:
    """Estimates for any label and for each. `rows`: of the table; `judged` and `blank`: of the sample."""

    rows: int
    judged: int
    blank: int
    estimates: tuple[Estimate, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "estimator": ESTIMATOR}


def estimate(where: str, sample: Sequence[Judged], labels: Sequence[str], rows: int) -> Estimated:
    """Estimates from a reviewed sample of a table of `rows` rows.

    Rows that nobody has judged count as drawn but lost: the others of their stratum stand for them. Raises
    `XunchaError` beginning with `where` if a stratum of the table is missing, or none of its rows is judged.
    """
    known = {one.stratum: one.stratum_rows for one in sample}
    if sum(known.values()) != rows:
        raise XunchaError(
            f"{where}: its strata hold {sum(known.values()):,} rows, the table it was drawn from had {rows:,}: a whole "
            "stratum is missing. Estimate from the whole sample."
        )
    done = [one for one in sample if not one.blank]
    found = tuple(_estimate(where, known, done, label) for label in (ANY, *labels))
    return Estimated(rows, len(done), len(sample) - len(done), found)


def _estimate(where: str, known: Mapping[str, int], sample: Sequence[Judged], label: str) -> Estimate:
    said = [one for one in sample if one.holds(label) is not None]
    whole = _strata(where, known, said, label)
    weights = {name: one.rows / one.judged for name, one in whole.items()}
    control = [bool(one.holds(label)) for one in said if one.group == "control"]
    flagged = _flagged(label)
    total = sum(weights[one.stratum] * bool(one.holds(label)) for one in said)
    hit = sum(weights[one.stratum] * bool(one.holds(label)) for one in said if flagged(one))
    return Estimate(
        label=label,
        rate=_stratified(list(whole.values())),
        control=_simple(control) if control else None,
        precision=_domain(said, flagged, label, weights),
        missed=_domain(said, lambda one: not flagged(one), label, weights),
        recall=hit / total if total else None,
        unsure=len(sample) - len(said),
        at_least=_with_unsure(known, sample, label, unsure=False),
        at_most=_with_unsure(known, sample, label, unsure=True),
    )


@dataclass(frozen=True, slots=True)
class _Stratum:
    weight: float
    rows: int
    judged: int
    found: int

    @property
    def value(self) -> float:
        return self.found / self.judged


def _strata(where: str, known: Mapping[str, int], said: Sequence[Judged], label: str) -> dict[str, _Stratum]:
    total = sum(known.values())
    judged = Counter(one.stratum for one in said)
    found = Counter(one.stratum for one in said if one.holds(label))
    for name in known:
        if not judged[name]:
            what = "" if label == ANY else f" for {label}"
            raise XunchaError(f"{where}: no row of the stratum {name} is judged{what}. Judge at least two of it.")
    return {name: _Stratum(rows / total, rows, judged[name], found[name]) for name, rows in known.items()}


def _stratified(strata: Sequence[_Stratum]) -> Share:
    """A stratified share with Wilson's interval around it, for the effective sample size."""
    value = sum(one.value * one.weight for one in strata)
    judged = sum(one.judged for one in strata)
    if all(one.judged >= one.rows for one in strata):
        return Share(value, value, value, judged)
    variance = smooth = 0.0
    for one in strata:
        near = (one.found + 0.5) / (one.judged + 1)
        smooth += one.weight * near
        left = max(0.0, 1 - one.judged / one.rows)
        variance += one.weight**2 * left * near * (1 - near) / max(one.judged - 1, 1)
    return Share(value, *wilson(value, smooth * (1 - smooth) / variance), judged)


def wilson(share: float, size: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share seen in `size` rows.

    >>> [round(edge, 3) for edge in wilson(0.1, 50)]
    [0.043, 0.214]
    """
    middle = (share + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z * math.sqrt(share * (1 - share) / size + _Z**2 / (4 * size**2)) / (1 + _Z**2 / size)
    return max(0.0, middle - half), min(1.0, middle + half)


def _simple(found: Sequence[bool]) -> Share:
    value = sum(found) / len(found)
    return Share(value, *wilson(value, len(found)), len(found))


def _domain(
    said: Sequence[Judged], belongs: Callable[[Judged], bool], label: str, weights: Mapping[str, float]
) -> Share | None:
    """A share among some rows only: a ratio of weighted sums, its variance linearised (Cochran 1977, §6.11)."""
    own = [one for one in said if belongs(one)]
    if not own:
        return None
    total = sum(weights[one.stratum] for one in own)
    value = sum(weights[one.stratum] for one in own if one.holds(label)) / total
    errors: dict[str, list[float]] = {}
    for one in said:
        error = (bool(one.holds(label)) - value) / total if belongs(one) else 0.0
        errors.setdefault(one.stratum, []).append(error)
    variance = sum(_spread(found) * weights[name] * (weights[name] * len(found) - len(found))
                   for name, found in errors.items())  # fmt: skip
    kish = total**2 / sum(weights[one.stratum] ** 2 for one in own)
    size = min(value * (1 - value) / variance, 4 * len(own)) if variance > 0 else kish
    return Share(value, *wilson(value, max(size, 1.0)), len(own))


def _spread(found: Sequence[float]) -> float:
    mean = sum(found) / len(found)
    return sum((one - mean) ** 2 for one in found) / max(len(found) - 1, 1)


def _flagged(label: str) -> Callable[[Judged], bool]:
    if label == ANY:
        return lambda one: Risk(one.stratum.split("/")[0]) in FLAGGED
    return lambda one: one.flags.get(label, False)


def _with_unsure(known: Mapping[str, int], sample: Sequence[Judged], label: str, *, unsure: bool) -> float:
    """The rate if every unsure row were a violation, or none."""
    judged = Counter(one.stratum for one in sample)
    held = Counter(one.stratum for one in sample if (unsure if one.holds(label) is None else one.holds(label)))
    return sum(rows * held[name] / judged[name] for name, rows in known.items()) / sum(known.values())
