"""Turns of any number of rooms in, events out: the one engine of records and of streams.

What comes out depends on the turns and their times alone, never on how many came at once: windows, candidates and
views are cut at places that the text and its clock decide.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.live.events import Event, Quote, Said, event_id, said
from xuncha.serve.live.handles import read_handles
from xuncha.serve.live.room import Room
from xuncha.serve.live.settings import SETTINGS, Settings
from xuncha.serve.live.spotting import Candidate, is_enough, support
from xuncha.serve.live.turns import Turn
from xuncha.serve.live.voice import FOREVER, Voice
from xuncha.serve.verdict import Scored, Verdict

_COUNT_CHARS = 4


class Judge(Protocol):
    """What scores texts: `xuncha.serve.Scorer`, or a stand-in."""

    @property
    def model_id(self) -> str:
        """`name@fingerprint` of the model."""

    @property
    def operating_point(self) -> str:
        """strict, balanced or lenient."""

    @property
    def bundle(self) -> Any:
        """The model folder, for its taxonomy."""

    def score(self, texts: Sequence[object]) -> list[Verdict]:
        """One verdict a text, in order."""


class Monitor:
    """Watches rooms.

    >>> monitor = Monitor(Scorer.load())  # doctest: +SKIP
    >>> events = monitor.feed(turns) + monitor.close()  # doctest: +SKIP
    """

    def __init__(self, judge: Judge, settings: Settings = SETTINGS) -> None:
        self.judge, self.settings = judge, settings
        self.rooms: dict[str, Room] = {}
        self._taxonomy: Taxonomy = judge.bundle.taxonomy
        self._bar = settings.support[judge.operating_point]
        self.late_lines = 0
        self._known: OrderedDict[str, Verdict] = OrderedDict()

    def feed(self, turns: Iterable[Turn]) -> list[Event]:
        """Take turns in the order in which they came; give the events that became certain."""
        touched: dict[str, Room] = {}
        for turn in turns:
            room = self.rooms.get(turn.room)
            if room is None:
                room = self.rooms[turn.room] = Room(turn.room, self.settings)
            touched[turn.room] = room
            room.add(turn)
            room.advance()
        return self._judge(list(touched.values()))

    def expire(self, names: Iterable[str]) -> list[Event]:
        """Take it that rooms have fallen silent: what was waited for does not come. Repeats still may."""
        return self._judge(self._finished(names))

    def close(self, names: Iterable[str] | None = None) -> list[Event]:
        """End and forget these rooms, by default all; give the events that are left."""
        rooms = self._finished(list(self.rooms) if names is None else names)
        events = self._judge(rooms, ended=True)
        for room in rooms:
            self.late_lines += room.late
            del self.rooms[room.name]
        return events

    def _finished(self, names: Iterable[str]) -> list[Room]:
        rooms = [self.rooms[name] for name in names if name in self.rooms]
        for room in rooms:
            room.finish()
        return rooms

    @property
    def late(self) -> int:
        """Lines that came later than the tolerance, and were judged where they came."""
        return self.late_lines + sum(room.late for room in self.rooms.values())

    def _judge(self, rooms: Sequence[Room], *, ended: bool = False) -> list[Event]:
        self._judge_windows(rooms)
        events = self._judge_candidates(rooms)
        for room in rooms:
            room.tidy()
            events += room.ended_repeats(all_of_them=ended)
        return events

    def _judge_windows(self, rooms: Sequence[Room]) -> None:
        jobs = [(voice, window) for room in rooms for voice in room.every_voice() for window in voice.windows(room.now)]
        verdicts = self._verdicts([voice.track.slice(window.start, window.end) for voice, window in jobs])
        for (voice, window), verdict in zip(jobs, verdicts, strict=True):
            voice.judged(window, verdict)

    def _judge_candidates(self, rooms: Sequence[Room]) -> list[Event]:
        found = [(room, voice, one) for room in rooms for voice in room.every_voice() for one in voice.ready(room.now)]
        views = [
            voice.track.slice(*(voice.view(one, margin, FOREVER) or (one.start, one.end)))
            for _, voice, one in found
            for margin in self.settings.margins
        ]
        verdicts = self._verdicts(views)
        events = []
        for at, (room, voice, one) in enumerate(found):
            seen = verdicts[at * len(self.settings.margins) : (at + 1) * len(self.settings.margins)]
            scores = [view.scores[one.label] for view in seen if isinstance(view, Scored)]
            held = support(scores, self.settings.doubted)
            held = round(held, 4)  # scores are equal to 1e-6 in every batch, decisions shall be equal
            event = self._event(room, voice, one, held) if self._is_enough(held, valued=True) else None
            event = room.counted(event) if event and self._is_enough(held, valued=bool(event.handles)) else None
            if event:
                events.append(event)
        return events

    def _is_enough(self, held: float, *, valued: bool) -> bool:
        return is_enough(held, self._bar, self.settings, valued=valued)

    def _event(self, room: Room, voice: Voice, one: Candidate, held: float) -> Event:
        track = voice.track
        found = self._handles(voice, one)
        # A number beside the evidence belongs to it, to its last digit.
        near = self.settings.join_chars
        own = [(first, last) for first, last, _ in found if first <= one.end + near and one.start - near <= last]
        begun, ended = min([one.start, *(first for first, _ in own)]), max([one.end, *(last for _, last in own)])
        if own and _counts_only(track.slice(own[-1][1], ended)):
            ended = own[-1][1]
        pieces = track.pieces(begun, ended)
        quotes = tuple(
            Quote(
                turn.where, turn.user, turn.role, track.time(first), track.time(last - 1),
                turn.text[begin:stop], begin, stop,
            )
            for turn, begin, stop, first, last in pieces
        )  # fmt: skip
        turn = max(pieces, key=lambda piece: piece[4] - piece[3])[0]
        start, end = track.time(begun), track.time(ended - 1)
        text = " … ".join(quote.text for quote in quotes)
        handles = tuple(handle for _, _, handle in found)
        return Event(
            id=event_id(room.name, turn.source, turn.voice, one.label, round(start, 2), track.slice(begun, ended)),
            room=room.name, merchant=turn.merchant, label=one.label, reason=one.reason,
            rule=self._taxonomy.reason(one.reason).rule.citation, source=str(turn.source), role=turn.role,
            user=turn.user, start=start, end=end, evidence=quotes, handles=handles, peak=round(one.peak, 4),
            support=held, repeats=max([1, *(text.count(handle.text) for handle in handles)]), users=1,
            model=self.judge.model_id, zone=self.settings.zone,
        )  # fmt: skip

    def _handles(self, voice: Voice, one: Candidate) -> list[tuple[int, int, Said]]:
        """Contact values in and around the evidence, each once, with their first and end number."""
        if one.label != "off_platform":
            return []
        track = voice.track
        start, end = voice.view(one, self.settings.handle_chars, FOREVER) or (one.start, one.end)
        found: dict[str, tuple[int, int, Said]] = {}
        borders = [place - start for place in track.firsts if start < place < end]
        for handle in read_handles(track.slice(start, end), borders):
            first, last = start + handle.start, start + handle.end
            if handle.kind == "id" and not (first < one.end and one.start < last):
                continue
            text = " … ".join(turn.text[begin:stop] for turn, begin, stop, _, _ in track.pieces(first, last))
            value = said(handle, text, track.time(first), track.time(last - 1))
            found.setdefault(handle.value, (first, last, value))
        return list(found.values())

    def _verdicts(self, texts: Sequence[str]) -> list[Verdict]:
        """Verdicts in order; a text that was judged lately is not judged again."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        judged = dict(zip(fresh, self.judge.score(fresh) if fresh else [], strict=True))
        given = []
        for text in texts:
            verdict = judged.get(text) or self._known[text]
            given.append(verdict)
            self._known[text] = verdict
            self._known.move_to_end(text)
        while len(self._known) > self.settings.cached_texts:
            self._known.popitem(last=False)
        return given

    def to_json(self) -> dict[str, Any]:
        """Everything needed to go on after a restart."""
        return {name: room.to_json() for name, room in self.rooms.items() if room.came}

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from what `to_json` gave."""
        self.rooms = {name: Room.from_json(name, self.settings, one) for name, one in saved.items()}


def _counts_only(rest: str) -> bool:
    """Whether evidence goes on after a contact value only with digits that are no part of it: 25 of 25块."""
    return 0 < len(rest) <= _COUNT_CHARS and rest.isnumeric()
