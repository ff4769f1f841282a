"""What a stream goes on from after a restart: a snapshot, and a journal of the lines since.

Every line is in the journal before it is judged, and every event is noted there after it was given out. A kill at any
moment loses no line; an event may be given out twice, under the same id, if the kill fell between the two.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedWriter
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.io import replacing
from xuncha.serve.live.zones import CHINA

VERSION = 2
"""2: dates without a zone are of a zone, events say who repeated them."""

_HEAD = 20
_TAIL = 2_000
_REMEMBERED = 20_000


def digest(line: bytes | str) -> str:
    """Twelve hexadecimal digits that stand for a line."""
    data = line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
    return hashlib.blake2b(data, digest_size=6).hexdigest()


@dataclass(slots=True)
class Position:
    """How far a stream was read: how many lines, the first ones and the last ones."""

    lines: int = 0
    head: list[str] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))

    def add(self, line: bytes) -> None:
        """Count a line."""
        mark = digest(line)
        self.lines += 1
        if len(self.head) < _HEAD:
            self.head.append(mark)
        self.tail.append(mark)


class Resumption:
    """Tells lines that were read before the restart from new ones.

    A source may begin again at its first line, repeat its last lines (as `tail -F` does), or go straight on. Lines
    that agree with what was read are held back until it is clear; none is lost.
    """

    def __init__(self, position: Position) -> None:
        self._head, self._tail, self._lines = list(position.head), list(position.tail), position.lines
        self._held: list[bytes] = []
        self._at = 0
        self._places: list[int] | None = None  # in the tail, where the next line is expected
        self.over = not position.lines
        self._from_start = False

    def new(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The lines that were not read before."""
        for line in lines:
            if self.over:
                yield line
            else:
                yield from self._next(line)

    def _next(self, line: bytes) -> Iterator[bytes]:
        mark = digest(line)
        if self._at == 0:
            self._from_start = bool(self._head) and mark == self._head[0]
            self._places = [at for at, known in enumerate(self._tail) if known == mark]
        agrees = self._agrees_from_start(mark) if self._from_start else self._agrees_with_tail(mark)
        self._at += 1
        if not agrees:
            self.over = True
            yield from self._held
            self._held = []
            yield line
            return
        # Past the head the source is known; what agrees there is dropped at once.
        if not self._from_start or self._at <= _HEAD:
            self._held.append(line)
        else:
            self._held = []
        if self._is_through():
            self.over, self._held = True, []

    def _agrees_from_start(self, mark: str) -> bool:
        first_of_tail = self._lines - len(self._tail)
        if self._at < len(self._head):
            return mark == self._head[self._at]
        return self._at < first_of_tail or mark == self._tail[self._at - first_of_tail]

    def _agrees_with_tail(self, mark: str) -> bool:
        here = [at for at in self._places or [] if at < len(self._tail) and self._tail[at] == mark]
        self._places = [at + 1 for at in here]
        return bool(here)

    def _is_through(self) -> bool:
        if self._from_start:
            return self._at >= self._lines
        return len(self._tail) in (self._places or [])


class State:
    """The state file and its journal."""

    def __init__(self, path: Path, model: str, point: str, zone: str = str(CHINA)) -> None:
        self.path, self.journal = path, path.with_name(path.name + ".journal")
        self._identity = {"version": VERSION, "model": model, "point": point, "zone": zone}
        self.position = Position()
        self.printed: OrderedDict[str, str] = OrderedDict()
        self._out: BufferedWriter | None = None
        self.since = 0

    def load(self) -> tuple[dict[str, Any], list[bytes]]:
        """The rooms of the snapshot, and the lines since. Raises `XunchaError` for a state that does not fit."""
        if not self.path.parent.is_dir():
            raise XunchaError(f"{self.path}: the folder {self.path.parent} does not exist. Make it first: mkdir -p.")
        rooms: dict[str, Any] = {}
        if self.path.exists():
            saved = self._read()
            rooms = saved["rooms"]
            self.position = Position(saved["lines"], saved["head"], deque(saved["tail"], maxlen=_TAIL))
            self.printed = OrderedDict(saved["printed"])
        return rooms, list(self._journalled())

    def _read(self) -> dict[str, Any]:
        try:
            saved: Any = json.loads(self.path.read_text("utf-8"))
            known = {"zone": None, **{key: saved[key] for key in ("version", "model", "point")}, **saved}
        except (ValueError, KeyError, TypeError):
            raise XunchaError(
                f"{self.path}: this is no state of xuncha live. Name another file with --state."
            ) from None
        for key, value in self._identity.items():
            if known[key] != value:
                raise XunchaError(
                    f"{self.path}: it was written with {key} {known[key]}, this run has {value}. "
                    "Run as before, or remove the file to begin anew."
                )
        return dict(saved)

    def _journalled(self) -> Iterator[bytes]:
        """Lines in the journal that the snapshot does not hold; events given out since are remembered."""
        if not self.journal.exists():
            return
        entries = self.journal.read_bytes().split(b"\n")[:-1]  # a last one without an end was cut off by a kill
        first = int(entries[0]) if entries and entries[0].isdigit() else self.position.lines
        held = self.position.lines - first
        for entry in entries[1:]:
            if entry[:1] == b"P":
                name, _, mark = entry[1:].decode("ascii", "replace").partition(" ")
                self._remember(name, mark)
            elif entry[:1] == b"L":
                if held > 0:
                    held -= 1
                    continue
                self.position.add(entry[1:])
                yield entry[1:]

    def took(self, lines: Iterable[bytes]) -> None:
        """Write lines down before they are judged."""
        out = self._opened()
        for line in lines:
            self.position.add(line)
            self.since += 1
            out.write(b"L" + line + b"\n")
        out.flush()

    def is_new(self, name: str, line: str) -> bool:
        """Whether this event has not been given out yet as it is."""
        return self.printed.get(name) != digest(line)

    def gave(self, events: Iterable[tuple[str, str]]) -> None:
        """Write down which events (id, line) were given out."""
        out = self._opened()
        for name, line in events:
            self._remember(name, digest(line))
            out.write(f"P{name} {digest(line)}\n".encode())
        out.flush()

    def _remember(self, name: str, mark: str) -> None:
        self.printed[name] = mark
        self.printed.move_to_end(name)
        while len(self.printed) > _REMEMBERED:
            self.printed.popitem(last=False)

    def _opened(self) -> BufferedWriter:
        if self._out is None:
            self._begin()
        assert self._out is not None
        return self._out

    def _begin(self) -> None:
        if self._out is not None:
            self._out.close()
        self._out = self.journal.open("wb")
        self._out.write(f"{self.position.lines}\n".encode())
        self._out.flush()
        self.since = 0

    def save(self, rooms: dict[str, Any]) -> None:
        """Write the snapshot and begin a new journal."""
        saved = {
            **self._identity, "lines": self.position.lines, "head": self.position.head,
            "tail": list(self.position.tail), "printed": list(self.printed.items()), "rooms": rooms,
        }  # fmt: skip
        with replacing(self.path) as stream:
            stream.write(json.dumps(saved, ensure_ascii=True).encode("ascii"))
        self._begin()

    def close(self) -> None:
        """Close the journal."""
        if self._out is not None:
            self._out.close()
