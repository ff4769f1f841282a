"""How well `xuncha live` does, by the bar: `python -m tests.serve.live.measure`.

The written rooms (`fresh` ones by an author who saw no other room and no row), and streams composed of hard speech and
comment rows: `dev` for choosing constants, `held` (of rows the test split) for telling. Rows of the dev split chose the
model's thresholds, none of either trained it.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.serve.live.conftest import events_of
from tests.serve.live.marked import Mark, MarkedRoom, Met, meet, read_rooms
from xuncha.serve import Scorer
from xuncha.serve.live.events import Event
from xuncha.serve.live.settings import SETTINGS
from xuncha.serve.live.spotting import is_enough
from xuncha.serve.live.turns import Source, Turn

DATA = Path(__file__).parents[3] / "labels" / "data"
BARS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
_SPLITS = {"dev": "dev", "held": "test"}
_ROWS, _VIOLATING, _A_ROOM = 220, 55, 22


def composed(half: str, seed: int = 1) -> list[MarkedRoom]:
    """Streams of shuffled rows, a quarter of them violations, speech cut anywhere: far denser than a real room."""
    rng = random.Random(seed)
    rows = _rows(_SPLITS[half])
    rng.shuffle(rows)
    bad = [row for row in rows if True in row["labels"].values()]
    good = [row for row in rows if set(row["labels"].values()) == {False}]
    chosen = bad[:_VIOLATING] + good[: _ROWS - _VIOLATING]
    rng.shuffle(chosen)
    return [_room(f"{half}{at}", chosen[at : at + _A_ROOM], rng) for at in range(0, len(chosen), _A_ROOM)]


def _rows(split: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for path in sorted(DATA.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [
        row for row in rows
        if row.get("split") == split and row["source"] in ("speech", "comment") and 8 <= len(row["text"]) <= 160
    ]  # fmt: skip


def _room(name: str, rows: Sequence[dict[str, Any]], rng: random.Random) -> MarkedRoom:
    turns: list[Turn] = []
    marks: list[Mark] = []
    at = 3.0
    for row in rows:
        text, spoken = row["text"], row["source"] == "speech"
        lasts = len(text) / SETTINGS.chars_per_second if spoken else 0.0
        if spoken:
            turns += _cut(name, text, at, lasts, rng)
        else:
            turns.append(Turn(name, Source.COMMENT, at, None, row["id"], "viewer", text, row["id"]))
        marks += _marks(row, at, lasts)
        at += lasts + rng.choice((0.3, 1.0, 3.0))
    return MarkedRoom(name, tuple(turns), tuple(marks))


def _cut(name: str, text: str, at: float, lasts: float, rng: random.Random) -> list[Turn]:
    turns, begun = [], 0
    while begun < len(text):
        ended = min(len(text), begun + rng.randint(6, 26))
        start, end = (at + lasts * place / len(text) for place in (begun, ended))
        turns.append(Turn(name, Source.SPEECH, start, end, "", "host", text[begun:ended], f"{name}:{at:.0f}+{begun}"))
        begun = ended
    return turns


def _marks(row: dict[str, Any], at: float, lasts: float) -> list[Mark]:
    marks = []
    for label, broken in row["labels"].items():
        spans = [span for span in row.get("spans", []) if span["label"] == label]
        if broken:
            length = len(row["text"])
            start = min((span["start"] for span in spans), default=0)
            end = max((span["end"] for span in spans), default=length)
            reason = spans[0]["reason"] if spans else ""
            marks.append(Mark(label, reason, at + lasts * start / length, at + lasts * end / length, row["text"]))
    return marks


def _held(event: Event, bar: float) -> bool:
    return is_enough(event.support, bar, SETTINGS, valued=bool(event.handles))


def counted(found: Sequence[tuple[MarkedRoom, Sequence[Event]]], bar: float) -> Met:
    """What the events with at least this support make of the marks."""
    met = Met(0, 0, 0, 0)
    for room, events in found:
        met += meet([event for event in events if _held(event, bar)], room.marks)
    return met


def main() -> None:
    """Print a line a half and bar; `-v` also prints every false and missed event at the usual bar."""
    scorer = Scorer.load()
    usual = SETTINGS.support[scorer.operating_point]
    settings = replace(SETTINGS, support=dict.fromkeys(SETTINGS.support, min(BARS)))
    print(scorer.model_id, f"bar {usual}")
    for kind, read, halves in (
        ("rooms", read_rooms, ("dev", "held", "fresh")),
        ("composed", composed, ("dev", "held")),
    ):
        for half in halves:
            found = [(room, events_of(scorer, room.turns, settings)) for room in read(half)]
            for bar in BARS:
                met = counted(found, bar)
                print(f"{kind:8} {half:5} {bar:.2f}  P {met.precision:.3f}  R {met.recall:.3f}  {met}")
            if "-v" in sys.argv:
                _tell(found, usual)


def _tell(found: Sequence[tuple[MarkedRoom, Sequence[Event]]], bar: float) -> None:
    for room, events in found:
        for event in events:
            if _held(event, bar) and not meet([event], room.marks).right:
                print(" false ", room.name, event.source, event.reason, round(event.support, 2), event.text)
        for mark in room.marks:
            if not meet([event for event in events if _held(event, bar)], [mark]).right:
                print(" missed", room.name, mark.reason, mark.text)


if __name__ == "__main__":
    main()
