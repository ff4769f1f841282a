"""One voice's words on one line: joined without blanks, each character with its time and its turn.

Nothing here depends on where a transcript was cut into segments. Blanks are dropped (the model reads none between
Chinese characters), windows begin at every so many characters of the joined text, and a character's time is
interpolated within its turn.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from xuncha.serve.live.settings import Settings
from xuncha.serve.live.turns import Source, Turn

_BETWEEN_WORDS = re.compile(r"(?<=[!-~])\s+(?=[!-~])")


def kept_places(turn: Turn) -> list[int]:
    """Which characters of a turn are joined: all but blanks.

    What is written keeps one blank between ASCII words; where speech has them is up to whoever cut it.
    """
    text = turn.text
    words = {match.start() for match in _BETWEEN_WORDS.finditer(text)} if turn.source is Source.COMMENT else set()
    return [at for at, char in enumerate(text) if not char.isspace() or at in words]


@dataclass(slots=True)
class Track:
    """Characters `base` to `end` of a voice's joined text; what is older has been forgotten."""

    settings: Settings
    base: int = 0
    text: str = ""
    times: list[float] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)  # of each turn, its first character's number
    next_start: int = 0
    last_end: int = 0

    @property
    def end(self) -> int:
        """The number of the character that comes next."""
        return self.base + len(self.text)

    @property
    def last_time(self) -> float:
        """When the last character was said."""
        return self.times[-1] if self.times else float("-inf")

    def add(self, turn: Turn) -> None:
        """Append a turn. A turn without characters changes nothing."""
        chars = "".join(turn.text[at] for at in kept_places(turn))
        if not chars:
            return
        self.turns.append(turn)
        self.firsts.append(self.end)
        lasts = max(0.0, turn.end - turn.start) if turn.end is not None else len(chars) / self.settings.chars_per_second
        if turn.source is Source.COMMENT:
            lasts = 0.0
        self.times += [turn.start + lasts * at / len(chars) for at in range(len(chars))]
        self.text += chars

    def time(self, at: int) -> float:
        """When the character of this number was said."""
        return self.times[at - self.base]

    def slice(self, start: int, end: int) -> str:
        """The characters of these numbers."""
        return self.text[start - self.base : end - self.base]

    def until(self, start: int, most: int, now: float) -> int | None:
        """Where a stretch of at most `most` characters and `window_s` seconds from `start` ends.

        None while more characters may come that belong to it: `now` is the room's clock.
        """
        limit = self.time(start) + self.settings.window_s
        for at in range(start, min(start + most, self.end)):
            if self.time(at) >= limit:
                return at
        full = self.end >= start + most or now >= limit
        return min(start + most, self.end) if full else None

    def view_end(self, end: int, most: int, now: float) -> int | None:
        """Where at most `most` characters and `window_s` seconds after character `end` end; None: not known yet."""
        limit = self.time(end - 1) + self.settings.window_s
        for at in range(end, min(end + most, self.end)):
            if self.time(at) >= limit:
                return at
        return min(end + most, self.end) if self.end >= end + most or now >= limit else None

    def since(self, end: int, most: int) -> int:
        """Where a stretch of at most `most` characters and `window_s` seconds before character `end` begins."""
        start, limit = end, self.time(end) - self.settings.window_s
        while start > max(self.base, end - most) and self.time(start - 1) > limit:
            start -= 1
        return start

    def windows(self, now: float) -> Iterator[tuple[int, int, int]]:
        """The next complete windows as (start, end, start of the one after); each is given once."""
        while self.next_start < self.end:
            start = self.next_start
            end = self.until(start, self.settings.window_chars, now)
            if end is None:
                return
            self.next_start = start + max(1, min(self.settings.step_chars, (end - start) // 2))
            if end > self.last_end:
                self.last_end = end
                yield start, end, self.next_start

    def pieces(self, start: int, end: int) -> list[tuple[Turn, int, int, int, int]]:
        """The turns that hold these characters: turn, first and end offset in its text, first and end number."""
        found = []
        at = max(0, bisect_right(self.firsts, start) - 1)
        while at < len(self.turns) and self.firsts[at] < end:
            turn, first = self.turns[at], self.firsts[at]
            places = kept_places(turn)
            begin, stop = max(start, first) - first, min(end - first, len(places))
            if begin < stop:
                found.append((turn, places[begin], places[stop - 1] + 1, first + begin, first + stop))
            at += 1
        return found

    def forget(self, before: int) -> None:
        """Drop the characters before this number, and the turns that end there."""
        before = min(before, self.end)
        if before <= self.base:
            return
        gone = before - self.base
        self.text, self.times, self.base = self.text[gone:], self.times[gone:], before
        whole = max(0, bisect_right(self.firsts, before) - 1) if self.text else len(self.turns)
        del self.turns[:whole], self.firsts[:whole]

    def to_json(self) -> dict[str, Any]:
        """Everything needed to go on."""
        from xuncha.serve.live.saved import turn_to_json

        return {
            "base": self.base, "text": self.text, "times": self.times, "firsts": self.firsts,
            "turns": [turn_to_json(turn) for turn in self.turns], "next": self.next_start, "last": self.last_end,
        }  # fmt: skip

    @classmethod
    def from_json(cls, settings: Settings, saved: dict[str, Any]) -> Track:
        """The track that `to_json` described."""
        from xuncha.serve.live.saved import turn_from_json

        turns = [turn_from_json(one) for one in saved["turns"]]
        return cls(
            settings,
            saved["base"],
            saved["text"],
            list(saved["times"]),
            turns,
            list(saved["firsts"]),
            saved["next"],
            saved["last"],
        )
