"""Everything that two models differ in on one set of labelled rows, made in one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference
from xuncha.train.compare.behaviour import Behaviour, behaviour
from xuncha.train.compare.cost import Cost, cost
from xuncha.train.compare.differences import LabelDifference, Pair, SliceDifference, label_difference, slice_differences
from xuncha.train.compare.flips import Flip, flips
from xuncha.train.compare.rules import Gate
from xuncha.train.compare.verdict import Verdict, decide
from xuncha.train.compare.vocabulary import Vocabulary, columns, flags_of, scores_of, union
from xuncha.train.evaluation.evaluation import WRITTEN_BY_MODEL, fingerprint
from xuncha.train.evaluation.figures import Figures, figures
from xuncha.train.evaluation.intervals import RESAMPLES, Resamples, groups_of
from xuncha.train.evaluation.predictions import Predictions, Truth, predict

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """What the verdict rests on. `added`: figures of labels that only NEW knows; `removed`: labels it lost.

    `without_extra`: the shared labels once more, without the rows that came with the new model; empty where none did.
    """

    rows: int
    labels: tuple[LabelDifference, ...]
    without_extra: tuple[LabelDifference, ...]
    added: Mapping[str, Figures]
    removed: tuple[str, ...]
    slices: tuple[SliceDifference, ...]
    behaviour: Behaviour | None
    cost: Cost


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models side by side, and the verdict on the new one. `rows_sha256` is of the rows' JSON lines, in order."""

    old: str
    new: str
    rows_sha256: str
    seed: int
    resamples: int
    notes: tuple[str, ...]
    rules: Gate
    measured: Measured
    flips: tuple[Flip, ...]
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings; never NaN, None where undefined."""
        return {"format": FORMAT, **asdict(self), "verdict": self.verdict.to_json()}

    def record(self) -> dict[str, Any]:
        """What a bundle keeps of it: champion, rows, rules, verdict, F1 of the labels."""
        return {
            "champion": self.old,
            "rows": self.measured.rows,
            "rows_sha256": self.rows_sha256,
            "rules": self.rules.to_json(),
            "verdict": str(self.verdict),
            "reasons": list(self.verdict.reasons),
            "labels": {one.label: asdict(one.changes["F1"]) for one in self.measured.labels},
        }


def compare(
    old: Bundle,
    new: Bundle,
    rows: Sequence[Row],
    *,
    rules: Gate | None = None,
    cases: Sequence[Row] = (),
    extra: frozenset[str] = frozenset(),
    speed: bool = True,
    seed: int = 0,
) -> Comparison:
    """Put the same rows to both models and judge the new one by the rules.

    Only judged labels count. Labels that one model alone knows are left out of the differences: a new one is measured
    by itself, a lost one forbids shipping. `extra` are ids of rows that came with the new model: if they are wrong, it
    is right on them and looks good, so it must not be worse on the others alone. Raises `XunchaError` without rows, and
    where no row is judged for a shared label. The same input and seed give the same figures, speed apart.
    """
    rules = rules or Gate()
    words = Vocabulary.of(old.taxonomy, new.taxonomy)
    if not any(row.labels.get(label) is not None for row in rows for label in (*words.shared, *words.added)):
        raise XunchaError(
            f"No row is judged for {' or '.join((*words.shared, *words.added))}, the labels of {new.model_id}."
        )
    engines = Inference(old), Inference(new)
    before, after = (predict(engine, rows, rules.point) for engine in engines)
    resamples = Resamples(groups_of(rows), seed=seed)
    pairs = list(_pairs(before, after, words.shared, union(old.taxonomy, new.taxonomy)))
    measured = Measured(
        rows=len(rows),
        labels=tuple(label_difference(pair, resamples) for pair in pairs),
        without_extra=tuple(label_difference(pair, resamples) for pair in _without(pairs, rows, extra)),
        added={label: _alone(after, label, resamples) for label in words.added},
        removed=words.removed,
        slices=tuple(slice_differences(rows, pairs, resamples)),
        behaviour=behaviour(*engines, cases, words.shared, rules.point, seed),
        cost=cost(*engines, [row.text for row in rows], speed=speed),
    )
    return Comparison(
        old=old.model_id,
        new=new.model_id,
        rows_sha256=fingerprint(rows),
        seed=seed,
        resamples=RESAMPLES,
        notes=tuple(_notes(rows, cases)),
        rules=rules,
        measured=measured,
        flips=flips(before, after, words.shared),
        verdict=decide(measured, rules),
    )


def _pairs(before: Predictions, after: Predictions, labels: Sequence[str], every: Taxonomy) -> Iterator[Pair]:
    known = Truth.of(before.rows, every)
    judged, truth = (np.asarray(columns(values, every, labels), np.bool_) for values in (known.judged, known.truth))
    old, new = flags_of(before, labels), flags_of(after, labels)
    scores_old, scores_new = scores_of(before, labels), scores_of(after, labels)
    for place, label in enumerate(labels):
        yield Pair(
            label=label,
            judged=judged[:, place],
            truth=truth[:, place],
            old=old[:, place],
            new=new[:, place],
            old_scores=scores_old[:, place],
            new_scores=scores_new[:, place],
        )


def _without(pairs: Sequence[Pair], rows: Sequence[Row], extra: frozenset[str]) -> Iterator[Pair]:
    """The pairs with extra rows masked; nothing where there are none."""
    others = np.array([row.id not in extra for row in rows], bool)
    if not others.all():
        yield from (replace(pair, judged=pair.judged & others) for pair in pairs)


def _alone(after: Predictions, label: str, resamples: Resamples) -> Figures:
    place = after.taxonomy.label_ids.index(label)
    known = after.known
    return figures(known.judged[:, place], known.truth[:, place], after.flags[:, place], resamples)


def _notes(rows: Sequence[Row], cases: Sequence[Row]) -> Iterator[str]:
    """What a reader must know before the figures."""
    written = sum(row.annotator == WRITTEN_BY_MODEL for row in rows)
    if written:
        yield f"{written} of the {len(rows)} rows were written by language models: results on them flatter both models."
    seen = sum(row.split == "train" for row in rows)
    if seen:
        yield f"{seen} rows stand in the training split: a model that learned from them is not tested by them."
    if not cases:
        yield "No behaviour cases were given."
