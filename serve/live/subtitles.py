"""SRT and WebVTT as tools really write them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from xuncha.labels.errors import XunchaError, quote
from xuncha.serve.live.segments import Segment
from xuncha.serve.live.turns import seconds_of

_TIME = r"(?:\d+:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,6})?"
_RANGE = re.compile(rf"\s*({_TIME})\s*-{{1,2}}[>》]\s*({_TIME})(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_ARROW = re.compile(r"-{1,2}[>》]")
_BLOCKS = ("NOTE", "STYLE", "REGION")


def read_subtitles(name: str, text: str) -> list[Segment]:
    """The cues of an SRT or WebVTT file, in order. Raises `XunchaError` that names line and fix.

    Numbers may be missing, hours too; lines of a cue are joined with a blank; tags are dropped, a `<v name>` is the
    speaker.
    """
    cues = list(_cues(name, text.splitlines()))
    if not cues and not text.lstrip().startswith("WEBVTT"):
        raise XunchaError(f"{name}: holds no cue. A cue is a line 00:01:02,000 --> 00:01:04,500 with text below it.")
    return cues


def _cues(name: str, lines: Iterable[str]) -> Iterator[Segment]:
    where, skipping = "", False
    times: tuple[str, ...] | None = None
    words: list[str] = []
    for number, line in enumerate(lines, 1):
        line = line.removeprefix("\ufeff")
        found = _RANGE.fullmatch(line)
        if found:
            if times:
                yield from _cue(where, times, _without_number(words))
            where, times, words, skipping = f"{name}:{number}", found.groups(), [], False
        elif _ARROW.search(line) and not words and not skipping and re.match(r"\s*[\d:.,]+\s*-", line):
            raise XunchaError(
                f"{name}:{number}: {quote(line.strip())} is no time range. Write 00:01:02,000 --> 00:01:04,500."
            )
        elif not line.strip():
            if times and words:
                yield from _cue(where, times, words)
                times, words = None, []
            skipping = False
        elif times and not skipping:
            words.append(line)
        elif line.startswith(_BLOCKS):
            skipping = True
    if times:
        yield from _cue(where, times, words)


def _without_number(words: list[str]) -> list[str]:
    """The lines of a cue that no blank line ends, without the number of the next one."""
    return words[:-1] if words and words[-1].strip().isdigit() else words


def _cue(where: str, times: tuple[str, ...], words: list[str]) -> Iterator[Segment]:
    text = " ".join(words)
    voice = _VOICE.search(text)
    plain = html.unescape(_TAG.sub("", text)).strip()
    start, end = seconds_of(times[0]) or 0.0, seconds_of(times[1]) or 0.0
    if plain:
        yield Segment(where, start, end if end > start else None, plain, voice[1].strip() if voice else "")
