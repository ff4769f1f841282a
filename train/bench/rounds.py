"""Interleaved rounds: every contestant scores in every round, and only ratios within a round are compared."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xuncha.train.bench.peers import Worker
from xuncha.train.bench.workload import sample


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the least and the greatest of the rounds."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of the values of all rounds."""
        return cls(statistics.median(values), min(values), max(values))

    def to_json(self) -> dict[str, float]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Contestant:
    """A loaded scorer with its workload. `title` names it in tables; `budgets` as in `Peer`."""

    title: str
    worker: Worker
    texts: Path
    budgets: tuple[int, ...] = ()


@dataclass(slots=True)
class Speeds:
    """Texts a second of every contestant in every round, the tokens a batch it took, its peak memory in bytes."""

    by_round: dict[str, list[float]]
    budgets: dict[str, int]
    peaks: dict[str, int]

    def speed(self, title: str) -> Spread:
        """Texts a second."""
        return Spread.of(self.by_round[title])

    def ratio(self, title: str, over: str) -> Spread:
        """How many times as fast `title` is as `over`, round by round."""
        return Spread.of([a / b for a, b in zip(self.by_round[title], self.by_round[over], strict=True)])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            title: {
                "texts_per_second": self.speed(title).to_json(),
                "rounds": values,
                "tokens_a_batch": self.budgets.get(title),
                "peak_bytes": self.peaks.get(title),
            }
            for title, values in self.by_round.items()
        }


def measure(
    contestants: Sequence[Contestant], rounds: int, seconds: float, least: int, say: Callable[[str], None]
) -> Speeds:
    """Warm every contestant up, then let each score its workload in turn, `rounds` times.

    One that would need more than `seconds` for its texts gets a sample of them with the same lengths, `least` or
    more. Where a batch may have several sizes, the fastest in the warm-up is taken.
    """
    speeds = Speeds({}, {}, {})
    parts: dict[str, Path] = {}
    for one in contestants:
        part, budget, speed = _warmed(one, least)
        if budget:
            speeds.budgets[one.title] = budget
        parts[one.title] = _part(one.texts, max(least, int(speed * seconds)), one.title)
        say(f"  {one.title}: about {speed:.0f} texts/s" + (f", {budget} tokens a batch" if budget else ""))
        part.unlink(missing_ok=True)
    for number in range(rounds):
        say(f"  round {number + 1} of {rounds}")
        # Every other round runs backwards: nobody always follows the same one.
        for one in contestants if number % 2 == 0 else reversed(contestants):
            found = one.worker.score(parts[one.title], budget=speeds.budgets.get(one.title))
            speeds.by_round.setdefault(one.title, []).append(found["texts"] / found["seconds"])
            speeds.peaks[one.title] = found["peak_bytes"]
    return speeds


def _warmed(one: Contestant, count: int) -> tuple[Path, int | None, float]:
    part = _part(one.texts, count, f"{one.title} warm")
    one.worker.score(_part(one.texts, min(count, 32), f"{one.title} first"))
    found: Mapping[int | None, float] = {
        budget: _speed(one.worker.score(part, budget=budget)) for budget in one.budgets or (None,)
    }
    best = max(found, key=lambda budget: found[budget])
    return part, best, found[best]


def _speed(answer: Mapping[str, Any]) -> float:
    return float(answer["texts"] / answer["seconds"])


def _part(texts: Path, count: int, name: str) -> Path:
    path = texts.with_name(f"{texts.stem} {''.join(c if c.isalnum() else '-' for c in name)}.json")
    path.write_text(json.dumps(sample(json.loads(texts.read_text(encoding="utf-8")), count, 1)), encoding="utf-8")
    return path
