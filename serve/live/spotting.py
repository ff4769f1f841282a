"""Verdicts on overlapping windows become candidates: one per violation, not one per window."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from math import exp, log
from typing import Any

from xuncha.serve.live.settings import Settings
from xuncha.serve.verdict import Scored, Verdict

_CLIP = 1e-4


@dataclass(slots=True)
class Candidate:
    """A stretch of a track that windows hold against one label. `votes`: weight of each reason."""

    label: str
    start: int
    end: int
    peak: float
    votes: dict[str, float]
    stretches: list[tuple[int, int]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """The reason that most of the evidence gives."""
        return max(self.votes, key=lambda reason: (self.votes[reason], reason))

    def take(self, other: Candidate) -> None:
        """Become both."""
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.peak = max(self.peak, other.peak)
        self.stretches += other.stretches
        for reason, weight in other.votes.items():
            self.votes[reason] = self.votes.get(reason, 0.0) + weight

    def trimmed(self) -> Candidate:
        """Without the edges that less than half as many windows mark as the best-marked character."""
        marked = [sum(start <= at < end for start, end in self.stretches) for at in range(self.start, self.end)]
        kept = [at for at, times in enumerate(marked, self.start) if 2 * times >= max(marked)]
        return replace(self, start=kept[0], end=kept[-1] + 1)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(slots=True)
class Spotter:
    """The candidates of one track that later windows may still add to."""

    settings: Settings
    open: list[Candidate] = field(default_factory=list)

    def add(self, start: int, verdict: Verdict, following: float) -> list[Candidate]:
        """Take the verdict on the window from `start`; give the candidates that no later window can reach.

        `following` is where the next window starts (infinity: there is none).
        """
        if isinstance(verdict, Scored):
            for piece in verdict.evidence:
                weight = verdict.scores[piece.label] * (piece.end - piece.start)
                self._join(
                    Candidate(
                        piece.label,
                        start + piece.start,
                        start + piece.end,
                        verdict.scores[piece.label],
                        {piece.reason: weight},
                        [(start + piece.start, start + piece.end)],
                    )
                )
        return self.closed(following)

    def closed(self, following: float) -> list[Candidate]:
        """Take out the candidates that a window from `following` on cannot reach."""
        done = [one for one in self.open if one.end + self.settings.join_chars < following]
        self.open = [one for one in self.open if one.end + self.settings.join_chars >= following]
        done = [one.trimmed() for one in done]
        return sorted(done, key=lambda one: (one.start, one.label))

    def _join(self, found: Candidate) -> None:
        near: list[Candidate] = []
        rest: list[Candidate] = []
        for one in self.open:
            (near if self._is_near(one, found) else rest).append(one)
        for one in near:
            found.take(one)
        self.open = [*rest, found]

    def _is_near(self, one: Candidate, other: Candidate) -> bool:
        gap = max(one.start, other.start) - min(one.end, other.end)
        length = max(one.end, other.end) - min(one.start, other.start)
        return one.label == other.label and gap <= self.settings.join_chars and (
            gap < 0 or length <= self.settings.longest_chars
        )  # fmt: skip


def support(scores: list[float], doubted: int) -> float:
    """What several views of one stretch say: the probability at the mean log-odds of the `doubted` least sure ones.

    >>> round(support([0.99, 0.99, 0.5], 2), 2), round(support([0.9], 2), 2), support([], 2)
    (0.91, 0.9, 0.0)
    """
    least = [min(max(score, _CLIP), 1 - _CLIP) for score in sorted(scores)[:doubted]]
    if not least:
        return 0.0
    odds = [log(score / (1 - score)) for score in least]
    return 1 / (1 + exp(-sum(odds) / len(odds)))


def is_enough(held: float, bar: float, settings: Settings, *, valued: bool) -> bool:
    """Whether a candidate's support makes it an event; `valued`: a contact value can be read in it."""
    return held >= bar - (settings.value_counts if valued else 0.0)
