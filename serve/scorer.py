"""The Python API: texts in, verdicts out, in order; a bad row is a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.models.bundle import OPERATING_POINTS, Bundle, open_bundle
from xuncha.models.explain import explain
from xuncha.models.inference import Inference
from xuncha.serve.decide import decide, flagged_labels
from xuncha.serve.verdict import Ruled, RuledReason, Scored, Verdict

# A text of more code points than this is not moderated text; it is refused, never cut.
HARD_LIMIT = 1_000_000
CHUNK = 8192


class Scorer:
    """Scores texts with one model at one operating point.

    >>> scorer = Scorer.load()  # doctest: +SKIP
    >>> scorer.score(["加V看货,全网最低价"])[0].flags  # doctest: +SKIP
    {'off_platform': True, 'exaggerated': True}
    """

    def __init__(self, bundle: Bundle, *, operating_point: str = "balanced", threads: int | None = None) -> None:
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
        self._inference = Inference(bundle, threads)

    @classmethod
    def load(
        cls, name_or_path: str | Path | None = None, *, operating_point: str = "balanced", threads: int | None = None
    ) -> Scorer:
        """Open a model folder (default: the released model) and make it ready. Raises `XunchaError`."""
        return cls(open_bundle(name_or_path), operating_point=operating_point, threads=threads)

    def score(self, texts: Sequence[object], sources: Sequence[str | None] | None = None) -> list[Verdict]:
        """One verdict per text, in order. Anything that is no text becomes `Ruled`; no row raises.

        `sources` is accepted for records that carry it; the released models read the text alone.
        """
        if sources is not None and len(sources) != len(texts):
            raise XunchaError(f"{len(texts)} texts were given with {len(sources)} sources; give one source per text.")
        ruled = [ruling(text) for text in texts]
        asked = [str(text) for text, ruling_ in zip(texts, ruled, strict=True) if ruling_ is None]
        scored = iter(self._scored(asked))
        return [ruling_ if ruling_ is not None else next(scored) for ruling_ in ruled]

    def stream(self, texts: Iterable[object], chunk: int = CHUNK) -> Iterator[Verdict]:
        """Verdicts for any number of texts, in order and in constant memory."""
        iterator = iter(texts)
        while batch := list(islice(iterator, chunk)):
            yield from self.score(batch)

    def _scored(self, texts: list[str]) -> list[Scored]:
        if not texts:
            return []
        scores = self._inference.scores(texts)
        by_label = [dict(zip(self.labels, map(float, row), strict=True)) for row in scores.labels]
        flagged = [flagged_labels(row, self.thresholds) for row in by_label]
        evidence = explain(self._inference, texts, flagged, self.thresholds)
        return [
            decide(text, by_label[i], self.thresholds, scores.reasons[i].tolist(), evidence[i], self.bundle.taxonomy)
            for i, text in enumerate(texts)
        ]


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
