"""The released model on rooms written by hand: found, placed, and the same whatever the borders."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.serve.live.conftest import events_of
from tests.serve.live.marked import MarkedRoom, Met, meet, read_rooms
from xuncha.serve import Scorer
from xuncha.serve.live.events import Event
from xuncha.serve.live.monitor import Monitor
from xuncha.serve.live.turns import Source, Turn

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


Found = list[tuple[MarkedRoom, list[Event]]]


@pytest.fixture(scope="module")
def found(scorer: Scorer) -> dict[str, Found]:
    """Of each half, the rooms with their events."""
    return {half: [(room, events_of(scorer, room.turns)) for room in read_rooms(half)] for half in ("dev", "held")}


@pytest.mark.parametrize("half", ["dev", "held"])
def test_precision_and_recall_at_one_window(found: dict[str, Found], half: str) -> None:
    met = sum((meet(events, room.marks) for room, events in found[half]), Met(0, 0, 0, 0))
    assert met.marks >= 20
    assert met.precision >= 0.85 and met.recall >= 0.85, met


def test_marked_numbers_are_read(found: dict[str, Found]) -> None:
    values = {said.value for half in found.values() for _, events in half for event in events for said in event.handles}
    assert {"15900276631", "18655007721", "13577880091", "wx:jihuo660", "17785200963", "qq:617730581"} <= values


def words(events: list[Event]) -> list[tuple[object, ...]]:
    return [
        (one.label, one.reason, round(one.start, 2), one.text.replace(" … ", "").replace(" ", ""), one.peak)
        for one in events
    ]


def cut_at(turn: Turn, places: list[int]) -> list[Turn]:
    """The turn cut at characters that are no blanks, each piece with its share of the time."""
    chars = "".join(turn.text.split())
    begun, lasts = turn.start, (turn.end or turn.start) - turn.start
    edges = [0, *places, len(chars)]
    return [
        replace(turn, start=begun + lasts * a / len(chars), end=begun + lasts * b / len(chars), text=chars[a:b])
        for a, b in zip(edges, edges[1:], strict=False)
        if a < b
    ]


def test_segment_borders_change_nothing(scorer: Scorer) -> None:
    room = next(one for one in read_rooms("dev") if one.name == "coins")
    spoken = [turn for turn in room.turns if turn.source is Source.SPEECH]
    wanted = words(events_of(scorer, spoken))
    rng = random.Random(3)
    for longest in (1, 5, 17):
        cut = [
            piece
            for turn in spoken
            for piece in cut_at(turn, sorted({rng.randrange(len(turn.text)) for _ in range(len(turn.text) // longest)}))
        ]
        assert words(events_of(scorer, cut)) == wanted


def test_a_stream_gives_the_events_of_the_record(scorer: Scorer, found: dict[str, Found]) -> None:
    turns = [turn for room in read_rooms("held") for turn in room.turns]
    turns.sort(key=lambda turn: turn.start + random.Random(turn.where).uniform(0, 9))
    monitor, given = Monitor(scorer), []
    for at in range(0, len(turns), 40):
        given += monitor.feed(turns[at : at + 40])
    last = {event.id: event for event in (*given, *monitor.close())}
    record = {event.id: event for _, events in found["held"] for event in events}
    assert last == record
