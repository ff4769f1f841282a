"""Figures by slice of the rows: source, kind, origin, length, and recall by reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xuncha.labels.rows import Row, Source, Span
from xuncha.train.evaluation.figures import Figures, figures
from xuncha.train.evaluation.intervals import UNDEFINED, Bools, Resamples
from xuncha.train.evaluation.predictions import Predictions

NONE = "–"
"""How a value that rows do not have is named."""

# Upper ends of the length buckets, in code points; the last one is open.
LENGTHS = (20, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows that have `value` for `facet`, seen for one label.

    Without true rows only the false flags are defined; without false ones only the recall: the rest would be 0 or 1
    whatever the model does.
    """

    facet: str
    value: str
    label: str
    figures: Figures


def length_bucket(text: str) -> str:
    """The bucket of a text's length in code points.

    >>> length_bucket("加微信"), length_bucket("字" * 201)
    ('1–20', 'over 200')
    """
    start = 1
    for end in LENGTHS:
        if len(text) <= end:
            return f"{start}–{end}"
        start = end + 1
    return f"over {LENGTHS[-1]}"


FACETS: Mapping[str, Callable[[Row], str]] = {
    "source": lambda row: str(row.source),
    "kind": lambda row: row.kind or NONE,
    "origin": lambda row: row.origin or NONE,
    "length": lambda row: length_bucket(row.text),
}
_ORDER = [*(str(one) for one in Source), *(length_bucket("字" * length) for length in (*LENGTHS, LENGTHS[-1] + 1))]


def slices(predictions: Predictions, resamples: Resamples) -> tuple[Slice, ...]:
    """Every facet, value and label that has judged rows; reasons come last."""
    return (*_by_facet(predictions, resamples), *_by_reason(predictions, resamples))


def _by_facet(predictions: Predictions, resamples: Resamples) -> Iterator[Slice]:
    for facet, value_of in FACETS.items():
        values = np.array([value_of(row) for row in predictions.rows], object)
        for value in sorted(set(values), key=_rank):
            for place, label in enumerate(predictions.taxonomy.label_ids):
                yield from _slice(predictions, resamples, place, (facet, value, label), values == value)


def _by_reason(predictions: Predictions, resamples: Resamples) -> Iterator[Slice]:
    for place, label in enumerate(predictions.taxonomy.labels):
        for reason in label.reasons:
            has = np.array([_carries(row.spans, label.id, reason.id) for row in predictions.rows], bool)
            yield from _slice(predictions, resamples, place, ("reason", reason.id, label.id), has)


def _carries(spans: Sequence[Span], label: str, reason: str) -> bool:
    return any((span.label, span.reason) == (label, reason) for span in spans)


def _slice(
    predictions: Predictions, resamples: Resamples, place: int, names: tuple[str, str, str], within: Bools
) -> Iterator[Slice]:
    known = predictions.known
    found = figures(known.judged[:, place] & within, known.truth[:, place], predictions.flags[:, place], resamples)
    if found.rows:
        yield Slice(*names, _defined(found))


def _defined(found: Figures) -> Figures:
    if not found.positives:
        return replace(found, precision=UNDEFINED, recall=UNDEFINED, f1=UNDEFINED)
    if found.positives == found.rows:
        return replace(found, precision=UNDEFINED, f1=UNDEFINED, false_flags=UNDEFINED)
    return found


def _rank(value: str) -> tuple[int, str]:
    """Sources and lengths in their own order, everything else by name."""
    return (_ORDER.index(value) if value in _ORDER else len(_ORDER), value)
