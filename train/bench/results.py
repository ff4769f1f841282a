"""What a benchmark found, whole: what tables, JSON and picture are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from xuncha.train.bench.agreement import Agreement
from xuncha.train.bench.limit import Limit
from xuncha.train.bench.machine import Machine
from xuncha.train.bench.peers import PEERS
from xuncha.train.bench.rounds import Speeds, Spread

OWN, ONE_CORE, GPU = "xuncha", "xuncha, 1 core", "xuncha, cuda"
NO_FLAGS, ALL_FLAGS, REPEATS = "xuncha, no text flagged", "xuncha, every text flagged", "xuncha, repeats"
TITLES = {peer.title: peer for peer in PEERS}


@dataclass(frozen=True, slots=True)
class Workload:
    """The texts measured with: where from, how many, share flagged, lengths in characters, tokens a text.

    `repeats` is the share of texts in the workload of repeats that say again what an earlier one said.
    """

    source: str
    seed: int
    texts: int
    flagged: float
    lengths: Mapping[str, float]
    tokens: float
    repeats: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """Texts a second of one core as a share of what a limit would allow."""

    limit: Limit
    texts_per_second: float
    share: Spread


@dataclass(frozen=True, slots=True)
class Results:
    """Everything measured. `left_out` says why a peer is missing; `growth` is empty unless asked for."""

    model: str
    note: str
    machine: Machine
    workload: Workload
    speeds: Speeds
    agreement: Mapping[str, Agreement]
    products_per_text: float
    shares: tuple[Share, ...]
    walls: Mapping[str, Spread]
    memory: Mapping[str, Any]
    rounds: int
    quick: bool
    left_out: Mapping[str, str] = field(default_factory=dict)
    growth: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rivals(self) -> list[str]:
        """Titles of the peers that were measured, in the order of their list."""
        return [title for title in TITLES if title in self.speeds.by_round]

    def ratio(self, title: str) -> Spread:
        """How many times as fast xuncha is, on all cores."""
        return self.speeds.ratio(OWN, title)

    @property
    def scaling(self) -> Spread | None:
        """All cores over one; None on a machine with one core."""
        return self.speeds.ratio(OWN, ONE_CORE) if self.machine.cores > 1 else None

    @property
    def repeats_gain(self) -> Spread | None:
        """Speed with repeats over speed without."""
        return self.speeds.ratio(REPEATS, OWN) if REPEATS in self.speeds.by_round else None

    def to_json(self) -> dict[str, Any]:
        """Plain values; ratios are xuncha's speed over the peer's."""
        scaling, gain = self.scaling, self.repeats_gain
        return {
            "model": self.model,
            "same_model": self.note,
            "quick": self.quick,
            "machine": self.machine.to_json(),
            "workload": asdict(self.workload),
            "rounds": self.rounds,
            "speeds": self.speeds.to_json(),
            "ratios": {title: {**self.ratio(title).to_json(), "must": TITLES[title].must} for title in self.rivals},
            "agreement": {title: one.to_json() for title, one in self.agreement.items()},
            "left_out": dict(self.left_out),
            "cores": {"used": self.machine.cores, "all_over_one": scaling.to_json() if scaling else None},
            "repeats_gain": gain.to_json() if gain else None,
            "limit": {
                "products_per_text": round(self.products_per_text),
                "limits": [
                    {
                        **one.limit.to_json(),
                        "texts_per_second": one.texts_per_second,
                        "share": one.share.to_json(),
                    }
                    for one in self.shares
                ],
            },
            "walls": {name: spread.to_json() for name, spread in self.walls.items()},
            "memory": dict(self.memory),
            "growth": dict(self.growth),
        }
