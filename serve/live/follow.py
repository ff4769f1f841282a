"""A running stream: lines in, events out as they become certain, and a state that a restart goes on from."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xuncha.labels.errors import XunchaError, escape_controls
from xuncha.serve.live.comment_log import Place, is_header, read_line, turn_of
from xuncha.serve.live.events import Event
from xuncha.serve.live.monitor import Monitor
from xuncha.serve.live.outputs import json_line
from xuncha.serve.live.state import Resumption, State
from xuncha.serve.live.turns import Turn
from xuncha.serve.tables.encoding import mended

_SNAPSHOT_LINES = 20_000
_SNAPSHOT_S = 30.0
_COMPLAINTS = 20


@dataclass(slots=True)
class Reader:
    """Lines to turns. A line that cannot be read is told of and counted; the stream goes on."""

    room: str
    complain: Callable[[str], None]
    number: int = 0
    bad: int = 0
    header: list[str] = field(default_factory=list)

    def turns(self, lines: Iterable[bytes]) -> Iterator[Turn]:
        """The turns of the lines, in order."""
        for raw in lines:
            self.number += 1
            try:
                turn = self._turn(raw.decode("utf-8", "surrogateescape"))
            except XunchaError as error:
                self.bad += 1
                if self.bad <= _COMPLAINTS:
                    self.complain(f"{error} The line is left out.")
                continue
            if turn is not None:
                yield turn

    def _turn(self, raw: str) -> Turn | None:
        line, place = mended(raw), Place("stdin", self.number, self.room)
        if self.number == 1 and not line.lstrip("\ufeff ").startswith("{") and is_header(line):
            self.header = [cell.strip() for cell in _cells(line.removeprefix("\ufeff"))]
            return None
        if self.header and line.strip() and not line.lstrip().startswith("{"):
            return turn_of(dict(zip(self.header, _cells(line), strict=False)), place)
        return read_line(line, place)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line], delimiter=max(",\t;", key=line.count)), [])


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
        self._saved = clock()
        self.events = 0
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
            yield turn

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
            self.events += len(events)
            self._give(events)
            if self.state is not None:
                self.state.gave((event.id, json_line(event)) for event in events)

    def _snapshot(self) -> None:
        if self.state is not None:
            self.state.save(self.monitor.to_json())
            self._saved = self._clock()


def complain(message: str) -> None:
    """Tell of a line on stderr."""
    print(escape_controls(message), file=sys.stderr, flush=True)
