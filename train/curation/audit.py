"""Labels that are likely wrong: out-of-fold probabilities, judged by confident learning (cleanlab).

Northcutt, Jiang & Chuang, "Confident Learning", JAIR 2021; cleanlab gives each label a quality (its self-confidence)
and estimates how many are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.curation.grams import FEWEST, Vocabulary, fit, folds_of
from xuncha.train.evaluation.intervals import Bools, Floats

FOLDS = 5
# Where most true rows of a label mark their evidence, one that marks none is doubted five times as much.
_CUSTOMARY = 0.5
_UNMARKED = 0.2


@dataclass(frozen=True, slots=True)
class Doubt:
    """One label of one row: what it says, how likely it is true, and the quality of the judgement (0–1, low is bad).

    `unmarked`: true without evidence, where evidence is customary.
    """

    row: Row
    label: str
    judged: bool
    probability: float
    quality: float
    unmarked: bool


@dataclass(frozen=True, slots=True)
class Audit:
    """Every judgement, the most doubtful first. `wrong` estimates how many are wrong, by label.

    `skipped` are labels that too few rows are judged for.
    """

    doubts: tuple[Doubt, ...]
    wrong: Mapping[str, int]
    skipped: tuple[str, ...]


def audit(
    rows: Sequence[Row],
    taxonomy: Taxonomy,
    *,
    folds: int = FOLDS,
    seed: int = 0,
    scores: Floats | None = None,
) -> Audit:
    """Rank the judgements of `rows`.

    Probabilities are those of a quick learner that was fitted on the other folds, so that a row cannot vouch for
    itself. `scores` [N, C] (a model's, in the taxonomy's order) take their place; they are out-of-fold only for rows
    that the model was not trained on. Raises `XunchaError` where no label has rows enough.
    """
    doubts: list[Doubt] = []
    wrong: dict[str, int] = {}
    skipped: list[str] = []
    for place, label in enumerate(taxonomy.label_ids):
        own = [number for number, row in enumerate(rows) if row.labels.get(label) is not None]
        judged = [rows[number] for number in own]
        truth = np.array([row.labels[label] is True for row in judged], bool)
        if min(truth.sum(), (~truth).sum()) < FEWEST:
            skipped.append(label)
            continue
        found = out_of_fold(judged, label, truth, folds, seed) if scores is None else scores[own, place]
        doubts += _doubts(judged, label, truth, found)
        wrong[label] = _wrong(truth, found)
    if not wrong:
        raise XunchaError(f"No label has {FEWEST} true and {FEWEST} false rows, which an audit needs. Add rows.")
    return Audit(tuple(sorted(doubts, key=lambda one: one.quality)), wrong, tuple(skipped))


def out_of_fold(rows: Sequence[Row], label: str, truth: Bools, folds: int = FOLDS, seed: int = 0) -> Floats:
    """How likely `label` is for each row [N], by a learner that saw neither the row nor what belongs with it.

    Confident learning takes probabilities for frequencies, so they are calibrated over all rows (Platt).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold

    features = Vocabulary([row.text for row in rows]).features(rows, label)
    groups = folds_of(rows)
    out = np.zeros(len(rows))
    for shown, held in StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(groups, truth, groups):
        out[held] = fit(features, truth, shown).probabilities(features.texts[held])
    logits = np.log(np.clip(out, 1e-9, None) / np.clip(1 - out, 1e-9, None))[:, None]
    calibrated: Floats = LogisticRegression().fit(logits, truth).predict_proba(logits)[:, 1]
    return calibrated


def _doubts(rows: Sequence[Row], label: str, truth: Bools, probabilities: Floats) -> list[Doubt]:
    from cleanlab.rank import get_label_quality_scores

    quality = get_label_quality_scores(truth.astype(int), _both(probabilities), method="self_confidence")
    marked = np.array([any(span.label == label for span in row.spans) for row in rows], bool)
    customary = marked[truth].mean() >= _CUSTOMARY
    unmarked = truth & ~marked & customary
    quality = np.where(unmarked, quality * _UNMARKED, quality)
    return [
        Doubt(row, label, bool(truth[at]), float(probabilities[at]), float(quality[at]), bool(unmarked[at]))
        for at, row in enumerate(rows)
    ]


def _wrong(truth: Bools, probabilities: Floats) -> int:
    from cleanlab.count import num_label_issues

    return int(num_label_issues(truth.astype(int), _both(probabilities), estimation_method="off_diagonal"))


def _both(probabilities: Floats) -> Floats:
    """Probabilities of false and true [N, 2]."""
    return np.stack([1 - probabilities, probabilities], axis=1)
