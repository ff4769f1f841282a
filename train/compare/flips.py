"""Rows on which the two models decide differently, with what each of them showed as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Span
from xuncha.train.compare.vocabulary import flags_of, scores_of
from xuncha.train.evaluation.predictions import Predictions

BROKEN, FIXED, MOVED = "broken", "fixed", "moved"


@dataclass(frozen=True, slots=True)
class Flip:
    """One label of one row that only one of the models flags.

    `kind`: broken (OLD was right), fixed (NEW is right), moved (nobody has judged it). `evidence` is that of the model
    that flags, `marked` what the row says, both in code points of `text`.
    """

    kind: str
    id: str
    text: str
    source: str
    origin: str
    label: str
    truth: bool | None
    old_score: float
    new_score: float
    old_threshold: float
    new_threshold: float
    evidence: tuple[Span, ...]
    marked: tuple[Span, ...]

    @property
    def flagged_by(self) -> str:
        """Which model flags it."""
        return "NEW" if self.new_score >= self.new_threshold else "OLD"


def flips(old: Predictions, new: Predictions, labels: Sequence[str]) -> tuple[Flip, ...]:
    """Every flip: broken first, then moved, then fixed; those whose score moved furthest first."""
    differ = np.argwhere(flags_of(old, labels) != flags_of(new, labels)).tolist()
    before, after = scores_of(old, labels), scores_of(new, labels)
    found = [_flip(old, new, row, labels[place], (before[row, place], after[row, place])) for row, place in differ]
    order = (BROKEN, MOVED, FIXED)
    return tuple(sorted(found, key=lambda one: (order.index(one.kind), -abs(one.new_score - one.old_score), one.id)))


def _flip(old: Predictions, new: Predictions, number: int, label: str, scores: tuple[float, float]) -> Flip:
    row = old.rows[number]
    truth = row.labels.get(label)
    flagging = new if scores[1] >= new.thresholds[label] else old
    right = truth is not None and (flagging is new) == truth
    reasons = flagging.taxonomy.reason_ids
    return Flip(
        kind=MOVED if truth is None else FIXED if right else BROKEN,
        id=row.id,
        text=row.text,
        source=str(row.source),
        origin=row.origin,
        label=label,
        truth=truth,
        old_score=float(scores[0]),
        new_score=float(scores[1]),
        old_threshold=old.thresholds[label],
        new_threshold=new.thresholds[label],
        evidence=tuple(
            Span(found.start, found.end, label, reasons[found.reason])
            for found in flagging.evidence[number].get(label, ())
        ),
        marked=tuple(span for span in row.spans if span.label == label),
    )
