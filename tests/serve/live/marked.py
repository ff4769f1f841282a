"""Rooms written by hand with their violations marked, and how well events meet the marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.live.events import Event
from xuncha.serve.live.settings import SETTINGS
from xuncha.serve.live.turns import Source, Turn

ROOMS = Path(__file__).with_name("rooms")
_MARK = re.compile(r"\[\[(\w+)\||\]\]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A violation that a reader of the room marked."""

    label: str
    reason: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class MarkedRoom:
    name: str
    turns: tuple[Turn, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Met:
    """Counts of events and marks that meet another of the same label, within one window."""

    events: int
    right: int
    marks: int
    found: int

    def __add__(self, other: Met) -> Met:
        return Met(
            self.events + other.events, self.right + other.right, self.marks + other.marks, self.found + other.found
        )

    @property
    def precision(self) -> float:
        return self.right / self.events if self.events else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.marks if self.marks else 1.0


def read_rooms(half: str) -> list[MarkedRoom]:
    """The rooms of a half: `dev`, from which the constants were chosen, `held`, or `fresh` by another author."""
    return [_read(path) for path in sorted((ROOMS / half).glob("*.tsv"))]


def _read(path: Path) -> MarkedRoom:
    taxonomy = Taxonomy.load()
    turns: list[Turn] = []
    marks: list[Mark] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        start, end, speaker, marked = line.split("\t")
        text = _MARK.sub("", marked)
        comment = speaker.startswith("@")
        turn = Turn(
            path.stem, Source.COMMENT if comment else Source.SPEECH, float(start), float(end) if end else None,
            speaker.removeprefix("@") if comment else "", "viewer" if comment else speaker, text,
            f"{path.name}:{number}",
        )  # fmt: skip
        turns.append(turn)
        for reason, first, last in _places(marked):
            length = max(1, len(text))
            begun = turn.start + ((turn.end or turn.start) - turn.start) * first / length
            ended = turn.start + ((turn.end or turn.start) - turn.start) * last / length
            label = taxonomy.label_of(reason).id
            marks.append(Mark(label, reason, begun, ended, text[first:last]))
    return MarkedRoom(path.stem, tuple(turns), tuple(_joined(marks)))


def _places(marked: str) -> list[tuple[str, int, int]]:
    places: list[tuple[str, int, int]] = []
    reason, first, gone = "", 0, 0
    for match in _MARK.finditer(marked):
        if match[1]:
            reason, first = match[1], match.start() - gone
        else:
            places.append((reason, first, match.start() - gone))
        gone += len(match[0])
    return places


def _joined(marks: list[Mark]) -> list[Mark]:
    """Marks of one reason that follow each other within 15 seconds are one violation in parts (a number, dictated)."""
    out: list[Mark] = []
    for mark in sorted(marks, key=lambda one: one.start):
        near = next((one for one in out if one.reason == mark.reason and mark.start - one.end <= 15), None)
        if near:
            out[out.index(near)] = Mark(
                near.label, near.reason, near.start, max(near.end, mark.end), f"{near.text} … {mark.text}"
            )
        else:
            out.append(mark)
    return out


def meet(events: Sequence[Event], marks: Sequence[Mark], tolerance: float = SETTINGS.window_s / 2) -> Met:
    """How many events meet a mark, one to one: same label, in time within `tolerance` seconds (half a window)."""
    free = list(marks)
    right = 0
    for event in sorted(events, key=lambda one: one.start):
        near = [one for one in free if _meets(event, one, tolerance)]
        if near:
            free.remove(min(near, key=lambda one: abs(one.start - event.start)))
            right += 1
    return Met(len(events), right, len(marks), right)


def _meets(event: Event, mark: Mark, tolerance: float) -> bool:
    return event.label == mark.label and event.start <= mark.end + tolerance and mark.start <= event.end + tolerance
