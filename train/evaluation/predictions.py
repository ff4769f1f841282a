"""What a model said about labelled rows, beside what their labels say: the arrays that every figure is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import OPERATING_POINTS
from xuncha.models.evidence import Stretch, likeliest_reason
from xuncha.models.explain import explain
from xuncha.models.inference import Inference
from xuncha.train.evaluation.intervals import Bools, Floats


@dataclass(frozen=True)
class Truth:
    """What the rows say: `judged` and `truth`, booleans [N, C]; `truth` is False where nobody has judged."""

    judged: Bools
    truth: Bools

    @classmethod
    def of(cls, rows: Sequence[Row], taxonomy: Taxonomy) -> Truth:
        """The labels of rows in the taxonomy's order. Null and absent are not judged."""
        given = [[row.labels.get(label) for label in taxonomy.label_ids] for row in rows]
        shape = (len(rows), len(taxonomy.label_ids))
        judged = np.array([[one is not None for one in row] for row in given], bool).reshape(shape)
        return cls(judged, np.array([[one is True for one in row] for row in given], bool).reshape(shape))


@dataclass(frozen=True)
class Predictions:
    """A model's answers for N rows, C labels and R reasons at one operating point.

    `scores` [N, C] and `reason_scores` [N, R] are probabilities, `thresholds` those of the point; `evidence` holds
    for each row the stretches of each flagged label, as users are shown them.
    """

    rows: tuple[Row, ...]
    taxonomy: Taxonomy
    thresholds: Mapping[str, float]
    scores: Floats
    reason_scores: Floats
    evidence: tuple[Mapping[str, Sequence[Stretch]], ...]

    @cached_property
    def known(self) -> Truth:
        """What the rows' labels say."""
        return Truth.of(self.rows, self.taxonomy)

    @cached_property
    def flags(self) -> Bools:
        """Whether the score of a label reaches its threshold [N, C]."""
        return flags_at(self.scores, self.thresholds, self.taxonomy)

    def reason(self, row: int, label: str) -> str:
        """The reason that users are told for a flagged label of a row."""
        evidence = self.evidence[row][label]
        return likeliest_reason(label, self.reason_scores[row].tolist(), evidence, self.taxonomy)


def predict(inference: Inference, rows: Sequence[Row], point: str = "balanced") -> Predictions:
    """Put the rows' texts to the model and explain what it flags. Raises `XunchaError` for an unknown point."""
    if point not in OPERATING_POINTS:
        hint = did_you_mean(point, OPERATING_POINTS)
        raise XunchaError(f'There is no operating point "{point}".{hint} Choose one of {", ".join(OPERATING_POINTS)}.')
    bundle = inference.bundle
    thresholds = bundle.thresholds[point]
    texts = [row.text for row in rows]
    found = inference.scores(texts)
    scores = found.labels.astype(np.float64)
    flags = flags_at(scores, thresholds, bundle.taxonomy)
    flagged = [[label for label, flag in zip(bundle.taxonomy.label_ids, row, strict=True) if flag] for row in flags]
    evidence = explain(inference, texts, flagged, thresholds)
    reasons = found.reasons.astype(np.float64)
    return Predictions(tuple(rows), bundle.taxonomy, thresholds, scores, reasons, tuple(evidence))


def flags_at(scores: Floats, thresholds: Mapping[str, float], taxonomy: Taxonomy) -> Bools:
    """Which scores [N, C] reach the threshold of their label."""
    flags: Bools = scores >= np.array([thresholds[label] for label in taxonomy.label_ids])
    return flags
