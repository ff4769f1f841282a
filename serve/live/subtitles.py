"""SRT and WebVTT as tools really write them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from xuncha.labels.errors import XunchaError, quote
from xuncha.serve.live.intake import Intake
from xuncha.serve.live.segments import Segment
from xuncha.serve.live.turns import seconds_of

_TIME = r"(?:\d+:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,6})?"
_RANGE = re.compile(rf"\s*({_TIME})\s*-{{1,2}}[>》]\s*({_TIME})(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_NEARLY = re.compile(r"\s*[\d.,]*\d:\S*\s*(?:-{1,2}[>》]|\d{1,3}:\d)")
"""A line that must have been meant as a time range."""

_BLOCKS = ("NOTE", "STYLE", "REGION")


def read_subtitles(name: str, text: str, intake: Intake) -> list[Segment]:
    """The cues of an SRT or WebVTT file, in order. Raises `XunchaError` if there is none.

    Numbers may be missing, hours too; lines of a cue are joined with a blank; tags are dropped, a `<v name>` is the
    speaker.
    """
    web = text.removeprefix("\ufeff").lstrip().startswith("WEBVTT")
    cues = list(_cues(name, text.splitlines(), intake, named=web))
    if not cues and not web:
        raise XunchaError(f"{name}: holds no cue. A cue is a line 00:01:02,000 --> 00:01:04,500 with text below it.")
    return cues


def _cues(name: str, lines: Iterable[str], intake: Intake, *, named: bool) -> Iterator[Segment]:
    """The cues. `named`: a line before a cue's time is its name (WebVTT), not words after a blank line (SRT)."""
    where, skipping = "", False
    times: tuple[str, ...] | None = None
    words: list[str] = []
    whole: int | None = None  # words before the blank line that came after them
    for number, line in enumerate(lines, 1):
        line = line.removeprefix("\ufeff")
        found = _RANGE.fullmatch(line)
        if found:
            if times:
                yield from _cue(where, times, _without_number(words, whole))
            where, times, words, whole, skipping = f"{name}:{number}", found.groups(), [], None, False
        elif _NEARLY.match(line) and not skipping:
            if times:
                yield from _cue(where, times, _without_number(words, whole))
            times = None  # its words are left out with it
            intake.left_out(_no_range(f"{name}:{number}", line))
        elif not line.strip():
            skipping, whole = False, len(words) if words and whole is None else whole
        elif line.startswith(_BLOCKS) and (not times or whole is not None):
            skipping = True
        elif times and not skipping and (whole is None or not named):
            words.append(line)
    if times:
        yield from _cue(where, times, words if whole is None else _without_number(words, whole))


def _no_range(where: str, line: str) -> XunchaError:
    return XunchaError(f"{where}: {quote(line.strip())} is no time range. Write 00:01:02,000 --> 00:01:04,500.")


def _without_number(words: list[str], whole: int | None) -> list[str]:
    """The lines of a cue without the number of the next one. `whole`: so many stand before a blank line."""
    return words[:-1] if len(words) > (whole or 0) and words[-1].strip().isdigit() else words


def _cue(where: str, times: tuple[str, ...], words: list[str]) -> Iterator[Segment]:
    text = " ".join(words)
    voice = _VOICE.search(text)
    plain = html.unescape(_TAG.sub("", text)).strip()
    start, end = seconds_of(times[0]) or 0.0, seconds_of(times[1]) or 0.0
    if plain:
        yield Segment(where, start, end if end > start else None, plain, voice[1].strip() if voice else "")
