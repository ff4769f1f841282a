"""What one voice says, from its first turn to a long silence: its track, and what is held against it so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from xuncha.serve.live.settings import Settings
from xuncha.serve.live.spotting import Candidate, Spotter
from xuncha.serve.live.track import Track
from xuncha.serve.live.turns import Source, Turn
from xuncha.serve.verdict import Verdict

FOREVER = float("inf")
_SESSION_CHARS = 200


@dataclass(frozen=True, slots=True)
class Window:
    """Characters to judge, and where the window after it starts."""

    start: int
    end: int
    following: float


@dataclass(slots=True)
class Voice:
    """Turns of one user (or role) with no long silence between them. `over`: nothing more will be added."""

    settings: Settings
    source: Source
    track: Track
    spotter: Spotter
    waiting: list[Candidate] = field(default_factory=list)
    over: bool = False

    @classmethod
    def of(cls, settings: Settings, source: Source) -> Voice:
        """A voice that has said nothing yet."""
        return cls(settings, source, Track(settings), Spotter(settings))

    @property
    def silence(self) -> float:
        """Seconds without a word after which the voice is over."""
        return self.settings.comment_s if self.source is Source.COMMENT else self.settings.window_s

    def takes(self, turn: Turn) -> bool:
        """Whether `turn` continues what was said: spoken words always do, comments within a session."""
        if self.over or turn.start >= self.track.last_time + self.silence:
            return False
        if self.source is Source.SPEECH or not self.track.times:
            return True
        within = turn.start < self.track.times[0] + self.settings.session_s
        return within and len(self.track.text) + len(turn.text) <= _SESSION_CHARS

    def ends_by(self, now: float) -> bool:
        """Whether at the time `now` nothing more can continue it; it is then over."""
        self.over = self.over or now >= self.track.last_time + self.silence
        return self.over

    def windows(self, now: float) -> Iterator[Window]:
        """The windows that are complete at `now`, each once, in order."""
        if self.source is Source.SPEECH:
            for start, end, following in self.track.windows(FOREVER if self.over else now):
                # Of a voice that goes on, the next window starts there whenever it comes.
                yield Window(start, end, following)
        elif self.over and self.track.next_start < self.track.end:
            yield from self._session()

    def _session(self) -> Iterator[Window]:
        """Every comment by itself, and windows over all of them: a number in several comments is read whole."""
        track = self.track
        ends = [*track.firsts[1:], track.end]
        own = {(first, end) for first, end in zip(track.firsts, ends, strict=True)}
        own |= {(start, end) for start, end, _ in track.windows(FOREVER)}
        for start, end in sorted(own):
            yield Window(start, end, float(start))
        track.next_start = track.end

    def judged(self, window: Window, verdict: Verdict) -> None:
        """Take the verdict on a window."""
        self.waiting += self.spotter.add(window.start, verdict, window.following)

    def ready(self, now: float) -> list[Candidate]:
        """Take out the candidates whose surroundings are complete at `now`."""
        if self.over:
            self.waiting += self.spotter.closed(FOREVER)
        found = [one for one in self.waiting if self.view(one, max(self.settings.margins), now) is not None]
        self.waiting = [one for one in self.waiting if one not in found]
        return sorted(found, key=lambda one: (one.start, one.label))

    def view(self, candidate: Candidate, margin: int, now: float) -> tuple[int, int] | None:
        """The candidate's stretch with up to `margin` characters on each side; None: they may still come."""
        end = self.track.view_end(candidate.end, margin, FOREVER if self.over else now)
        return None if end is None else (self.track.since(candidate.start, margin), end)

    def forget(self) -> None:
        """Drop the characters that nothing can ask for any more."""
        held = [one.start for one in (*self.waiting, *self.spotter.open)]
        margin = max(*self.settings.margins, self.settings.handle_chars)
        if self.source is Source.SPEECH:
            self.track.forget(min([self.track.next_start, *held]) - margin)

    @property
    def done(self) -> bool:
        """Whether it is over and everything was said about it."""
        return self.over and not self.waiting and not self.spotter.open and self.track.next_start >= self.track.end

    def to_json(self) -> dict[str, Any]:
        """Everything needed to go on."""
        return {
            "source": str(self.source), "over": self.over, "track": self.track.to_json(),
            "open": [one.to_json() for one in self.spotter.open], "waiting": [one.to_json() for one in self.waiting],
        }  # fmt: skip

    @classmethod
    def from_json(cls, settings: Settings, saved: dict[str, Any]) -> Voice:
        """The voice that `to_json` described."""
        spotter = Spotter(settings, [Candidate(**one) for one in saved["open"]])
        waiting = [Candidate(**one) for one in saved["waiting"]]
        track = Track.from_json(settings, saved["track"])
        return cls(settings, Source(saved["source"]), track, spotter, waiting, saved["over"])
