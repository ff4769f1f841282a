"""Rows as training examples: targets per label and reason, evidence per character, NaN where nobody has judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy

Floats = NDArray[np.float32]
MOST_TIMES = 8


@dataclass(frozen=True, slots=True)
class Example:
    """One text with its targets: `labels` [C], `reasons` [R], `evidence` [characters, R]; NaN = not judged."""

    text: str
    labels: Floats
    reasons: Floats
    evidence: Floats
    # Stretches that an attack may rewrite: the evidence of a violation, anything in a clean text.
    spans: tuple[tuple[int, int], ...] = field(default=())
    # Where the text comes from (`labels.rows.Source`), if it is a row.
    source: str = ""


def example_of(row: Row, taxonomy: Taxonomy) -> Example:
    """Targets of a labelled row.

    A label that is false clears all its reasons and characters. A label that is true without spans leaves its
    reasons and characters unjudged.
    """
    reasons = taxonomy.reason_ids
    labels = np.full(len(taxonomy.labels), np.nan, np.float32)
    reason_targets = np.full(len(reasons), np.nan, np.float32)
    evidence = np.full((len(row.text), len(reasons)), np.nan, np.float32)
    spanned = {span.label for span in row.spans}
    for index, label in enumerate(taxonomy.labels):
        verdict = row.labels.get(label.id)
        if verdict is None:
            continue
        labels[index] = float(verdict)
        if not verdict or label.id in spanned:
            own = [reasons.index(reason.id) for reason in label.reasons]
            reason_targets[own] = 0.0
            evidence[:, own] = 0.0
    for span in row.spans:
        reason = reasons.index(span.reason)
        reason_targets[reason] = 1.0
        evidence[span.start : span.end, reason] = 1.0
    stretches = tuple((span.start, span.end) for span in row.spans)
    return Example(row.text, labels, reason_targets, evidence, stretches, str(row.source))


def positive_weights(examples: Iterable[Example], strength: float = 0.5) -> tuple[float, ...]:
    """Class weights per label: (negatives ÷ positives) ** strength over the judged examples."""
    stacked = np.stack([example.labels for example in examples])
    positives = np.nansum(stacked, axis=0)
    negatives = np.nansum(1.0 - stacked, axis=0)
    return tuple(float(w) for w in (np.maximum(negatives, 1) / np.maximum(positives, 1)) ** strength)


def repeated(examples: Sequence[Example], share: float) -> list[Example]:
    """The examples, and after them those of rarely judged labels again, until each label is judged in `share` of them.

    A new label stands in a few hundred rows among thousands that are not judged for it; seen once an epoch they would
    hardly be learnt. At most 8 times; each time an attack rewrites them anew.
    """
    judged = ~np.isnan(np.stack([example.labels for example in examples]))
    out = list(examples)
    for label in np.flatnonzero(judged.any(axis=0) & (judged.mean(axis=0) < share)):
        own = [example for example, counts in zip(examples, judged[:, label], strict=True) if counts]
        times = min(MOST_TIMES, -(-int(share * len(examples)) // len(own)))
        out += own * (times - 1)
    return out
