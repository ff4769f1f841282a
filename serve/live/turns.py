"""A turn: what one voice said, or one user wrote, in one piece, on the room's clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from xuncha.serve.live.zones import CHINA

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,6}))?")
_ROLES = {
    "host": ("host", "anchor", "streamer", "broadcaster", "owner", "主播", "主持人", "老板", "卖家"),
    "assistant": ("assistant", "helper", "admin", "moderator", "cohost", "co-host", "staff",
                  "助播", "助理", "客服", "场控", "房管", "小助手", "管理员", "副播"),
    "viewer": ("viewer", "audience", "user", "guest", "customer", "buyer", "fan",
               "观众", "用户", "粉丝", "买家", "游客"),
}  # fmt: skip
_PLAIN_ROLES = {name: role for role, names in _ROLES.items() for name in names}
_EPOCH = 100_000_000
"""Seconds above this are a date (after 1973), not a place in a record."""


class Source(StrEnum):
    """Spoken or written."""

    SPEECH = "speech"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Turn:
    """`start` and `end` are seconds on the room's clock; `end` is None where the record does not say.

    `where` is the place in the input, such as `room.srt:17`; `role` is host, assistant, viewer, or as written.
    """

    room: str
    source: Source
    start: float
    end: float | None
    user: str
    role: str
    text: str
    where: str = ""
    merchant: str = ""

    @property
    def voice(self) -> str:
        """Whose words are joined: the user, or where there is no name the role."""
        return self.user or self.role


def role_of(word: str) -> str:
    """The plain role of a word for it; a word that is no known role as it stands.

    >>> role_of("主播"), role_of("Viewer"), role_of("路人")
    ('host', 'viewer', '路人')
    """
    word = word.strip()
    return _PLAIN_ROLES.get(word.lower(), word)


def seconds_of(value: object, zone: tzinfo = CHINA) -> float | None:
    """A time in seconds, or None for what is none: seconds, a clock, epoch seconds (milliseconds, …), an ISO date.

    `zone` is that of a date which names none.

    >>> seconds_of("01:02:03,5"), seconds_of("2:03"), seconds_of(" 7.25 "), seconds_of("soon")
    (3723.5, 123.0, 7.25, None)
    >>> seconds_of("2026-11-25T12:00:00Z") == seconds_of(1795608000000) == seconds_of("2026-11-25 20:00:00")
    True
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        number = float(value)
        if number != number or number < 0 or number == float("inf"):
            return None
        while number >= _EPOCH * 1000:  # milliseconds, or what is finer
            number /= 1000
        return number
    if not isinstance(value, str):
        return None
    word = value.strip().strip("[]")
    clock = _CLOCK.fullmatch(word)
    if clock:
        hours, minutes, seconds, part = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + (float(f"0.{part}") if part else 0.0)
    try:
        return seconds_of(float(word.removesuffix("s")))
    except ValueError:
        return _date(word, zone)


def _date(word: str, zone: tzinfo) -> float | None:
    try:
        moment = datetime.fromisoformat(word.replace("/", "-"))
    except ValueError:
        return None
    try:
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (OverflowError, ValueError):  # year 1 in a zone east of Greenwich
        return None
    return seconds if seconds >= 0 else None


def is_date(seconds: float) -> bool:
    """Whether a time is a moment in history, not a place in a record."""
    return seconds >= _EPOCH


def clock(seconds: float, zone: tzinfo = CHINA) -> str:
    """For people: `0:01:23.4`, or date, time and offset in `zone`.

    >>> clock(83.44), clock(1795608000.0)
    ('0:01:23.4', '2026-11-25 20:00:00+08:00')
    """
    if is_date(seconds):
        return datetime.fromtimestamp(seconds, zone).isoformat(" ", "seconds")
    tenths = round(abs(seconds) * 10)
    sign = "-" if seconds < 0 and tenths else ""
    return f"{sign}{tenths // 36000}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"
