"""One clock for all files of a room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from xuncha.labels.errors import XunchaError, quote
from xuncha.serve.live.turns import Turn, clock, is_date

_APART_S = 3600.0
"""Files of one room that stand further apart than this are hardly of one broadcast."""

_MEND = "Say with --zone where its dates are from (--zone UTC), or move it: --shift INPUT=SECONDS."


def shifted(turns: list[Turn], seconds: float) -> list[Turn]:
    """The turns with `seconds` added to their times."""
    if not seconds:
        return turns
    return [
        replace(turn, start=turn.start + seconds, end=None if turn.end is None else turn.end + seconds)
        for turn in turns
    ]


def on_one_clock(
    files: Mapping[str, list[Turn]], start: float | None, warn: Callable[[str], None]
) -> dict[str, list[Turn]]:
    """Dates as seconds of the record where `start` says when that began; a room that mixes both is an error.

    `warn` is told of lines before the record's second 0, and of a file that stands far from its room's others.
    """
    if start is None:
        _refuse_mixed([turn for turns in files.values() for turn in turns])
        found = dict(files)
    else:
        found = {
            path: [shifted([turn], -start)[0] if is_date(turn.start) else turn for turn in turns]
            for path, turns in files.items()
        }
    spans: dict[str, dict[str, tuple[Turn, Turn]]] = {}
    for path, turns in found.items():
        for turn in turns:
            room = spans.setdefault(turn.room, {})
            first, last = room.get(path, (turn, turn))
            room[path] = (min(first, turn, key=_start), max(last, turn, key=_start))
    for name, room in spans.items():
        _tell_of_far_ones(name, room, warn)
    return found


def _start(turn: Turn) -> float:
    return turn.start


def _tell_of_far_ones(name: str, room: Mapping[str, tuple[Turn, Turn]], warn: Callable[[str], None]) -> None:
    known: list[tuple[float, float]] = []
    for first, last in room.values():
        gaps = [max(first.start - end, begin - last.start) for begin, end in known]
        if first.start < 0:
            warn(f"{first.where}: this is {clock(-first.start)} before second 0 of room {quote(name)}. {_MEND}")
        elif gaps and min(gaps) > _APART_S:
            warn(f"{first.where}: this file is {clock(min(gaps))} away from the others of room {quote(name)}. {_MEND}")
        known.append((first.start, last.start))


def _refuse_mixed(turns: Sequence[Turn]) -> None:
    kinds: dict[str, dict[bool, str]] = {}
    for turn in turns:
        kinds.setdefault(turn.room, {}).setdefault(is_date(turn.start), turn.where)
    for room, places in kinds.items():
        if len(places) > 1:
            raise XunchaError(
                f"{places[True]}: room {quote(room)} has dates here and times of a record at {places[False]}. "
                'Say when the record began: --start "2026-11-25 20:00:00".'
            )
