"""Raw texts to calibrated scores: tokenize, cut long texts into windows, batch equal lengths, run, merge.

Texts are batched with texts of exactly the same number of tokens, so nothing is padded. That is what makes a text's
score the same in every batch (a padded, quantized network rounds differently next to a longer neighbour), and with a
few thousand texts at a time it costs nothing: there are enough equals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import Bundle
from xuncha.models.session import Floats, Ids, OnnxSession

Result = TypeVar("Result")

# Tokens a batch: large enough to fill the matrix kernels, small enough for the core's cache (docs/speed.md).
TOKEN_BUDGET = 768


@dataclass(frozen=True, slots=True)
class Scores:
    """Per text: label values [N, C] and reason values [N, R]; calibrated probabilities, or logits where it says so."""

    labels: Floats
    reasons: Floats


@dataclass(frozen=True, slots=True)
class CharacterEvidence:
    """Evidence of one text: `spans` [(start, end)] of its tokens in code points, `probabilities` [tokens, R]."""

    spans: tuple[tuple[int, int], ...]
    probabilities: Floats


@dataclass(frozen=True, slots=True)
class _Job:
    text: int
    ids: tuple[int, ...]
    first: int  # place of ids[1] among the text's own tokens


class Inference:
    """Scores texts with one bundle. Safe to call from several threads."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self.bundle = bundle
        self.session = OnnxSession(bundle.path("model.onnx"))
        taxonomy = bundle.taxonomy
        if (self.session.label_count, self.session.reason_count) != (len(taxonomy.label_ids), len(taxonomy.reason_ids)):
            raise XunchaError(
                f"{bundle.path('model.onnx')}: answers for {self.session.label_count} labels and "
                f"{self.session.reason_count} reasons, but bundle.json names {len(taxonomy.label_ids)} and "
                f"{len(taxonomy.reason_ids)}."
            )
        self.tokenizer = read_tokenizer(bundle)
        self._cls, self._sep = (_special(self.tokenizer, bundle, name) for name in ("[CLS]", "[SEP]"))
        slopes = [bundle.calibration[label] for label in taxonomy.label_ids]
        self._slope = np.array([c.slope for c in slopes])
        self._intercept = np.array([c.intercept for c in slopes])
        self.threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None

    def scores(self, texts: Sequence[str]) -> Scores:
        """Calibrated probabilities of every text; identical texts are computed once."""
        unique = list(dict.fromkeys(texts))
        logits = self.logits(unique)
        found = Scores(self._calibrated(logits.labels), sigmoid(logits.reasons).astype(np.float32))
        if len(unique) == len(texts):
            return found
        place = {text: index for index, text in enumerate(unique)}
        order = [place[text] for text in texts]
        return Scores(found.labels[order], found.reasons[order])

    def logits(self, texts: Sequence[str]) -> Scores:
        """The network's logits of every text, the greatest over its windows; what calibration is fitted on."""
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        jobs = [job for index, encoding in enumerate(encodings) for job in self._windows(index, encoding.ids)]
        found = self._no_scores(len(texts))

        def run(batch: list[_Job]) -> tuple[list[_Job], Floats, Floats]:
            return batch, *self.session.scores(_stack(batch))

        for batch, labels, reasons in self._map(run, list(_batches(jobs))):
            for row, job in enumerate(batch):
                _raise_to(found, job.text, labels[row], reasons[row])
        return found

    def evidence(self, texts: Sequence[str]) -> list[CharacterEvidence]:
        """Evidence per token of every text, with the stretch of the original text that each token covers."""
        return self.read(texts)[1]

    def read(self, texts: Sequence[str]) -> tuple[Scores, list[CharacterEvidence]]:
        """Logits and evidence of every text, from one pass."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        jobs = [job for index, encoding in enumerate(encodings) for job in self._windows(index, encoding.ids)]
        width = len(self.bundle.taxonomy.reason_ids)
        scores = self._no_scores(len(texts))
        found = [np.full((len(encoding.ids), width), -np.inf, np.float32) for encoding in encodings]

        def run(batch: list[_Job]) -> tuple[list[_Job], Floats, Floats, Floats]:
            return batch, *self.session.everything(_stack(batch))

        for batch, labels, reasons, evidence in self._map(run, list(_batches(jobs))):
            for row, job in enumerate(batch):
                _raise_to(scores, job.text, labels[row], reasons[row])
                own = found[job.text][job.first : job.first + len(job.ids) - 2]
                np.maximum(own, evidence[row, 1:-1], out=own)
        return scores, [
            CharacterEvidence(_spans(encoding), sigmoid(values).astype(np.float32))
            for encoding, values in zip(encodings, found, strict=True)
        ]

    def _no_scores(self, count: int) -> Scores:
        taxonomy = self.bundle.taxonomy
        shapes = [(count, len(ids)) for ids in (taxonomy.label_ids, taxonomy.reason_ids)]
        return Scores(*(np.full(shape, -np.inf, np.float32) for shape in shapes))

    def _map(self, run: Callable[[list[_Job]], Result], batches: list[list[_Job]]) -> Iterable[Result]:
        return self._pool.map(run, batches) if self._pool and len(batches) > 1 else map(run, batches)

    def _windows(self, text: int, ids: Sequence[int]) -> Iterator[_Job]:
        inside = self.bundle.window - 2
        first = 0
        while True:
            yield _Job(text, (self._cls, *ids[first : first + inside], self._sep), first)
            if first + inside >= len(ids):
                return
            first += self.bundle.stride

    def _calibrated(self, logits: Floats) -> Floats:
        return sigmoid(logits.astype(np.float64) * self._slope + self._intercept).astype(np.float32)


def read_tokenizer(bundle: Bundle) -> Tokenizer:
    """The bundle's tokenizer, without truncation or padding."""
    path = bundle.path("tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise XunchaError(f"{path}: is not a tokenizer ({error}). Get the model folder again.") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _special(tokenizer: Tokenizer, bundle: Bundle, name: str) -> int:
    found = tokenizer.token_to_id(name)
    if found is None:
        raise XunchaError(f"{bundle.path('tokenizer.json')}: has no {name} token. Get the model folder again.")
    return int(found)


def _batches(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Jobs of one length together, longest first so that the last batches to finish are short ones."""
    batch: list[_Job] = []
    for job in sorted(jobs, key=lambda job: -len(job.ids)):
        length = len(job.ids)
        if batch and (len(batch[0].ids) != length or (len(batch) + 1) * length > TOKEN_BUDGET):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch


def _raise_to(scores: Scores, text: int, labels: Floats, reasons: Floats) -> None:
    """A long text is as bad as its worst window."""
    np.maximum(scores.labels[text], labels, out=scores.labels[text])
    np.maximum(scores.reasons[text], reasons, out=scores.reasons[text])


def _stack(batch: Sequence[_Job]) -> Ids:
    return np.array([job.ids for job in batch], np.int64)


def _spans(encoding: Encoding) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in encoding.offsets)


def sigmoid(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """1 / (1 + e^-x), computed in double precision."""
    out: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-values.astype(np.float64)))
    return out
