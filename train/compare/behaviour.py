"""Short cases by capability (negation, quotation, …): what NEW passes that OLD did not, and the other way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Row
from xuncha.models.inference import Inference
from xuncha.train.compare.differences import Change
from xuncha.train.compare.vocabulary import columns
from xuncha.train.evaluation.intervals import Bools, Resamples, any_label, estimate, groups_of
from xuncha.train.evaluation.predictions import Truth, flags_at


@dataclass(frozen=True, slots=True)
class Capability:
    """Cases of one capability, and how many of them each model passes."""

    cases: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A case that OLD passes and NEW does not: the labels that NEW gets wrong."""

    id: str
    capability: str
    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A case is passed when every judged shared label is decided right. `passed` is the share of cases."""

    cases: int
    passed: Change
    fixed: int
    broken: tuple[Broken, ...]
    capabilities: Mapping[str, Capability]


def behaviour(
    old: Inference, new: Inference, cases: Sequence[Row], labels: Sequence[str], point: str, seed: int = 0
) -> Behaviour | None:
    """Put the cases to both models; None where none of them is judged for a shared label."""
    cases = [case for case in cases if any(case.labels.get(label) is not None for label in labels)]
    if not cases:
        return None
    wrong_old, wrong_new = (_wrong(model, cases, labels, point) for model in (old, new))
    passed_old, passed_new = (~any_label(wrong) for wrong in (wrong_old, wrong_new))
    both = np.stack([passed_old, passed_new, np.ones(len(cases), bool)], axis=1)
    drawn = Resamples(groups_of(cases), seed=seed).sums(both)
    before, after = float(passed_old.mean()), float(passed_new.mean())
    return Behaviour(
        cases=len(cases),
        passed=Change(before, after, estimate(after - before, (drawn[:, 1] - drawn[:, 0]) / drawn[:, 2])),
        fixed=int((~passed_old & passed_new).sum()),
        broken=tuple(
            Broken(cases[place].id, cases[place].origin, cases[place].text, _named(wrong_new[place], labels))
            for place in np.flatnonzero(passed_old & ~passed_new).tolist()
        ),
        capabilities=_capabilities(cases, passed_old, passed_new),
    )


def _wrong(model: Inference, cases: Sequence[Row], labels: Sequence[str], point: str) -> Bools:
    """Which judged labels a model decides wrongly [cases, labels]."""
    taxonomy = model.bundle.taxonomy
    scores = model.scores([case.text for case in cases]).labels.astype(np.float64)
    flags = columns(flags_at(scores, model.bundle.thresholds[point], taxonomy), taxonomy, labels)
    known = Truth.of(cases, taxonomy)
    judged, truth = (columns(values, taxonomy, labels) for values in (known.judged, known.truth))
    return np.asarray(np.logical_and(judged, flags != truth), np.bool_)


def _named(wrong: Bools, labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(label for label, one in zip(labels, wrong, strict=True) if one)


def _capabilities(cases: Sequence[Row], old: Bools, new: Bools) -> dict[str, Capability]:
    out = {}
    for name in sorted({case.origin for case in cases}):
        own = np.array([case.origin == name for case in cases], bool)
        out[name] = Capability(int(own.sum()), int((own & old).sum()), int((own & new).sum()))
    return out
