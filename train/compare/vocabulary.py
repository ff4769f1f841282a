"""What two models have in common: models with different label sets are compared on the labels that both know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xuncha.labels.taxonomy import Label, Taxonomy
from xuncha.train.evaluation.intervals import Bools, Floats
from xuncha.train.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`shared`: labels that both models know, in the order of NEW; `added`: NEW alone; `removed`: OLD alone."""

    shared: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @classmethod
    def of(cls, old: Taxonomy, new: Taxonomy) -> Vocabulary:
        """Sort the labels of two taxonomies by who knows them."""
        return cls(
            shared=tuple(one for one in new.label_ids if one in old.label_ids),
            added=tuple(one for one in new.label_ids if one not in old.label_ids),
            removed=tuple(one for one in old.label_ids if one not in new.label_ids),
        )


def union(old: Taxonomy, new: Taxonomy) -> Taxonomy:
    """Every label and reason that either model knows, so that rows for both can be read."""
    known = set(new.reason_ids)

    def with_reasons_of_old(label: Label) -> Label:
        if label.id not in old.label_ids:
            return label
        more = tuple(reason for reason in old.label(label.id).reasons if reason.id not in known)
        return replace(label, reasons=(*label.reasons, *more))

    gone = [
        replace(label, reasons=tuple(reason for reason in label.reasons if reason.id not in known))
        for label in old.labels
        if label.id not in new.label_ids
    ]
    return Taxonomy(new.version, (*map(with_reasons_of_old, new.labels), *gone))


def columns(values: Bools | Floats, taxonomy: Taxonomy, labels: Sequence[str]) -> Bools | Floats:
    """The columns of `labels`, in their order, from values [N, C] in the order of `taxonomy`."""
    places = [taxonomy.label_ids.index(label) for label in labels]
    taken: Bools | Floats = values[:, np.array(places, np.int64)]
    return taken


def flags_of(predictions: Predictions, labels: Sequence[str]) -> Bools:
    """Whether each of `labels` is flagged [N, len(labels)]."""
    return np.asarray(columns(predictions.flags, predictions.taxonomy, labels), np.bool_)


def scores_of(predictions: Predictions, labels: Sequence[str]) -> Floats:
    """The scores of `labels` [N, len(labels)]."""
    return np.asarray(columns(predictions.scores, predictions.taxonomy, labels), np.float64)
