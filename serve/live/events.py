"""An event: one violation in one room, with its time, its words and its rule."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import tzinfo
from typing import Any

from xuncha.serve.live.handles import Handle
from xuncha.serve.live.turns import clock
from xuncha.serve.live.zones import CHINA


@dataclass(frozen=True, slots=True)
class Quote:
    """The part of one turn that is evidence. `begin` and `stop` are code points of the turn's own text."""

    where: str
    user: str
    role: str
    start: float
    end: float
    text: str
    begin: int
    stop: int


@dataclass(frozen=True, slots=True)
class Said:
    """A contact value as read (`value`), and the stretch of the record that it was read from."""

    value: str
    kind: str
    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, order=True)
class Repeat:
    """One more time that an event's words were written: when, by whom, and the place in the input."""

    time: float
    user: str
    where: str


@dataclass(frozen=True, slots=True)
class Event:
    """One violation. Times are seconds on the room's clock; `end` is that of the last repeat.

    `peak` is the highest score of a window, `support` what its least sure views say.
    `repeats` counts how often it was said or written, `users` by how many; `repeated_by` has the first of the
    others. `zone` is that of dates for people.
    """

    id: str
    room: str
    merchant: str
    label: str
    reason: str
    rule: str
    source: str
    role: str
    user: str
    start: float
    end: float
    evidence: tuple[Quote, ...]
    handles: tuple[Said, ...]
    peak: float
    support: float
    repeats: int
    users: int
    model: str
    repeated_by: tuple[Repeat, ...] = ()
    zone: tzinfo = CHINA

    @property
    def exposed_minutes(self) -> float:
        """Minutes from the first word of the violation to the last word of its last repeat."""
        return round((self.end - self.start) / 60, 3)

    @property
    def place(self) -> Repeat:
        """When, by whom and where it was first written."""
        return Repeat(self.start, self.user, self.evidence[0].where)

    @property
    def text(self) -> str:
        """The evidence as one string; … stands between turns."""
        return " … ".join(quote.text for quote in self.evidence)

    def to_json(self) -> dict[str, Any]:
        """Plain values, as JSONL output has them."""
        values = asdict(self)
        del values["zone"]
        values["start"], values["end"] = round(self.start, 3), round(self.end, 3)
        values["peak"], values["support"] = round(self.peak, 6), round(self.support, 6)
        for piece in (*values["evidence"], *values["handles"]):
            piece["start"], piece["end"] = round(piece["start"], 3), round(piece["end"], 3)
        values["repeated_by"] = [
            {"user": one.user, "time": round(one.time, 3), "where": one.where} for one in self.repeated_by
        ]
        model = values.pop("model")
        return {
            **values,
            "clock": clock(self.start, self.zone),
            "exposed_minutes": self.exposed_minutes,
            "model": model,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any], zone: tzinfo = CHINA) -> Event:
        """The event that `to_json` wrote."""
        given = {key: value for key, value in values.items() if key not in ("clock", "exposed_minutes")}
        given["evidence"] = tuple(Quote(**one) for one in given["evidence"])
        given["handles"] = tuple(Said(**one) for one in given["handles"])
        given["repeated_by"] = tuple(Repeat(**one) for one in given["repeated_by"])
        return cls(**given, zone=zone)


def event_id(*parts: object) -> str:
    """The same event has the same id in every run: twelve hexadecimal digits of what it is."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "backslashreplace")).hexdigest()[:12]


def said(handle: Handle, text: str, start: float, end: float) -> Said:
    """A handle with its time."""
    return Said(handle.value, handle.kind, text, start, end)
