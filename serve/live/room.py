"""One room's clock: lines are put in order, voices begin and end, repeats of a comment are one event."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from xuncha.serve.live.events import Event
from xuncha.serve.live.saved import turn_from_json, turn_to_json
from xuncha.serve.live.settings import Settings
from xuncha.serve.live.turns import Source, Turn
from xuncha.serve.live.voice import FOREVER, Voice

Pending = tuple[float, int, Turn]


@dataclass(slots=True)
class Repeated:
    """An event that may still be repeated. `shown` is how often it had been when it was last given out."""

    event: Event
    users: set[str]
    shown: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"event": self.event.to_json(), "users": sorted(self.users), "shown": self.shown}


@dataclass(slots=True)
class Room:
    """The state of one room. `latest` is the greatest start of a turn that came; `late` counts what came too late."""

    name: str
    settings: Settings
    latest: float = -FOREVER
    came: int = 0
    late: int = 0
    pending: list[Pending] = field(default_factory=list)
    voices: dict[tuple[str, str], Voice] = field(default_factory=dict)
    over: list[Voice] = field(default_factory=list)
    repeated: dict[tuple[str, str], Repeated] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """The time up to which every turn has come, late ones aside."""
        return self.latest - self.settings.tolerance_s

    def add(self, turn: Turn) -> None:
        """Take a turn as it comes."""
        if turn.start < self.latest - self.settings.reset_s:
            self.finish()
        if turn.start < self.now:
            self.late += 1
        self.came += 1
        self.latest = max(self.latest, turn.start)
        heapq.heappush(self.pending, (turn.start, self.came, turn))

    def advance(self) -> None:
        """Hand the turns that are due to their voices, in order, and end the voices that fell silent."""
        now = self.now
        while self.pending and self.pending[0][0] <= now:
            self._hear(heapq.heappop(self.pending)[2])
        for key, voice in list(self.voices.items()):
            if voice.ends_by(now):
                self.over.append(self.voices.pop(key))

    def finish(self) -> None:
        """End everything: the record is over, or a new broadcast begins."""
        while self.pending:
            self._hear(heapq.heappop(self.pending)[2])
        for voice in self.voices.values():
            voice.over = True
            self.over.append(voice)
        self.voices.clear()
        self.latest = -FOREVER

    def _hear(self, turn: Turn) -> None:
        key = (str(turn.source), turn.voice)
        voice = self.voices.get(key)
        if voice is not None and not voice.takes(turn):
            voice.over = True
            self.over.append(self.voices.pop(key))
            voice = None
        if voice is None:
            voice = self.voices[key] = Voice.of(self.settings, turn.source)
        voice.track.add(turn)

    def every_voice(self) -> Iterator[Voice]:
        """Voices that are over, then those that go on."""
        yield from self.over
        yield from self.voices.values()

    def tidy(self) -> None:
        """Forget what nothing can ask for any more."""
        self.over = [voice for voice in self.over if not voice.done]
        for voice in self.voices.values():
            voice.forget()

    @property
    def speaking(self) -> bool:
        """Whether anything is under way that more words may continue."""
        return bool(self.pending or self.voices or self.over)

    def counted(self, event: Event) -> Event | None:
        """The event to give out for `event`: itself, or None where it repeats one that was given out."""
        if event.source != Source.COMMENT:
            return event
        key = (event.label, event.text)
        known = self.repeated.get(key)
        if known is None or event.start > known.event.end + self.settings.repeat_s:
            self.repeated[key] = Repeated(event, {event.user}, event.repeats)
            return event
        known.users.add(event.user)
        first = known.event if known.event.start <= event.start else replace(event, id=known.event.id)
        others = {known.event.place, event.place, *known.event.repeated_by} - {first.place}
        named = tuple(sorted(others)[: self.settings.repeats_named])
        known.event = replace(
            first, repeated_by=named, end=max(event.end, known.event.end), peak=max(event.peak, known.event.peak),
            support=max(event.support, known.event.support), repeats=known.event.repeats + event.repeats,
            users=len(known.users),
        )  # fmt: skip
        return None

    def ended_repeats(self, *, all_of_them: bool = False) -> list[Event]:
        """Events that were repeated since they were given out and can be no more; they are forgotten here."""
        # An event may still be on its way for as long as its voice is heard out.
        wait = self.settings.repeat_s + self.settings.session_s + self.settings.comment_s
        done = [key for key, one in self.repeated.items() if all_of_them or self.now > one.event.end + wait]
        ended = [self.repeated.pop(key) for key in done]
        return [one.event for one in ended if one.event.repeats > one.shown]

    def to_json(self) -> dict[str, Any]:
        """Everything needed to go on."""
        return {
            "latest": None if self.latest == -FOREVER else self.latest, "came": self.came, "late": self.late,
            "pending": [[start, number, turn_to_json(turn)] for start, number, turn in self.pending],
            "voices": [[list(key), voice.to_json()] for key, voice in self.voices.items()],
            "over": [voice.to_json() for voice in self.over],
            "repeated": [[list(key), one.to_json()] for key, one in self.repeated.items()],
        }  # fmt: skip

    @classmethod
    def from_json(cls, name: str, settings: Settings, saved: dict[str, Any]) -> Room:
        """The room that `to_json` described."""
        room = cls(
            name, settings, -FOREVER if saved["latest"] is None else saved["latest"], saved["came"], saved["late"]
        )
        room.pending = [(start, number, turn_from_json(turn)) for start, number, turn in saved["pending"]]
        room.voices = {(source, name): Voice.from_json(settings, one) for (source, name), one in saved["voices"]}
        room.over = [Voice.from_json(settings, one) for one in saved["over"]]
        for (label, text), one in saved["repeated"]:
            room.repeated[label, text] = Repeated(
                Event.from_json(one["event"], settings.zone), set(one["users"]), one["shown"]
            )
        return room
