"""What is left of recall when evaders rewrite the evidence, and whether disguise alone is taken for guilt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.models.inference import Inference
from xuncha.train.attack import FAMILIES, Attacker
from xuncha.train.evaluation.intervals import Bools, Rate, Resamples, any_label, rate
from xuncha.train.evaluation.predictions import Predictions, flags_at
from xuncha.train.examples import example_of

# Training draws from (seed, epoch, row); a further number keeps these draws apart from all of those.
_STREAM = 20_211_214


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """A rate over the same rows as they are, and rewritten."""

    before: Rate
    after: Rate


@dataclass(frozen=True, slots=True)
class Attacked:
    """One attack family, over the rows that it changes (a family that finds nothing to rewrite says nothing).

    `recall` by label: rows where the label is true, every marked span rewritten. `false_flags`: rows with no true
    label, a random stretch rewritten; the share with any false flag.
    """

    family: str
    recall: Mapping[str, BeforeAfter]
    false_flags: BeforeAfter


def robustness(
    inference: Inference, predictions: Predictions, resamples: Resamples, seed: int = 0
) -> tuple[Attacked, ...]:
    """Every family of `xuncha.train.attack` alone, at the operating point of the predictions."""
    return tuple(
        _attacked(inference, predictions, resamples, name, rewritten(predictions, name, seed)) for name in FAMILIES
    )


def rewritten(predictions: Predictions, family: str, seed: int = 0) -> list[str | None]:
    """Each row's text as the family rewrites it; None where it changes nothing or the row cannot be attacked.

    A row with a true label is attacked in its marked spans and needs some; a row with no true label needs a judged one.
    The same rows, family and seed give the same texts.
    """
    attacker = Attacker(rate=1.0, clean_rate=1.0, families=(family,))
    number_of_family = list(FAMILIES).index(family)
    texts: list[str | None] = []
    for number, row in enumerate(predictions.rows):
        known = predictions.known
        fit = bool(row.spans) if known.truth[number].any() else bool(known.judged[number].any())
        rng = np.random.default_rng((seed, number, number_of_family, _STREAM))
        text = attacker(example_of(row, predictions.taxonomy), rng).text if fit and row.text else row.text
        texts.append(text if text != row.text else None)
    return texts


def _attacked(
    inference: Inference, predictions: Predictions, resamples: Resamples, family: str, texts: Sequence[str | None]
) -> Attacked:
    known, before = predictions.known, predictions.flags
    changed = np.array([text is not None for text in texts], bool)
    after = np.zeros_like(before)
    if changed.any():
        scores = inference.scores([text for text in texts if text is not None]).labels.astype(np.float64)
        after[changed] = flags_at(scores, predictions.thresholds, predictions.taxonomy)
    spanned = _spanned(predictions) & changed[:, None]
    clean = changed & ~any_label(known.truth)

    def both(of: Bools, first: Bools, second: Bools) -> BeforeAfter:
        return BeforeAfter(rate(of & first, of, resamples), rate(of & second, of, resamples))

    return Attacked(
        family,
        {
            label: both(spanned[:, place], before[:, place], after[:, place])
            for place, label in enumerate(predictions.taxonomy.label_ids)
        },
        both(clean, any_label(before & known.judged), any_label(after & known.judged)),
    )


def _spanned(predictions: Predictions) -> Bools:
    """Whether a label is true and has marked spans [N, C]."""
    labels = predictions.taxonomy.label_ids
    marked = [[any(span.label == label for span in row.spans) for label in labels] for row in predictions.rows]
    spanned: Bools = predictions.known.truth & np.array(marked, bool)
    return spanned
