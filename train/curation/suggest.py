"""Which unlabelled rows to label next: those that a learner is unsure of, unlike each other, and frequent.

The score of a row is uncertainty × novelty × frequency. Uncertainty is Σ over labels of 1 − |2p − 1| (Lewis & Gale,
SIGIR 1994); novelty, 1 − the greatest cosine to a row that was chosen before, so that a batch is spread; frequency,
1 + ln(how often the text stands in the pool).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.labels.validate import same_form
from xuncha.train.curation.grams import FEWEST, Matrix, Vocabulary, fit
from xuncha.train.evaluation.intervals import Floats

# So many times the rows that are wanted, the best by uncertainty × frequency, are looked through for novel ones.
_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A row to label, and why: `score` = `uncertainty` × `novelty` × `frequency`; `times` it stands in the pool.

    `probabilities` say how likely each label is, in the taxonomy's order.
    """

    row: Row
    score: float
    uncertainty: float
    novelty: float
    times: int
    probabilities: tuple[float, ...]


def suggest(
    pool: Sequence[Row],
    budget: int,
    probabilities: Floats,
    vectors: Matrix,
    known: Sequence[Row] = (),
    centres: Floats | None = None,
) -> list[Suggestion]:
    """The `budget` rows of `pool` to label next, the most useful first; fewer where the pool has fewer texts.

    `probabilities` [N, C] and `vectors` (unit rows [N, D]) belong to the pool. Texts that stand in `known` are left
    out. `centres` [C] are the probabilities at which a label is undecided, such as a model's thresholds; default 0.5.
    """
    seen = {same_form(row.text) for row in known}
    places: dict[str, list[int]] = {}
    for place, row in enumerate(pool):
        form = same_form(row.text)
        if form not in seen:
            places.setdefault(form, []).append(place)
    own = np.array([found[0] for found in places.values()], int)
    times = np.array([len(found) for found in places.values()], int)
    unsure = uncertainty(probabilities[own], centres)
    worth = unsure * (1 + np.log(np.maximum(times, 1)))
    best = np.argsort(-worth, kind="stable")[: _CANDIDATES * budget]
    chosen = spread(worth[best], vectors[own[best]], budget)
    out = []
    for at, novelty in chosen:
        place = own[best[at]]
        out.append(
            Suggestion(
                pool[place],
                float(worth[best[at]] * novelty),
                float(unsure[best[at]]),
                novelty,
                int(times[best[at]]),
                tuple(map(float, probabilities[place])),
            )
        )
    return out


def uncertainty(probabilities: Floats, centres: Floats | None = None) -> Floats:
    """Σ over labels of 1 − |2q − 1| [N]; q is the probability, moved so that a centre becomes one half."""
    if centres is not None:
        below = probabilities < centres
        probabilities = np.where(
            below, probabilities / (2 * centres), 1 - (1 - probabilities) / (2 * np.maximum(1 - centres, 1e-9))
        )
    found: Floats = (1 - np.abs(2 * probabilities - 1)).sum(axis=1)
    return found


def spread(worth: Floats, vectors: Matrix, budget: int) -> list[tuple[int, float]]:
    """Places of the rows that are worth most, each weighed by 1 − its greatest cosine to those before; and that."""
    novelty = np.ones(len(worth))
    left = np.ones(len(worth), bool)
    chosen = []
    for _ in range(min(budget, len(worth))):
        place = int(np.argmax(np.where(left, worth * novelty, -1.0)))
        chosen.append((place, float(novelty[place])))
        left[place] = False
        cosines = np.asarray((vectors @ vectors[place].T).todense()).ravel()
        novelty = np.minimum(novelty, np.clip(1 - cosines, 0.0, 1.0))
    return chosen


def learned(pool: Sequence[Row], known: Sequence[Row], label_ids: Sequence[str]) -> tuple[Floats, Matrix]:
    """Probabilities [N, C] and vectors of the pool, by the quick learner fitted on the rows that are labelled.

    A label with too few rows counts as undecided. Raises `XunchaError` where all have too few.
    """
    vocabulary = Vocabulary([row.text for row in (*known, *pool)])
    vectors = vocabulary.texts[len(known) :]
    columns = []
    taught = False
    for label in label_ids:
        truth = np.array([row.labels.get(label) is True for row in known], bool)
        judged = np.flatnonzero([row.labels.get(label) is not None for row in known])
        if min(truth[judged].sum(), (~truth[judged]).sum()) < FEWEST:
            columns.append(np.full(len(pool), 0.5))
            continue
        taught = True
        columns.append(fit(vocabulary.features(known, label), truth, judged).probabilities(vectors))
    if not taught:
        raise XunchaError(
            f"No label has {FEWEST} true and {FEWEST} false rows to learn from. Give more by --rows, or a model by "
            "--model."
        )
    return np.stack(columns, axis=1), vectors
