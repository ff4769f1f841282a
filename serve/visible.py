"""Hostile text made harmless to look at: nothing that a terminal obeys or hides, everything that is there."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Letters and signs by category that are drawn as nothing: Hangul fillers, the Braille blank.
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"
_PLAIN = re.compile(r"[ -~\u3000-\u3029\u4e00-\u9fff\uff01-\uff5e]*")


def visible(text: str) -> str:
    r"""`text` with line breaks as ↵ and every other character that a terminal obeys or hides as ‹U+…›.

    That covers controls and escape sequences, bidi and zero-width characters, private and unassigned ones.

    >>> visible("a" + chr(0x202E) + "b\n")
    'a‹U+202E›b↵'
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char == "\n":
        return "↵"
    if unicodedata.category(char) in _HIDDEN or char in _BLANK:
        return f"‹U+{ord(char):04X}›"
    return char
