"""A quick learner of one label: character n-grams, weighed by how much they tell, and a linear model.

Log-count ratios times n-gram weights, then logistic regression: Wang & Manning, "Baselines and Bigrams", ACL 2012
(NBSVM). Evidence helps: what a true row marks is shown once more alone (true), and the row without it (false).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xuncha.labels.groups import pair_stem
from xuncha.labels.rows import Row
from xuncha.labels.validate import same_form
from xuncha.train.evaluation.intervals import Bools, Floats

FEWEST = 10
"""True rows and false rows that a label needs at least."""

_SOME = 100
_COST = 5.0  # of an error; measured on flipped labels from 0.3 to 10, flat from 3 on

# A sparse matrix [rows, n-grams].
Matrix = Any


@dataclass(frozen=True, slots=True)
class Features:
    """Matrices of N rows: whole texts, and for one label the evidence alone and the text without it."""

    texts: Matrix
    evidence: Matrix
    rest: Matrix
    marked: Bools


class Vocabulary:
    """N-grams of 1 to 4 characters, case and width aside; of more than a few texts, those that stand in two."""

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        fewest = 2 if len(texts) >= _SOME else 1
        self._vectorizer = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 4), min_df=fewest, sublinear_tf=True, preprocessor=_plain, dtype=np.float32
        )
        self.texts = self._vectorizer.fit_transform(texts)

    def matrix(self, texts: Sequence[str]) -> Matrix:
        """Rows of unit length [N, n-grams]."""
        return self._vectorizer.transform(texts)

    def features(self, rows: Sequence[Row], label: str) -> Features:
        """Matrices of rows; the vocabulary was made of their texts, and perhaps of others after them."""
        evidence = [_evidence(row, label) for row in rows]
        marked = np.array([bool(words.strip()) for words in evidence], bool)
        return Features(
            self.texts[: len(rows)], self.matrix(evidence), self.matrix([_rest(row, label) for row in rows]), marked
        )


def fit(features: Features, truth: Bools, shown: Any) -> LinearModel:
    """Learn a label from the rows at the places `shown`; `truth` [N] says which rows are true."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    own = np.asarray(shown)
    told = own[features.marked[own] & truth[own]]
    matrix = vstack([features.texts[own], features.evidence[told], features.rest[told]]).tocsr()
    answers = np.concatenate([truth[own], np.ones(len(told), bool), np.zeros(len(told), bool)])
    ratios = _log_count_ratios(matrix, answers)
    model = LogisticRegression(C=_COST, class_weight="balanced", solver="liblinear", random_state=0)
    return LinearModel(ratios, model.fit(matrix.multiply(ratios).tocsr(), answers))


@dataclass(frozen=True, slots=True)
class LinearModel:
    """What `fit` learned."""

    ratios: Floats
    model: Any

    def probabilities(self, matrix: Matrix) -> Floats:
        """How likely the label is for each row of a matrix [N]."""
        found: Floats = self.model.predict_proba(matrix.multiply(self.ratios).tocsr())[:, 1]
        return found


def folds_of(rows: Sequence[Row]) -> list[str]:
    """What must not be torn apart by folds: pairs, named groups, and texts that are the same."""
    return [row.group or pair_stem(row.id) or same_form(row.text) for row in rows]


def _log_count_ratios(matrix: Matrix, answers: Bools) -> Floats:
    present = matrix > 0
    true, false = (1.0 + np.asarray(present[answers == side].sum(axis=0)).ravel() for side in (True, False))
    ratios: Floats = np.log((true / true.sum()) / (false / false.sum())).astype(np.float64)
    return ratios


def _evidence(row: Row, label: str) -> str:
    return "".join(row.text[span.start : span.end] for span in row.spans if span.label == label)


def _rest(row: Row, label: str) -> str:
    taken = {place for span in row.spans if span.label == label for place in range(span.start, span.end)}
    return "".join(char for place, char in enumerate(row.text) if place not in taken)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
