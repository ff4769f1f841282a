"""A running stream: lines in, events out as they become certain, and a state that a restart goes on from."""

from __future__ import annotations

import csv
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from xuncha.labels.errors import XunchaError, quote
from xuncha.serve.live.comment_log import Place, delimiter_of, is_header, read_line
from xuncha.serve.live.csv_log import row_turn
from xuncha.serve.live.events import Event
from xuncha.serve.live.monitor import Monitor
from xuncha.serve.live.outputs import json_line
from xuncha.serve.live.state import Resumption, State
from xuncha.serve.live.turns import Turn, clock, is_date
from xuncha.serve.live.zones import CHINA
from xuncha.serve.tables.encoding import mended

_SNAPSHOT_LINES = 20_000
_SNAPSHOT_S = 30.0
_REMEMBERED = 20_000
_APART_S = 3600.0
"""A clock that goes back further than this may be of another zone."""


@dataclass(slots=True)
class Reader:
    """Lines to turns. A line that cannot be read is told of and counted; the stream goes on."""

    room: str
    complain: Callable[[str], None]
    number: int = 0
    bad: int = 0
    header: list[str] = field(default_factory=list)
    zone: tzinfo = CHINA
    _delimiter: str = ","

    def turns(self, lines: Iterable[bytes]) -> Iterator[Turn]:
        """The turns of the lines, in order."""
        for raw in lines:
            self.number += 1
            try:
                turn = self._turn(raw.decode("utf-8", "surrogateescape"))
            except XunchaError as error:
                self.bad += 1
                self.complain(f"{error} The line is left out.")
                continue
            if turn is not None:
                yield turn

    def _turn(self, raw: str) -> Turn | None:
        line, place = mended(raw), Place("stdin", self.number, self.room, self.zone)
        if self.number == 1 and not line.lstrip("\ufeff ").startswith("{") and is_header(line):
            self._delimiter = delimiter_of(line)
            self.header = [cell.strip() for cell in self._cells(line.removeprefix("\ufeff"))]
            return None
        if self.header and line.strip() and not line.lstrip().startswith("{"):
            return row_turn(self.header, self._cells(line), self._delimiter, place)
        return read_line(line, place)

    def _cells(self, line: str) -> list[str]:
        return next(csv.reader([line], delimiter=self._delimiter), [])


class Follower:
    """Drives a monitor with a stream. `give` gets the events of each step; `clock` is the wall clock in seconds."""

    def __init__(
        self,
        monitor: Monitor,
        reader: Reader,
        give: Callable[[Sequence[Event]], None],
        state: State | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.monitor, self.reader, self.state = monitor, reader, state
        self._give, self._clock = give, clock
        self._heard: dict[str, float] = {}
        self._lasts: dict[str, float] = {}
        self._saved = clock()
        self.events = 0
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._resumption = None if state is None else self._restored(state)

    def _restored(self, state: State) -> Resumption:
        rooms, lines = state.load()
        before = state.position.lines - len(lines)
        self.monitor.restore(rooms)
        self.reader.number = before
        self._out(self.monitor.feed(self._turns(lines)))
        self._snapshot()
        return Resumption(state.position)

    def run(self, batches: Iterable[list[bytes]], stopped: Callable[[], bool] = lambda: False) -> None:
        """Judge batches of lines until they end or `stopped`; an empty batch says that time has passed."""
        for batch in batches:
            self.take(batch)
            if stopped():
                break
        else:
            self._ended()
            return
        if self.state is None:
            self._out(self.monitor.close())
        else:
            self._snapshot()

    def take(self, batch: list[bytes]) -> None:
        """Judge lines; every one is in the journal before."""
        if batch:
            lines = batch if self._resumption is None else list(self._resumption.new(batch))
            if self.state is not None and lines:
                self.state.took(lines)
            self._out(self.monitor.feed(self._turns(lines)))
        else:
            self._pass_time()
        due = self.state is not None and self.state.since and (
            self.state.since >= _SNAPSHOT_LINES or self._clock() - self._saved >= _SNAPSHOT_S
        )  # fmt: skip
        if due:
            self._snapshot()

    def _turns(self, lines: Iterable[bytes]) -> Iterator[Turn]:
        now = self._clock()
        for turn in self.reader.turns(lines):
            self._heard[turn.room] = now
            self._check_clock(turn)
            yield turn

    def _check_clock(self, turn: Turn) -> None:
        """Tell of a room whose times cannot be of one clock: the lines are judged, but not joined."""
        last = self._lasts.get(turn.room, turn.start)
        self._lasts[turn.room] = turn.start
        where, room = turn.where, quote(turn.room)
        if is_date(last) != is_date(turn.start):
            kinds = ("a date", "seconds of a record") if is_date(turn.start) else ("seconds of a record", "a date")
            self.reader.complain(
                f"{where}: room {room} has {kinds[0]} here and had {kinds[1]} before: these are not joined. "
                "Write one kind of time in a room."
            )
        elif turn.start < last - _APART_S:
            self.reader.complain(
                f"{where}: the clock of room {room} goes back {clock(last - turn.start)} here: a new broadcast begins. "
                "If it is the same, say with --zone where its dates are from."
            )

    def _pass_time(self) -> None:
        """Rooms that brought nothing for a window end what they were saying; after the time of repeats they go."""
        now, settings = self._clock(), self.monitor.settings
        quiet = settings.window_s + settings.tolerance_s
        gone = quiet + settings.repeat_s + settings.session_s
        silent = [name for name, heard in self._heard.items() if now - heard >= quiet]
        expiring = [name for name in silent if name in self.monitor.rooms and self.monitor.rooms[name].speaking]
        closing = [name for name in silent if now - self._heard[name] >= gone]
        if expiring:
            self._out(self.monitor.expire(expiring))
        if closing:
            self._out(self.monitor.close(closing))
            for name in closing:
                del self._heard[name]
                self._lasts.pop(name, None)

    def _ended(self) -> None:
        """The stream has ended. With a state the rooms stay open, and what they have so far is given out."""
        if self.state is None:
            self._out(self.monitor.close())
            return
        rest = Monitor(self.monitor.judge, self.monitor.settings)
        rest.restore(self.monitor.to_json())
        self._out(list({event.id: event for event in rest.close()}.values()))
        self._snapshot()

    def _out(self, events: Sequence[Event]) -> None:
        if self.state is not None:
            events = [event for event in events if self.state.is_new(event.id, json_line(event))]
        if events:
            self._count(events)
            self._give(events)
            if self.state is not None:
                self.state.gave((event.id, json_line(event)) for event in events)

    def _count(self, events: Sequence[Event]) -> None:
        """Count each id once, however often its event is given out."""
        for event in events:
            self.events += event.id not in self._counted
            self._counted[event.id] = None
        while len(self._counted) > _REMEMBERED:
            self._counted.popitem(last=False)

    def _snapshot(self) -> None:
        if self.state is not None:
            self.state.save(self.monitor.to_json())
            self._saved = self._clock()
