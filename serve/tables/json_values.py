"""JSON values that keep their numbers as written."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number (or NaN, Infinity) in the characters of the file."""

    text: str


encode = json.JSONEncoder(ensure_ascii=False).encode
"""The JSON text of a plain value; `json.dumps` makes a new encoder for each call that asks for this."""

_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number)
_EXACT = 1 << 53  # beyond, a double may not hold an integer
_LONG = 1 << 63


def loads(text: str) -> object:
    """One JSON value with `Number` for each number. Raises `ValueError`, `RecursionError` like `json.loads`."""
    found: object = _DECODER.decode(text)
    return found


def dumps(value: object) -> str:
    """The JSON text of what `loads` gave, numbers as they were."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        inner = ", ".join(f"{encode(key)}: {dumps(one)}" for key, one in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumps, value)) + "]"
    return encode(value)


def shown_json(value: object) -> str:
    r"""One line of JSON for a terminal or a log: what it would obey, hide or refuse is escaped, so any name fits.

    >>> print(shown_json("价\u202e\udcff"))
    "价\u202e\udcff"
    """
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in encode(value))


def plain(value: object) -> str | None:
    """What a cell shows for `value`: a string bare, null as None, everything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return dumps(value)


def kind(value: object) -> str:
    """Which Arrow type could hold `value`: null, bool, int, long (an integer no double holds), float or text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if not isinstance(value, Number):
        return "text"
    digits = value.text
    if not digits.lstrip("-").isdecimal():
        return "float"
    if len(digits) > 20:
        return "text"
    size = abs(int(digits))
    return "int" if size <= _EXACT else "long" if size < _LONG else "text"
