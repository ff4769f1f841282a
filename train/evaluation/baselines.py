"""What the same rows give without a network: a word list, n-grams with a linear model, and probes that cheat.

The probes see no word of the text. Where one of them does well, the rows give their label away by length, source or
collection, and every figure on them is worth less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.evaluation.challenges import Challenges, challenges
from xuncha.train.evaluation.figures import Figures, average_precision, figures
from xuncha.train.evaluation.intervals import Estimate, Resamples
from xuncha.train.evaluation.learners import LEARNERS, Scored, learned
from xuncha.train.evaluation.predictions import Truth
from xuncha.train.evaluation.word_list import read_word_lists


@dataclass(frozen=True, slots=True)
class Baseline:
    """One baseline on the evaluated rows, each label at its own threshold.

    A label that the baseline knows nothing about is absent. `challenges` are None unless all labels are there.
    """

    name: str
    about: str
    figures: Mapping[str, Figures]
    average_precision: Mapping[str, Estimate]
    thresholds: Mapping[str, float]
    challenges: Challenges | None


def baselines(
    rows: Sequence[Row], train_rows: Sequence[Row], taxonomy: Taxonomy, resamples: Resamples, seed: int = 0
) -> tuple[Baseline, ...]:
    """Every baseline on `rows`. Without training rows, the word list alone."""
    known = Truth.of(rows, taxonomy)

    def measured(name: str, about: str, found: Mapping[str, Scored]) -> Baseline:
        return _measured((name, about), found, rows, known, taxonomy, resamples)

    out = [measured("word list", "listed words and a number pattern; any hit flags", _by_words(rows, taxonomy))]
    for learner in LEARNERS if train_rows else ():
        out.append(measured(learner.name, learner.about, learned(learner, rows, train_rows, taxonomy, seed)))
    return tuple(out)


def _measured(
    names: tuple[str, str],
    found: Mapping[str, Scored],
    rows: Sequence[Row],
    known: Truth,
    taxonomy: Taxonomy,
    resamples: Resamples,
) -> Baseline:
    labels = taxonomy.label_ids
    flags = np.zeros_like(known.truth)
    for label, scored in found.items():
        flags[:, labels.index(label)] = scored.scores >= scored.threshold
    whole = len(found) == len(labels)
    per_label = {label: (known.judged[:, labels.index(label)], known.truth[:, labels.index(label)]) for label in found}
    return Baseline(
        *names,
        figures={label: figures(*one, flags[:, labels.index(label)], resamples) for label, one in per_label.items()},
        average_precision={
            label: average_precision(*one, found[label].scores, resamples) for label, one in per_label.items()
        },
        thresholds={label: scored.threshold for label, scored in found.items()},
        challenges=challenges(rows, labels, known, flags, resamples) if whole else None,
    )


def _by_words(rows: Sequence[Row], taxonomy: Taxonomy) -> dict[str, Scored]:
    lists = read_word_lists()
    texts = [row.text for row in rows]
    return {label: Scored(lists[label].scores(texts), 1.0) for label in taxonomy.label_ids if label in lists}
