"""Every constant of `xuncha live`, in one place, each with its reason. `docs/live.md` explains them in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from xuncha.serve.live.zones import CHINA


@dataclass(frozen=True)
class Settings:
    """How turns are joined, judged and made into events. Characters are code points without blanks."""

    window_chars: int = 64
    """A window of speech. Longer ones dilute a short claim (96 and 128 found fewer in written rooms)."""

    step_chars: int = 32
    """From one window's start to the next: every phrase of up to 33 characters stands whole in a window. 21 found
    the same events in the rooms that constants are chosen on, and scores half as many windows again."""

    window_s: float = 30.0
    """Longest time that one window covers, so also how long slow talk is waited for: the bound on delay."""

    comment_s: float = 30.0
    """A user's next comment within this time continues the last one: a number in several comments is read whole."""

    join_chars: int = 12
    """Evidence stretches of one label with at most this many characters between them are one violation."""

    margins: tuple[int, ...] = (4, 10, 18, 28, 44)
    """Views of a candidate: its stretch with so many characters on each side, each scored by itself."""

    doubted: int = 2
    """How many of a candidate's views count: those that are least sure. One wide view often has the negation or the
    rest of a harmless sentence; the mean of all five let it be outvoted (in hard streams precision 0.87, not 0.92, at
    the same recall)."""

    support: Mapping[str, float] = field(default_factory=lambda: {"strict": 0.85, "balanced": 0.75, "lenient": 0.5})
    """Per operating point: the probability in the mean of those views (as log-odds) that makes a candidate an event,
    so that one high view alone does not. Between 0.7 and 0.8 little changes."""

    value_counts: float = 0.1
    """A contact value that can be read in a candidate makes up for so much support: a number dictated between other
    words has wide views that are hardly sure."""

    longest_chars: int = 256
    """A violation that goes on longer is reported in parts, so that it is reported at all while it goes on."""

    session_s: float = 60.0
    """A user's comments within this time are joined at most."""

    handle_chars: int = 44
    """How far around the evidence a contact value is looked for."""

    repeat_s: float = 300.0
    """The same comment again within this time is a repeat of the event, not a new one."""

    repeats_named: int = 50
    """Of how many repeats an event names user, time and place: those of one comment can be thousands."""

    tolerance_s: float = 10.0
    """How late a line may come in a stream and still be put in its place."""

    reset_s: float = 600.0
    """A line this far behind its room's clock begins a new broadcast."""

    chars_per_second: float = 4.5
    """How long a turn lasts that has no end: the usual pace of a host."""

    cached_texts: int = 20_000
    """Verdicts kept, so that a comment which repeats is scored once."""

    zone: tzinfo = CHINA
    """Of dates in events (`clock`), for people."""


SETTINGS = Settings()
