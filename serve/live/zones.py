"""The zone of dates that name none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo


def _china() -> tzinfo:
    try:
        return ZoneInfo("Asia/Shanghai")
    except (LookupError, OSError):  # a machine without time zone data; there has been no summer time since 1991
        return timezone(timedelta(hours=8), "Asia/Shanghai")


CHINA = _china()
"""The default: most logs of live rooms are written in it."""


def zone_of(word: str) -> tzinfo | None:
    """The zone of an IANA name or an offset; None where there is none of that name.

    >>> str(zone_of("Asia/Shanghai")), str(zone_of("+09:30")), zone_of("Mars")
    ('Asia/Shanghai', 'UTC+09:30', None)
    """
    if word == str(CHINA):
        return CHINA
    try:
        return datetime.strptime(word, "%z").tzinfo
    except ValueError:
        pass
    try:
        return ZoneInfo(word)
    except (LookupError, ValueError, OSError):
        return None
