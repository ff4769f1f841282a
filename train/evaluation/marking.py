"""How well evidence fits: characters against marked spans, and whether the text is clean without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from xuncha.labels.rows import Span
from xuncha.models.evidence import Stretch, delete
from xuncha.models.inference import Inference
from xuncha.train.evaluation.intervals import Bools, Estimate, Floats, Rate, Resamples, estimate, rate, ratio
from xuncha.train.evaluation.predictions import Predictions, flags_at


@dataclass(frozen=True, slots=True)
class Marking:
    """Evidence against marked spans, micro over the characters (code points) of `rows` (row, label) pairs."""

    rows: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True)
class LabelMarking:
    """`flagged`: rows whose label is true and flagged. `every`: all true rows; one that is missed marks nothing."""

    flagged: Marking
    every: Marking


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Flags whose text is no longer flagged without the evidence, and what that is worth.

    `control` deletes a stretch of as many characters somewhere else at random; `covered` is the share of all
    characters of flagged texts that are evidence. Deleting everything would be faithful, and useless. The measure is
    the thresholded form of comprehensiveness (DeYoung et al., ERASER, ACL 2020).
    """

    overall: Rate
    by_label: Mapping[str, Rate]
    control: Rate
    covered: float | None


def marking(predictions: Predictions, resamples: Resamples) -> tuple[LabelMarking, dict[str, LabelMarking]]:
    """Over all labels together, and by label. True rows that carry no span of the label are left out."""
    cells = [_cells(predictions, place) for place in range(len(predictions.taxonomy.label_ids))]
    by_label = {
        label: LabelMarking(*(_marking(found[side], resamples) for side in (0, 1)))
        for label, found in zip(predictions.taxonomy.label_ids, cells, strict=True)
    }
    summed = [np.sum([found[side] for found in cells], axis=0) for side in (0, 1)]
    return LabelMarking(*(_marking(one, resamples) for one in summed)), by_label


def _cells(predictions: Predictions, place: int) -> tuple[Floats, Floats]:
    """Per row: characters in common, marked by the model, marked by the annotator, and 1 [N, 4].

    First over rows that are flagged too, then over all true rows; rows that do not count are zeros.
    """
    label = predictions.taxonomy.label_ids[place]
    every = np.zeros((len(predictions.rows), 4))
    for number, row in enumerate(predictions.rows):
        spans = [span for span in row.spans if span.label == label]
        if predictions.known.truth[number, place] and spans:
            marked = _mask(len(row.text), spans)
            found = _mask(len(row.text), predictions.evidence[number].get(label, ()))
            every[number] = (marked & found).sum(), found.sum(), marked.sum(), 1
    return every * predictions.flags[:, [place]], every


def _mask(length: int, spans: Iterable[Span | Stretch]) -> Bools:
    mask = np.zeros(length, bool)
    for span in spans:
        mask[span.start : span.end] = True
    return mask


def _marking(cells: Floats, resamples: Resamples) -> Marking:
    totals = cells.sum(axis=0)
    values, drawn = _quotients(totals), _quotients(resamples.sums(cells))
    estimates = [estimate(float(values[place]), drawn[:, place]) for place in range(3)]
    return Marking(int(totals[3]), *estimates)


def _quotients(cells: Floats) -> Floats:
    both, found, marked, _ = np.moveaxis(cells, -1, 0)
    return np.stack([ratio(both, found), ratio(both, marked), ratio(2 * both, found + marked)], axis=-1)


def faithfulness(inference: Inference, predictions: Predictions, resamples: Resamples, seed: int = 0) -> Faithfulness:
    """Score every flagged text without the evidence of each flagged label. A blank rest is not flagged."""
    flags = predictions.flags
    rng = np.random.default_rng((seed, 1))
    places = [(int(row), int(label)) for row, label in np.argwhere(flags)]
    spans = [_found(predictions, row, label) for row, label in places]
    texts = [predictions.rows[row].text for row, _ in places]
    rests = [delete(text, found)[0] for text, found in zip(texts, spans, strict=True)]
    elsewhere = [_cut(text, len(text) - len(rest), rng) for text, rest in zip(texts, rests, strict=True)]
    clean = _unflagged(inference, predictions, places, rests)
    control = _unflagged(inference, predictions, places, elsewhere)
    characters = sum(map(len, texts))
    return Faithfulness(
        overall=rate(clean.sum(axis=1), flags.sum(axis=1), resamples),
        by_label={
            label: rate(clean[:, place], flags[:, place], resamples)
            for place, label in enumerate(predictions.taxonomy.label_ids)
        },
        control=rate(control.sum(axis=1), flags.sum(axis=1), resamples),
        covered=1 - sum(map(len, rests)) / characters if characters else None,
    )


def _found(predictions: Predictions, row: int, label: int) -> list[tuple[int, int]]:
    found = predictions.evidence[row][predictions.taxonomy.label_ids[label]]
    return [(stretch.start, stretch.end) for stretch in found]


def _cut(text: str, length: int, rng: np.random.Generator) -> str:
    """`text` without a random stretch of `length` characters."""
    start = int(rng.integers(len(text) - length + 1))
    return text[:start] + text[start + length :]


def _unflagged(
    inference: Inference, predictions: Predictions, places: list[tuple[int, int]], texts: list[str]
) -> Bools:
    """Where (row, label) is no longer flagged when the text is what `texts` says [N, C]."""
    out = np.zeros_like(predictions.flags)
    asked = [(place, text) for place, text in zip(places, texts, strict=True) if text.strip()]
    for row, label in places:
        out[row, label] = True
    if asked:
        scores = inference.scores([text for _, text in asked]).labels.astype(np.float64)
        still = flags_at(scores, predictions.thresholds, predictions.taxonomy)
        for ((row, label), _), flags in zip(asked, still, strict=True):
            out[row, label] = not flags[label]
    return out
