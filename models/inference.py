"""Raw texts to calibrated scores: tokenize, cut long texts into windows, batch equal lengths, run, merge.

Texts are batched with texts of exactly the same number of tokens, so nothing is padded. That is what makes a text's
score the same in every batch (a padded, quantized network rounds differently next to a longer neighbour), and with a
few thousand texts at a time it costs nothing: there are enough equals. Texts whose tokens are equal are computed once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import Bundle
from xuncha.models.pieces import ID_BYTES, Spans, piece_ids, piece_spans, read_tokenizer, special_id
from xuncha.models.session import CPU, Floats, Ids, OnnxSession

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Result = TypeVar("Result")
Flags = NDArray[np.bool_]
# Label logits [B, C] to the rows whose evidence is wanted.
Wanted = Callable[[Floats], Flags]

# Tokens a batch: large enough to fill the matrix kernels, small enough for the core's cache (docs/speed.md).
TOKEN_BUDGET = 768
# Attention takes memory with the square of the length: long texts go in smaller batches (one text from 272 tokens on).
ATTENTION_BUDGET = 384 * 384


@dataclass(frozen=True, slots=True)
class Scores:
    """Per text: label values [N, C] and reason values [N, R]; calibrated probabilities, or logits where it says so."""

    labels: Floats
    reasons: Floats


@dataclass(frozen=True, slots=True)
class CharacterEvidence:
    """Evidence of one text: `spans` [(start, end)] of its tokens in code points, `probabilities` [tokens, R]."""

    spans: Spans
    probabilities: Floats


@dataclass(frozen=True, slots=True)
class Scan:
    """Calibrated scores of texts, and the token evidence [tokens, R] (probabilities) of those that are flagged.

    `evidence` is None for a text that reaches no threshold, and for a model whose scores do not contain evidence.
    """

    scores: Scores
    evidence: list[Floats | None]


@dataclass(frozen=True, slots=True)
class _Job:
    text: int
    ids: bytes  # of its own pieces
    first: int  # place of the first of them among the text's
    whole: bool  # the text has no other window

    @property
    def length(self) -> int:
        return len(self.ids) // ID_BYTES + 2


@dataclass(frozen=True, slots=True)
class _Found:
    batch: list[_Job]
    labels: Floats
    reasons: Floats
    evidence: list[tuple[_Job, Floats]]


class Inference:
    """Scores texts with one bundle. Safe to call from several threads."""

    def __init__(
        self,
        bundle: Bundle,
        threads: int | None = None,
        tokenizer: Callable[[], Tokenizer] | None = None,
        device: str = CPU,
    ) -> None:
        """`tokenizer` gives the bundle's tokenizer where someone has begun to read it; else it is read here."""
        self.bundle = bundle
        self.session = OnnxSession(bundle.path("model.onnx"), device)
        taxonomy = bundle.taxonomy
        if (self.session.label_count, self.session.reason_count) != (len(taxonomy.label_ids), len(taxonomy.reason_ids)):
            raise XunchaError(
                f"{bundle.path('model.onnx')}: answers for {self.session.label_count} labels and "
                f"{self.session.reason_count} reasons, but bundle.json names {len(taxonomy.label_ids)} and "
                f"{len(taxonomy.reason_ids)}."
            )
        self.tokenizer = tokenizer() if tokenizer else read_tokenizer(bundle)
        self._cls, self._sep = (special_id(self.tokenizer, bundle, name) for name in ("[CLS]", "[SEP]"))
        slopes = [bundle.calibration[label] for label in taxonomy.label_ids]
        self._slope = np.array([c.slope for c in slopes])
        self._intercept = np.array([c.intercept for c in slopes])
        # Only then are token logits there anyway when labels are asked for.
        self._evidence_is_free = bundle.raw["recipe"].get("pooling") == "evidence"
        self.threads = threads or os.cpu_count() or 1

    def scores(self, texts: Sequence[str]) -> Scores:
        """Calibrated probabilities of every text; texts that read alike are computed once."""
        return self._probabilities(self.logits(texts))

    def logits(self, texts: Sequence[str]) -> Scores:
        """The network's logits of every text, the greatest over its windows; what calibration is fitted on."""
        return self._computed(list(piece_ids(self.tokenizer, texts)), None)[0]

    def scan(self, texts: Sequence[str], thresholds: Mapping[str, float]) -> Scan:
        """Scores of every text, and from the same pass the token evidence of those that reach a threshold."""
        limits = np.array([thresholds[label] for label in self.bundle.taxonomy.label_ids])

        def flagged(labels: Floats) -> Flags:
            return np.asarray((self._calibrated(labels).astype(np.float64) >= limits).any(axis=1), np.bool_)

        rows = list(piece_ids(self.tokenizer, texts))
        logits, evidence = self._computed(rows, flagged if self._evidence_is_free else None)
        return Scan(self._probabilities(logits), evidence)

    def evidence(self, texts: Sequence[str]) -> list[CharacterEvidence]:
        """Evidence per token of every text, with the stretch of the original text that each token covers."""
        return self.read(texts)[1]

    def read(self, texts: Sequence[str]) -> tuple[Scores, list[CharacterEvidence]]:
        """Logits and evidence of every text, from one pass."""
        rows = list(piece_ids(self.tokenizer, texts))
        logits, evidence = self._computed(rows, lambda labels: np.ones(len(labels), bool))
        return logits, [
            CharacterEvidence(spans, values)
            for spans, values in zip(self.spans(texts), evidence, strict=True)
            if values is not None
        ]

    def spans(self, texts: Sequence[str]) -> Iterator[Spans]:
        """Which characters [start, end) of each text its tokens stand for."""
        return piece_spans(self.tokenizer, texts)

    def _computed(self, rows: Sequence[bytes], wanted: Wanted | None) -> tuple[Scores, list[Floats | None]]:
        """Logits of every row of ids, and token probabilities of the rows wanted. Equal rows are computed once."""
        unique = list(dict.fromkeys(rows))
        jobs = [job for text, ids in enumerate(unique) for job in self._windows(text, ids)]
        scores = self._no_scores(len(unique))
        kept: dict[int, Floats] = {}
        for found in self._map(lambda batch: self._run(batch, wanted), list(_batches(jobs))):
            texts = [job.text for job in found.batch]
            # A long text is as bad as its worst window.
            np.maximum.at(scores.labels, texts, found.labels)
            np.maximum.at(scores.reasons, texts, found.reasons)
            for job, values in found.evidence:
                tokens = len(unique[job.text]) // ID_BYTES
                whole = kept.setdefault(job.text, np.full((tokens, values.shape[1]), -np.inf, np.float32))
                own = whole[job.first : job.first + len(values)]
                np.maximum(own, values, out=own)
        if wanted is not None and kept:
            asked = wanted(scores.labels)
            kept = {text: sigmoid(values).astype(np.float32) for text, values in kept.items() if asked[text]}
        place = {ids: text for text, ids in enumerate(unique)}
        order = [place[ids] for ids in rows]
        return Scores(scores.labels[order], scores.reasons[order]), [kept.get(text) for text in order]

    def _run(self, batch: list[_Job], wanted: Wanted | None) -> _Found:
        ids = self._stack(batch)
        if wanted is None:
            return _Found(batch, *self.session.scores(ids), [])
        labels, reasons, evidence = self.session.everything(ids)
        # Of a text in several windows, one alone does not decide.
        rows = [row for row, flag in enumerate(wanted(labels)) if flag or not batch[row].whole]
        return _Found(batch, labels, reasons, [(batch[row], evidence[row, 1:-1].copy()) for row in rows])

    def _no_scores(self, count: int) -> Scores:
        taxonomy = self.bundle.taxonomy
        shapes = [(count, len(ids)) for ids in (taxonomy.label_ids, taxonomy.reason_ids)]
        return Scores(*(np.full(shape, -np.inf, np.float32) for shape in shapes))

    def _map(self, run: Callable[[list[_Job]], Result], batches: list[list[_Job]]) -> Iterable[Result]:
        return self._pool.map(run, batches) if self.threads > 1 and len(batches) > 1 else map(run, batches)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor  # which one text alone does not need

        return ThreadPoolExecutor(self.threads)

    def _windows(self, text: int, ids: bytes) -> Iterator[_Job]:
        inside, stride = (tokens * ID_BYTES for tokens in (self.bundle.window - 2, self.bundle.stride))
        whole = len(ids) <= inside
        first = 0
        while True:
            yield _Job(text, ids[first : first + inside], first // ID_BYTES, whole)
            if first + inside >= len(ids):
                return
            first += stride

    def _stack(self, batch: Sequence[_Job]) -> Ids:
        out = np.empty((len(batch), batch[0].length), np.int64)
        out[:, 0], out[:, -1] = self._cls, self._sep
        own = np.frombuffer(b"".join(job.ids for job in batch), np.intc)
        out[:, 1:-1] = own.reshape(len(batch), batch[0].length - 2)
        return out

    def _probabilities(self, logits: Scores) -> Scores:
        return Scores(self._calibrated(logits.labels), sigmoid(logits.reasons).astype(np.float32))

    def _calibrated(self, logits: Floats) -> Floats:
        return sigmoid(logits.astype(np.float64) * self._slope + self._intercept).astype(np.float32)


def _batches(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Jobs of one length together, longest first so that the last batches to finish are short ones."""
    batch: list[_Job] = []
    for job in sorted(jobs, key=lambda job: -len(job.ids)):
        if batch and (len(batch[0].ids) != len(job.ids) or len(batch) >= _most(job.length)):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch


def _most(length: int) -> int:
    """How many texts of `length` tokens make a full batch; one where a single text is more than that."""
    return min(TOKEN_BUDGET // length, ATTENTION_BUDGET // length**2)


def sigmoid(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """1 / (1 + e^-x), computed in double precision."""
    out: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-values.astype(np.float64)))
    return out
