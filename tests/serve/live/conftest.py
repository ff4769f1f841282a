"""Turns, and a judge that needs no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from xuncha.labels import Taxonomy
from xuncha.serve.live.events import Event
from xuncha.serve.live.monitor import Judge, Monitor
from xuncha.serve.live.settings import SETTINGS, Settings
from xuncha.serve.live.turns import Source, Turn
from xuncha.serve.verdict import Evidence, Scored, Verdict

PATTERNS = {
    "off_platform": ("contact", r"加我?微信[a-zＡ-Ｚ0-9０-９]*|1[3-9]\d{9}|[幺零二三四五六七八九]{11}"),
    "exaggerated": ("absolute", r"全网最低|天下第一"),
}


class WordJudge:
    """Flags texts by patterns; what it was asked is kept in `asked`."""

    model_id = "words@00000000"
    operating_point = "balanced"

    def __init__(self) -> None:
        self.bundle = SimpleNamespace(taxonomy=Taxonomy.load())
        self.asked: list[str] = []

    def score(self, texts: Sequence[object]) -> list[Verdict]:
        self.asked += map(str, texts)
        return [self._verdict(str(text)) for text in texts]

    def _verdict(self, text: str) -> Scored:
        found = [
            Evidence(label, reason, match.start(), match.end(), match[0], "规则")
            for label, (reason, pattern) in PATTERNS.items()
            for match in re.finditer(pattern, text)
        ]
        flags = {label: any(one.label == label for one in found) for label in PATTERNS}
        scores = {label: 0.97 if flag else 0.03 for label, flag in flags.items()}
        return Scored(scores, flags, {one.label: one.reason for one in found}, tuple(found))


@pytest.fixture
def judge() -> WordJudge:
    return WordJudge()


def speech(
    start: float, text: str, end: float | None = None, *, user: str = "", room: str = "r", where: str = ""
) -> Turn:
    return Turn(room, Source.SPEECH, start, end, user, "host", text, where or f"t:{start}")


def comment(start: float, user: str, text: str, *, room: str = "r") -> Turn:
    return Turn(room, Source.COMMENT, start, None, user, "viewer", text, f"c:{start}:{user}")


def events_of(judge: Judge, turns: Sequence[Turn], settings: Settings = SETTINGS) -> list[Event]:
    """The events of a record."""
    monitor = Monitor(judge, settings)
    return final([*monitor.feed(sorted(turns, key=lambda turn: turn.start)), *monitor.close()])


def final(events: Sequence[Event]) -> list[Event]:
    """The last form of every event, by time."""
    last = {event.id: event for event in events}
    return sorted(last.values(), key=lambda event: (event.room, event.start, event.id))
