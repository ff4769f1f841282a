"""Cells of a scored table as values, whichever format the table came in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from xuncha.labels.errors import XunchaError, quote
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.json_values import Number, dumps

_DATE = re.compile(r"\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"\s*(20\d{2})(\d{2})(\d{2})(?:\D.*)?$", re.DOTALL)
_SECONDS = (978_307_200, 4_102_444_800)  # 2001 to 2100: what is smaller counts from something else
_ZONE = timedelta(hours=8)  # days of a Chinese platform
_TRUE, _FALSE = {"true", "1", "1.0", "yes"}, {"false", "0", "0.0", "no"}


def text_of(value: object) -> str:
    """What a cell shows; "" for an empty one. Undecodable bytes are escapes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, Number):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return mended(value.decode("utf-8", "backslashreplace"))
    try:
        return mended(dumps(value)) if isinstance(value, dict | list) else str(value)
    except TypeError:  # a nested Parquet value that JSON does not know
        return mended(str(value))


def score_of(where: str, value: object) -> float | None:
    """A score from 0 to 1, or None for an empty cell. Raises `XunchaError` beginning with `where` for another."""
    said = text_of(value).strip()
    if not said:
        return None
    try:
        score = float(said)
    except ValueError:
        score = math.nan
    if not 0 <= score <= 1:
        raise XunchaError(f"{where}: {quote(said)} is no score from 0 to 1. Score the table again with xuncha score.")
    return score


def flag_of(where: str, value: object) -> bool | None:
    """A flag, or None for an empty cell. Raises `XunchaError` beginning with `where` for another value."""
    if value is None or isinstance(value, bool):
        return value
    said = text_of(value).strip().lower()
    if said in _TRUE or said in _FALSE:
        return said in _TRUE
    if said:
        raise XunchaError(f"{where}: {quote(said)} is no flag. Write true or false, or score the table again.")
    return None


def pieces_of(where: str, value: object) -> Sequence[Mapping[str, object]]:
    """The evidence list of one row. Raises `XunchaError` beginning with `where` for what is no such list."""
    found = value
    if isinstance(value, str):
        if value in ("[]", "") or not value.strip():
            return ()
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            raise XunchaError(
                f"{where}: {quote(value)} is no JSON list of evidence. Was the cell cut by a spreadsheet program? "
                "Score the table again."
            ) from None
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise XunchaError(f"{where}: {quote(text_of(value))} is no list of evidence. Score the table again.")
    return found


def place_of(where: str, value: object) -> int:
    """An offset in a piece of evidence."""
    try:
        if not isinstance(value, bool):
            return int(text_of(value))
    except ValueError:
        pass
    raise XunchaError(f"{where}: {quote(text_of(value))} is no place in a text. Score the table again.")


def day_of(value: object) -> str:
    """The calendar day of a date or time as YYYY-MM-DD, in China for times that name a zone; "" for anything else.

    >>> day_of("2026年1月5日 12:00"), day_of("20260105"), day_of("1767571200"), day_of("4.2")
    ('2026-01-05', '2026-01-05', '2026-01-05', '')
    """
    if isinstance(value, datetime):
        return (value.astimezone(UTC) + _ZONE if value.tzinfo else value).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    said = text_of(value).strip()
    try:
        if found := _DATE.match(said) or _COMPACT.match(said):
            zoned = datetime.fromisoformat(said) if "T" in said or "+" in said[10:] else None
            if zoned and zoned.tzinfo:
                return (zoned.astimezone(UTC) + _ZONE).date().isoformat()
            return date(*map(int, found.groups())).isoformat()
    except ValueError:
        return _plain_day(said)
    return _epoch_day(said)


def _plain_day(said: str) -> str:
    found = _DATE.match(said) or _COMPACT.match(said)
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:
        return ""


def _epoch_day(said: str) -> str:
    try:
        seconds = float(said)
    except ValueError:
        return ""
    if math.isfinite(seconds) and seconds >= 1000 * _SECONDS[0]:
        seconds /= 1000
    if not _SECONDS[0] <= seconds < _SECONDS[1]:
        return ""
    return (datetime.fromtimestamp(seconds, UTC) + _ZONE).date().isoformat()
