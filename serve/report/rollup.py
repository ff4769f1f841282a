"""Merchants: what each has against it, which step of which ladder that proposes, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xuncha.labels.rows import Source
from xuncha.serve.policy import SEVERITIES, Ladder, Policy, Step
from xuncha.serve.report.flags import Flag
from xuncha.serve.report.history import Prior
from xuncha.serve.report.scored import ScoredRow

_SHOWN = 80  # characters of the worst evidence


@dataclass(frozen=True, slots=True)
class Worst:
    """The gravest evidence against a merchant, and where it stands."""

    severity: int
    score: float
    text: str
    reason: str
    rule: str
    row: str

    @property
    def order(self) -> tuple[int, float]:
        """The greater the worse."""
        return self.severity, self.score


@dataclass(slots=True)
class Standing:
    """What one merchant has on one ladder. `checked` counts scored rows that the ladder looks at, `rows` violations."""

    merchant: str
    name: str = ""
    checked: int = 0
    rows: int = 0
    weight: float = 0.0
    severity: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    worst: Worst | None = None

    @property
    def share(self) -> float:
        """Share of the checked rows that violate."""
        return self.rows / self.checked if self.checked else 0.0

    def add(self, row: ScoredRow, flags: Sequence[Flag]) -> None:
        """Count one row with its open flags of this ladder."""
        self.name = self.name or row.merchant_name
        self.checked += 1
        if not flags:
            return
        self.rows += 1
        self.weight += max(flag.weight for flag in flags)
        self.reasons.update({flag.reason for flag in flags})
        gravest = max(flags, key=lambda one: (one.severity, one.score))
        self.severity = max(self.severity, gravest.severity)
        worst = Worst(
            gravest.severity, gravest.score, gravest.worst[:_SHOWN], gravest.reason, gravest.rule, row.id
        )  # fmt: skip
        if self.worst is None or worst.order > self.worst.order:
            self.worst = worst


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the ladder proposes for a merchant, on which grounds (in Chinese). `rank` is the step's place, from 0."""

    ladder: Ladder
    standing: Standing
    step: Step
    rank: int
    why: str
    prior: int


class Rollup:
    """Standings of every merchant on every ladder, filled row by row."""

    def __init__(self, policy: Policy) -> None:
        """Roll up under `policy`."""
        self.policy = policy
        self.nameless = 0
        self._standings: dict[str, dict[str, Standing]] = {ladder.id: {} for ladder in policy.ladders}

    def add(self, row: ScoredRow, flags: Iterable[Flag]) -> None:
        """Count a row and its open flags. A flagged row without merchant is counted in `nameless`."""
        flags = list(flags)
        if not row.merchant:
            self.nameless += bool(flags)
            return
        if not row.scored:
            return
        for ladder in self.policy.ladders:
            if row.source in ladder.sources:
                standings = self._standings[ladder.id]
                if row.merchant not in standings:
                    standings[row.merchant] = Standing(row.merchant)
                standings[row.merchant].add(row, [flag for flag in flags if flag.label in ladder.labels])

    @property
    def merchants(self) -> int:
        """How many merchants were seen."""
        return len({name for standings in self._standings.values() for name in standings})

    def proposals(self, prior: Prior | None = None) -> list[Proposal]:
        """What is proposed given earlier penalties, ladder by ladder, the gravest step first, then by weight."""
        earlier = prior or Prior()
        found = [
            proposal
            for ladder in self.policy.ladders
            for standing in self._standings[ladder.id].values()
            if (proposal := propose(standing, ladder, earlier.of(standing.merchant, ladder.id)))
        ]
        order = {ladder.id: number for number, ladder in enumerate(self.policy.ladders)}
        return sorted(
            found,
            key=lambda one: (order[one.ladder.id], -one.rank, -one.standing.weight, one.standing.merchant),
        )


def propose(standing: Standing, ladder: Ladder, prior: int = 0) -> Proposal | None:
    """The gravest step that a standing reaches, or None. Without a violation nothing is proposed."""
    if not standing.rows:
        return None
    has = {
        "min_rows": float(standing.rows),
        "min_weight": standing.weight,
        "min_severity": float(standing.severity),
        "min_share": standing.share,
        "min_prior": float(prior),
    }
    for rank, step in reversed(list(enumerate(ladder.steps))):
        for group in step.when:
            if all(has[name] >= least for name, least in group.items()):
                why = "，".join(_ground(name, has[name], least) for name, least in group.items())
                return Proposal(ladder, standing, step, rank, why, prior)
    return None


def _ground(name: str, has: float, least: float) -> str:
    if name == "min_severity":
        return f"最重一条为“{SEVERITIES[int(has)]}”（达到“{SEVERITIES[int(least)]}”）"
    if name == "min_share":
        return f"占被查 {has:.1%}（不低于 {least:.1%}）"
    words = {"min_rows": ("违规", "条"), "min_weight": ("累计", "分"), "min_prior": ("既往处罚", "次")}
    word, unit = words[name]
    return f"{word} {has:g} {unit}（不少于 {least:g}）"


def step_counts(proposals: Iterable[Proposal]) -> Iterator[tuple[Ladder, list[tuple[Step, int]]]]:
    """Merchants per step, gravest first, for each ladder that proposes anything."""
    by_ladder: dict[str, list[Proposal]] = {}
    for one in proposals:
        by_ladder.setdefault(one.ladder.id, []).append(one)
    for found in by_ladder.values():
        counts = Counter(one.step.id for one in found)
        ladder = found[0].ladder
        yield ladder, [(step, counts[step.id]) for step in reversed(ladder.steps) if counts[step.id]]


SOURCES = {Source.LISTING: "商品信息", Source.SPEECH: "直播口播", Source.COMMENT: "评论"}
"""Chinese names of the sources."""
