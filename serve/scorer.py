"""The Python API: texts in, verdicts out, in order; a bad row is a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.models.bundle import OPERATING_POINTS, Bundle, open_bundle
from xuncha.models.evidence import Stretch, delete, stretches
from xuncha.models.inference import Inference
from xuncha.serve.decide import decide, flagged_labels
from xuncha.serve.verdict import Ruled, RuledReason, Scored, Verdict

# A text of more code points than this is not moderated text; it is refused, never cut.
HARD_LIMIT = 1_000_000
# Rounds of looking for further evidence when a text stays flagged without what was found so far.
ROUNDS = 4
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
        reasons = bundle.taxonomy.reason_ids
        self._members = {
            label.id: tuple(reasons.index(reason.id) for reason in label.reasons) for label in bundle.taxonomy.labels
        }

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
        evidence = self._evidence(texts, [flagged_labels(row, self.thresholds) for row in by_label])
        return [
            decide(text, by_label[i], self.thresholds, scores.reasons[i].tolist(), evidence.get(text, {}), self.bundle.taxonomy)
            for i, text in enumerate(texts)
        ]

    def _evidence(self, texts: list[str], flagged: list[tuple[str, ...]]) -> dict[str, dict[str, list[Stretch]]]:
        """Evidence per flagged text and label, complete in the sense that the text without it is not flagged.

        After each round the text is scored without the stretches found so far; while it stays flagged, the rest is
        searched again (at most ROUNDS times). That makes evidence faithful by construction where it can be.
        """
        wanted = {text: set(labels) for text, labels in zip(texts, flagged, strict=True) if labels}
        found: dict[str, dict[str, list[Stretch]]] = {text: {label: [] for label in labels} for text, labels in wanted.items()}
        open_pairs = [(text, label) for text, labels in wanted.items() for label in sorted(labels)]
        for _ in range(ROUNDS):
            if not open_pairs:
                break
            rests = [delete(text, [(s.start, s.end) for s in found[text][label]]) for text, label in open_pairs]
            tokens = self._inference.evidence([rest for rest, _ in rests])
            for (text, label), (_, places), own in zip(open_pairs, rests, tokens, strict=True):
                threshold = self.bundle.evidence_thresholds[label]
                for stretch in stretches(own, self._members[label], threshold):
                    found[text][label] += _back(stretch, places)
            open_pairs = self._still_flagged(open_pairs, found)
        return found

    def _still_flagged(
        self, pairs: list[tuple[str, str]], found: dict[str, dict[str, list[Stretch]]]
    ) -> list[tuple[str, str]]:
        rests = [delete(text, [(s.start, s.end) for s in found[text][label]])[0] for text, label in pairs]
        asked = [(pair, rest) for pair, rest in zip(pairs, rests, strict=True) if rest.strip()]
        if not asked:
            return []
        scores = self._inference.scores([rest for _, rest in asked]).labels
        return [
            pair
            for (pair, _), row in zip(asked, scores, strict=True)
            if row[self.labels.index(pair[1])] >= self.thresholds[pair[1]]
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


def _back(stretch: Stretch, places: Sequence[int]) -> list[Stretch]:
    """A stretch of a shortened text as stretches of the original, split where something was taken out."""
    out: list[Stretch] = []
    for place in places[stretch.start : stretch.end]:
        if out and out[-1].end == place:
            out[-1] = Stretch(out[-1].start, place + 1, stretch.reason, stretch.weight)
        else:
            out.append(Stretch(place, place + 1, stretch.reason, stretch.weight))
    return out
