"""What the scorer says about a text: two kinds of outcome, two types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RuledReason(StrEnum):
    """Why the model was not asked."""

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of the original text that makes a label true, and the rule it breaks.

    `start` and `end` are code points of the original text, `end` exclusive; `text` is that stretch.
    """

    label: str
    reason: str
    start: int
    end: int
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Scored:
    """The model was asked.

    `scores`: calibrated probability per label. `flags`: whether it reaches the threshold of the operating point.
    `reasons`: the likeliest reason of every flagged label. `evidence`: in order of place, flagged labels only.
    """

    scores: Mapping[str, float]
    flags: Mapping[str, bool]
    reasons: Mapping[str, str]
    evidence: tuple[Evidence, ...]

    @property
    def flagged(self) -> bool:
        """Whether any label is flagged."""
        return any(self.flags.values())

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the score rounded as in every output."""
        return {
            "status": "ok",
            "scores": {label: round(score, 6) for label, score in self.scores.items()},
            "flags": dict(self.flags),
            "reasons": dict(self.reasons),
            "evidence": [
                {
                    "label": e.label, "reason": e.reason, "start": e.start, "end": e.end, "text": e.text, "rule": e.rule
                }
                for e in self.evidence
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruled:
    """The model was not asked, and why."""

    reason: RuledReason

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"status": str(self.reason)}


Verdict = Scored | Ruled
