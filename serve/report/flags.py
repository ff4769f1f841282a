"""The flags of a scored row as the policy and the allow-list see them: how grave, and hidden by whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from xuncha.serve.allow import AllowList, Claim, Entry
from xuncha.serve.policy import Policy
from xuncha.serve.report.scored import Piece, ScoredRow


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer said of a flag (None: unsure), who, and when (ISO 8601; "" if it is not known)."""

    verdict: bool | None
    who: str
    at: str

    @property
    def state(self) -> str:
        """The verdict as tables write it."""
        return {True: "confirmed", False: "overturned", None: "unsure"}[self.verdict]


Decided = Mapping[tuple[str, str], Decision]
"""What was decided: (row key, label) to decision."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flagged label of a row. `allowed` says for each piece which entry allows it.

    `entries` are those that together hide the flag, `decision` what a reviewer said of it.
    `reason` is the gravest among the pieces that nothing allows ("" without evidence), `severity` and `weight` its.
    """

    label: str
    score: float
    pieces: tuple[Piece, ...]
    allowed: tuple[Entry | None, ...]
    entries: tuple[Entry, ...]
    decision: Decision | None
    reason: str
    rule: str
    severity: int
    weight: float

    @property
    def open(self) -> bool:
        """Whether the flag counts: no entry hides it and nobody overturned it."""
        return self.state not in ("suppressed", "overturned")

    @property
    def asked(self) -> bool:
        """Whether reviewers are asked about it, decided or not: no entry hides it."""
        return not self.entries

    @property
    def state(self) -> str:
        """`suppressed` by entries, `confirmed`, `overturned` or `unsure` by a reviewer, else `open`."""
        if self.entries:
            return "suppressed"
        return self.decision.state if self.decision else "open"

    @property
    def worst(self) -> str:
        """The words of the gravest piece."""
        return next((one.text for one in self.pieces if one.reason == self.reason), "")


@dataclass(frozen=True, slots=True)
class Judging:
    """What turns a row into flags. `thresholds` move the flags of these labels to other scores.

    With `confirmed_only` nothing but confirmed flags counts against a merchant.
    """

    policy: Policy
    allow: AllowList | None = None
    decided: Decided | None = None
    thresholds: Mapping[str, float] | None = None
    confirmed_only: bool = False

    def flags(self, row: ScoredRow) -> tuple[Flag, ...]:
        """The flags of a row, in the order of its scores."""
        return tuple(self._flag(row, label) for label in row.scores if self._is_flagged(row, label))

    def against(self, flags: Collection[Flag]) -> tuple[Flag, ...]:
        """Those of a row's flags that count against its merchant."""
        if self.confirmed_only:
            return tuple(flag for flag in flags if flag.state == "confirmed")
        return tuple(flag for flag in flags if flag.open)

    def _is_flagged(self, row: ScoredRow, label: str) -> bool:
        threshold = (self.thresholds or {}).get(label)
        return label in row.flags if threshold is None else row.scores[label] >= threshold

    def _flag(self, row: ScoredRow, label: str) -> Flag:
        pieces = tuple(one for one in row.evidence if one.label == label)
        allowed = tuple(self._entry(row, label, piece) for piece in pieces)
        whole = None if pieces else self._entry(row, label, None)
        hidden = all(allowed) if pieces else whole is not None
        entries = {one.id: one for one in (*allowed, whole) if one} if hidden else {}
        left = [one for one, entry in zip(pieces, allowed, strict=True) if not entry] or list(pieces)
        weighed = {one.reason: self.policy.weighed(one.reason) for one in left}
        reason = max(weighed, key=lambda one: (weighed[one].severity, weighed[one].weight), default="")
        what = weighed.get(reason, self.policy.other)
        rule = self.policy.reasons[reason].rule if reason in self.policy.reasons else next(
            (one.rule for one in left if one.reason == reason), what.rule
        )  # fmt: skip
        return Flag(
            label, row.scores[label], pieces, allowed, tuple(entries.values()),
            self._decision(row, label), reason, rule, what.severity, what.weight,
        )  # fmt: skip

    def _decision(self, row: ScoredRow, label: str) -> Decision | None:
        """What was decided; rows whose id stands twice are decided as `id@number`."""
        known = self.decided or {}
        return known.get((row.id, label)) or known.get((f"{row.id}@{row.number}", label))

    def _entry(self, row: ScoredRow, label: str, piece: Piece | None) -> Entry | None:
        if self.allow is None:
            return None
        merchants: Collection[str] = tuple({row.merchant, row.merchant_name})
        if piece is None:
            text = "\n".join(row.texts.values())
            claim = Claim(row.id, merchants, row.category, label, "", text, 0, len(text))
        else:
            text = row.texts.get(piece.field, "") if piece.placed else piece.text
            start, end = (piece.start, piece.end) if piece.placed else (0, len(text))
            claim = Claim(row.id, merchants, row.category, label, piece.reason, text, start, end)
        return self.allow.entry_for(claim)


def need_of_review(flags: Collection[Flag], rank: int = 0) -> float:
    """How much a row needs a person: harm × uncertainty, over its open flags; 0 if it has none.

    Harm is the gravest severity (1 to 3) plus `rank`, the place of its merchant's proposed step on the ladder (the
    lightest is 0). Uncertainty is 4·s·(1 - s) for the score s, 1 at 0.5 and 0 at 0 or 1; a tenth is added so that
    grave and certain rows come before light and certain ones.

    >>> need_of_review(())
    0.0
    """
    return max(((flag.severity + rank) * (4 * flag.score * (1 - flag.score) + 0.1) for flag in flags), default=0.0)
