"""Linear models that are fitted on training rows in seconds: n-grams of the text, and probes that see no word of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.evaluation.intervals import Bools, Floats, groups_of
from xuncha.train.evaluation.predictions import Truth

# A threshold is chosen on held-out thirds of the training rows; fewer rows of a class than this are no ground for it.
FOLDS = 3
FEWEST = 10

# A matrix [rows, F], dense or sparse; columns are the same in training rows and rows to score.
Matrix = Any


@dataclass(frozen=True, slots=True)
class Scored:
    """One label's scores [N] and the threshold that they are flagged at."""

    scores: Floats
    threshold: float


@dataclass(frozen=True, slots=True)
class Learner:
    """`features` makes matrices of training rows and of rows to score; `fit` answers for the latter [N]."""

    name: str
    about: str
    features: Callable[[Sequence[Row], Sequence[Row]], tuple[Matrix, Matrix]]
    fit: Callable[[Matrix, Bools, Matrix], Floats]


def learned(
    learner: Learner, rows: Sequence[Row], train_rows: Sequence[Row], taxonomy: Taxonomy, seed: int = 0
) -> dict[str, Scored]:
    """Fit each label on the training rows that are judged for it; a label with one class only is left out."""
    known = Truth.of(train_rows, taxonomy)
    shown, asked = learner.features(train_rows, rows)
    groups = np.array(groups_of(train_rows), object)
    out = {}
    for place, label in enumerate(taxonomy.label_ids):
        judged = np.flatnonzero(known.judged[:, place])
        truth = known.truth[judged, place]
        if truth.any() and not truth.all():
            threshold = _threshold(learner, shown[judged], truth, groups[judged].tolist(), seed)
            out[label] = Scored(learner.fit(shown[judged], truth, asked), threshold)
    return out


def best_threshold(truth: Bools, scores: Floats) -> float:
    """The threshold with the best F1 (the highest of several), midway to the next lower score; both arrays [N].

    A threshold that sits on a row's own score is brittle.
    """
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(truth, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = len(thresholds) - 1 - int(np.argmax(f1[:-1][::-1]))
    return float(thresholds[max(best - 1, 0)] + thresholds[best]) / 2


def _threshold(learner: Learner, shown: Matrix, truth: Bools, groups: Sequence[str], seed: int) -> float:
    """The threshold of best F1 over scores of rows that the model was not fitted on; 0.5 where rows are too few."""
    from sklearn.model_selection import StratifiedGroupKFold

    if min(truth.sum(), (~truth).sum()) < FEWEST:
        return 0.5
    scores = np.zeros(len(truth))
    for fit, held in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(shown, truth, groups):
        scores[held] = learner.fit(shown[fit], truth[fit], shown[held])
    return best_threshold(truth, scores)


def _linear(shown: Matrix, truth: Bools, asked: Matrix) -> Floats:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=10.0, class_weight="balanced", solver="liblinear", random_state=0)
    scores: Floats = model.fit(shown, truth).predict_proba(asked)[:, 1]
    return scores


def _gram_counts(train_rows: Sequence[Row], rows: Sequence[Row]) -> tuple[Matrix, Matrix]:
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(analyzer="char", ngram_range=(1, 4))
    shown = vectorizer.fit_transform([row.text for row in train_rows])
    return shown, vectorizer.transform([row.text for row in rows])


def _tfidf_linear(shown: Matrix, truth: Bools, asked: Matrix) -> Floats:
    """Weights, and the n-grams that count (in 2 texts at least), come from `shown` alone, also within a fold."""
    from sklearn.feature_extraction.text import TfidfTransformer

    frequent = np.flatnonzero(np.asarray((shown > 0).sum(axis=0)).ravel() >= min(2, shown.shape[0]))
    if not frequent.size:
        return np.full(asked.shape[0], float(truth.mean()))
    tfidf = TfidfTransformer(sublinear_tf=True)
    return _linear(tfidf.fit_transform(shown[:, frequent]), truth, tfidf.transform(asked[:, frequent]))


def _lengths(train_rows: Sequence[Row], rows: Sequence[Row]) -> tuple[Matrix, Matrix]:
    """Lengths by tenths of the training rows, one column each: no shape of the dependence is taken for granted."""
    lengths, own = (np.array([len(row.text) for row in some]) for some in (train_rows, rows))
    edges = np.unique(np.quantile(lengths, np.linspace(0.1, 0.9, 9)))
    columns = np.eye(len(edges) + 1)
    return columns[np.searchsorted(edges, lengths)], columns[np.searchsorted(edges, own)]


def _categories(
    value_of: Callable[[Row], str], train_rows: Sequence[Row], rows: Sequence[Row]
) -> tuple[Matrix, Matrix]:
    """One column a value; a value that training rows do not have is all zeros."""
    known = sorted({value_of(row) for row in train_rows})
    shown, own = (
        np.array([[value_of(row) == one for one in known] for row in some], float) for some in (train_rows, rows)
    )
    return shown, own


_by_source = partial(_categories, lambda row: str(row.source))
_by_origin = partial(_categories, lambda row: row.origin)

LEARNERS = (
    Learner("n-grams", "TF-IDF of character 1–4-grams, logistic regression", _gram_counts, _tfidf_linear),
    Learner("length only", "the number of characters, a probe", _lengths, _linear),
    Learner("source only", "listing, speech or comment, a probe", _by_source, _linear),
    Learner("origin only", "the collection of the row, a probe", _by_origin, _linear),
)
