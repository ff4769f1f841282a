"""Whether the reason is right where the label is right, and which reasons are taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Row
from xuncha.train.evaluation.intervals import Rate, Resamples, rate
from xuncha.train.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Confusion:
    """One label's reasons: `counts[i][j]` rows are marked `reasons[i]` and were told `reasons[j]`."""

    reasons: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """Over (row, label) pairs whose label is true, flagged and has marked spans.

    The reason is right when it is among the row's marked reasons of that label.
    """

    overall: Rate
    by_label: Mapping[str, Rate]
    confusion: Mapping[str, Confusion]


def reason_figures(predictions: Predictions, resamples: Resamples) -> ReasonFigures:
    """Accuracy of reasons with intervals, and the confusion of each label's reasons."""
    taxonomy = predictions.taxonomy
    shape = (len(predictions.rows), len(taxonomy.label_ids))
    hits, of = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    confused: dict[str, Counter[tuple[str, str]]] = {label: Counter() for label in taxonomy.label_ids}
    for row, place, marked, told in _told(predictions):
        of[row, place] = 1
        hits[row, place] = told in marked
        confused[taxonomy.label_ids[place]][_counted(marked, told), told] += 1
    return ReasonFigures(
        overall=rate(hits.sum(axis=1), of.sum(axis=1), resamples),
        by_label={label: rate(hits[:, i], of[:, i], resamples) for i, label in enumerate(taxonomy.label_ids)},
        confusion={
            label.id: _confusion(tuple(reason.id for reason in label.reasons), confused[label.id])
            for label in taxonomy.labels
        },
    )


def marked_reasons(row: Row, label: str) -> dict[str, int]:
    """Reason → characters marked with it, for one label of a row."""
    found: Counter[str] = Counter()
    for span in row.spans:
        if span.label == label:
            found[span.reason] += span.end - span.start
    return dict(found)


def _told(predictions: Predictions) -> Iterator[tuple[int, int, dict[str, int], str]]:
    right = predictions.flags & predictions.known.truth
    for number, place in np.argwhere(right).tolist():
        label = predictions.taxonomy.label_ids[place]
        marked = marked_reasons(predictions.rows[number], label)
        if marked:
            yield number, place, marked, predictions.reason(number, label)


def _counted(marked: Mapping[str, int], told: str) -> str:
    """Where a row has several reasons: the one that was told, else the one with the most characters."""
    return told if told in marked else max(marked, key=lambda reason: marked[reason])


def _confusion(reasons: tuple[str, ...], counts: Mapping[tuple[str, str], int]) -> Confusion:
    return Confusion(reasons, tuple(tuple(counts.get((one, told), 0) for told in reasons) for one in reasons))
