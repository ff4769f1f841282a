"""The Python API: texts in, verdicts out, in order; a bad row is a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.models.background import Background
from xuncha.models.bundle import OPERATING_POINTS, Bundle, hashes_checked, open_bundle
from xuncha.serve.verdict import Ruled, RuledReason, Scored, Verdict

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from xuncha.models.inference import Inference

# A text of more code points than this is not moderated text; it is refused, never cut.
HARD_LIMIT = 1_000_000
CHUNK = 2048
# Characters of the texts that are sorted by length together: enough for full batches, few enough for flat memory.
WINDOW_CHARS = 1 << 18


class Scorer:
    """Scores texts with one model at one operating point.

    >>> scorer = Scorer.load()  # doctest: +SKIP
    >>> scorer.score(["加V看货,全网最低价"])[0].flags  # doctest: +SKIP
    {'off_platform': True, 'exaggerated': True}
    """

    def __init__(
        self, bundle: Bundle, *, operating_point: str = "balanced", threads: int | None = None, device: str = "cpu"
    ) -> None:
        if operating_point not in OPERATING_POINTS:
            hint = did_you_mean(operating_point, OPERATING_POINTS)
            raise XunchaError(
                f'There is no operating point "{operating_point}".{hint} Choose one of {", ".join(OPERATING_POINTS)}.'
            )
        self.bundle = bundle
        self.operating_point = operating_point
        self.labels = bundle.taxonomy.label_ids
        self.model_id = bundle.model_id
        self.thresholds = bundle.thresholds[operating_point]
        self._inference = _inference(bundle, threads, device)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path | None = None,
        *,
        operating_point: str = "balanced",
        threads: int | None = None,
        device: str = "cpu",
    ) -> Scorer:
        """Open a model folder (default: the released model) and make it ready. Raises `XunchaError`.

        `device` "cuda" needs a CUDA build of ONNX Runtime and a GPU; it is untested.
        """
        bundle = open_bundle(name_or_path, check_hashes=False)
        with hashes_checked(bundle):
            return cls(bundle, operating_point=operating_point, threads=threads, device=device)

    def score(self, texts: Sequence[object], sources: Sequence[str | None] | None = None) -> list[Verdict]:
        """One verdict per text, in order. Anything that is no text becomes `Ruled`; no row raises.

        `sources` is accepted for records that carry it; the released models read the text alone.
        """
        if sources is not None and len(sources) != len(texts):
            raise XunchaError(f"{len(texts)} texts were given with {len(sources)} sources; give one source per text.")
        ruled = [ruling(text) for text in texts]
        asked = [str(text) for text, ruling_ in zip(texts, ruled, strict=True) if ruling_ is None]
        scored = self._scored(asked)
        return [ruling_ if ruling_ is not None else next(scored) for ruling_ in ruled]

    def stream(self, texts: Iterable[object], chunk: int = CHUNK) -> Iterator[Verdict]:
        """Verdicts for any number of texts, in order and in constant memory."""
        iterator = iter(texts)
        while batch := list(islice(iterator, chunk)):
            yield from self.score(batch)

    def _scored(self, texts: list[str]) -> Iterator[Scored]:
        from xuncha.models.pieces import slices

        for window in slices(texts, CHUNK, WINDOW_CHARS):
            yield from self._window(window)

    def _window(self, texts: list[str]) -> Iterator[Scored]:
        from xuncha.models.explain import explain
        from xuncha.serve.decide import decide, flagged_labels

        scan = self._inference.scan(texts, self.thresholds)
        by_label = [dict(zip(self.labels, map(float, row), strict=True)) for row in scan.scores.labels]
        flagged = [flagged_labels(row, self.thresholds) for row in by_label]
        evidence = explain(self._inference, texts, flagged, self.thresholds, scan.evidence)
        taxonomy, reasons = self.bundle.taxonomy, scan.scores.reasons
        for place, text in enumerate(texts):
            yield decide(text, by_label[place], self.thresholds, reasons[place].tolist(), evidence[place], taxonomy)


def _inference(bundle: Bundle, threads: int | None, device: str) -> Inference:
    """The engine, with the tokenizer read in a thread while numpy and onnxruntime are imported."""
    tokenizer = Background(lambda: _tokenizer(bundle))
    from xuncha.models.inference import Inference

    return Inference(bundle, threads, tokenizer.result, device)


def _tokenizer(bundle: Bundle) -> Tokenizer:
    from xuncha.models.pieces import read_tokenizer

    return read_tokenizer(bundle)


def ruling(text: object) -> Ruled | None:
    """Why this is not put to the model, or None when it is."""
    if not isinstance(text, str):
        return Ruled(RuledReason.EMPTY if text is None else RuledReason.NOT_TEXT)
    if len(text) > HARD_LIMIT:
        return Ruled(RuledReason.TOO_LONG)
    if any("\ud800" <= char <= "\udfff" for char in text):
        return Ruled(RuledReason.NOT_TEXT)
    if not text.strip():
        return Ruled(RuledReason.EMPTY)
    return None
