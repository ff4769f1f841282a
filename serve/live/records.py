"""Records of live rooms: what format a file has, whose room it is, and one clock for all."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.serve.live.asr_json import holds_segments, is_recognised, read_asr
from xuncha.serve.live.comment_log import is_header, parsed, read_csv, read_json_list, read_jsonl, read_plain, turn_from
from xuncha.serve.live.segments import Segment
from xuncha.serve.live.subtitles import read_subtitles
from xuncha.serve.live.turns import Source, Turn, is_date, seconds_of
from xuncha.serve.tables.encoding import Decoding, mended

FORMATS = ("srt", "vtt", "json", "jsonl", "csv", "tsv", "txt")
_ENDINGS = {"ndjson": "jsonl", "webvtt": "vtt", "log": ""}
_LIMIT = 512 << 20


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read records. `shifts` adds seconds to the times of a file; `start` is the date of a record's second 0."""

    format: str | None = None
    encoding: str | None = None
    room: str | None = None
    start: float | None = None
    shifts: Mapping[str, float] = field(default_factory=dict)


def read_records(paths: Sequence[str], reading: Reading) -> list[Turn]:
    """The turns of all files, merged by time on one clock. Raises `XunchaError` that names file, line and fix.

    Files are of one room if `reading.room` says so, if they have the same name up to the first dot, or if there is
    one transcript among comment logs; a `room` field in a line goes before all that.
    """
    for name in reading.shifts:
        if name not in paths:
            raise XunchaError(f"--shift: {quote(name)} is not among the inputs.{did_you_mean(name, paths)}")
    files = {path: _shifted(read_record(path, reading), reading.shifts.get(path, 0.0)) for path in paths}
    turns = [turn for path in paths for turn in _in_rooms(path, files, reading)]
    turns = _on_one_clock(turns, reading)
    return sorted(turns, key=lambda turn: turn.start)


def read_record(path: str, reading: Reading) -> list[Turn]:
    """The turns of one file (`-`: stdin) as they stand. Their room is "" where no line names one."""
    name = "stdin" if path == "-" else path
    text = _text(path, name, reading.encoding)
    if not text.strip():
        raise XunchaError(f"{name}: the file is empty. Check how it was written.")
    return _READERS[_format(path, text, reading.format)](name, text)


def _text(path: str, name: str, encoding: str | None) -> str:
    if path != "-" and Path(path).is_dir():
        raise XunchaError(f"{path}: this is a folder; a file is needed here. Name the files in it.")
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    if len(data) > _LIMIT:
        raise XunchaError(f"{name}: over 512 MiB. Feed it line by line: xuncha live - --follow < {quote(name)}.")
    return mended("".join(Decoding(name, encoding).decoded([data])))


def _format(path: str, text: str, given: str | None) -> str:
    if given is not None:
        if given not in FORMATS:
            raise XunchaError(
                f"--format: {quote(given)} is unknown.{did_you_mean(given, FORMATS)} Use {', '.join(FORMATS)}."
            )
        return given
    ending = Path(path).suffix.lower().lstrip(".")
    ending = _ENDINGS.get(ending, ending)
    first = next(line for line in text.splitlines() if line.strip()).removeprefix("\ufeff").strip()
    if ending in ("srt", "vtt"):
        return ending
    if first.startswith("WEBVTT"):
        return "vtt"
    if "-->" in text[:2000] and not first.startswith(("{", "[")):
        return "srt"
    if seconds_of(first.split("\t")[0]) is not None and "\t" in first:
        return "txt"
    if first.startswith(("{", "[")):
        return "jsonl" if ending == "jsonl" or _is_jsonl(text, first) else "json"
    if is_header(first):
        return "csv"
    return ending if ending == "csv" else "txt"


def _is_jsonl(text: str, first: str) -> bool:
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return len(text.strip().splitlines()) > 1 or (isinstance(value, dict) and not is_recognised(value))


def _speech(segments: Iterable[Segment]) -> list[Turn]:
    return [turn_from(segment, "") for segment in segments]


def _json(name: str, text: str) -> list[Turn]:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
        raise XunchaError(f"{name}{line}: not valid JSON: {what}. Write the file again, or mend that line.") from None
    for key in ("comments", "messages", "items", "data"):
        if isinstance(value, dict) and isinstance(value.get(key), list) and "segments" not in value:
            value = value[key]
    if _is_log(value):
        return read_json_list(name, value, "")
    return _speech(read_asr(name, value))


def _is_log(value: object) -> bool:
    """Whether a list holds lines of a log, not what a recogniser writes."""
    first = value[0] if isinstance(value, list) and value else None
    return (
        isinstance(first, dict)
        and not holds_segments(first)
        and any(key in first for key in ("user", "role", "nickname", "content", "time", "时间"))
    )


def _jsonl(name: str, text: str) -> list[Turn]:
    """A log; lines that a recogniser wrote, one result or segment a line, are speech."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not _line_is_recognised(lines[0][1]):
        return read_jsonl(name, text, "")
    found = []
    for number, line in lines:
        where = f"{name}:{number}"
        found += _speech(read_asr(where, parsed(where, line.removeprefix("\ufeff"))))
    return found


def _csv(name: str, text: str) -> list[Turn]:
    first = next(line for line in text.splitlines() if line.strip())
    if not is_header(first) and "\t" in first and seconds_of(first.split("\t")[0].removeprefix("\ufeff")) is not None:
        return read_plain(name, text, "")
    return read_csv(name, text.removeprefix("\ufeff"), "")


def _subtitles(name: str, text: str) -> list[Turn]:
    return _speech(read_subtitles(name, text))


def _plain(name: str, text: str) -> list[Turn]:
    return read_plain(name, text, "")


_READERS = {
    "srt": _subtitles, "vtt": _subtitles, "json": _json, "jsonl": _jsonl, "csv": _csv, "tsv": _csv, "txt": _plain
}  # fmt: skip


def _shifted(turns: list[Turn], seconds: float) -> list[Turn]:
    if not seconds:
        return turns
    return [
        replace(turn, start=turn.start + seconds, end=None if turn.end is None else turn.end + seconds)
        for turn in turns
    ]


def _in_rooms(path: str, files: Mapping[str, list[Turn]], reading: Reading) -> list[Turn]:
    name = reading.room or _room_of(path, files)
    return [turn if turn.room else replace(turn, room=name) for turn in files[path]]


def _room_of(path: str, files: Mapping[str, list[Turn]]) -> str:
    stems = {one: Path(one).name.split(".")[0] if one != "-" else "stdin" for one in files}
    spoken = {stems[one] for one, turns in files.items() if any(turn.source is Source.SPEECH for turn in turns)}
    return stems[path] if stems[path] in spoken or len(spoken) != 1 else next(iter(spoken))


def _on_one_clock(turns: list[Turn], reading: Reading) -> list[Turn]:
    """Dates as seconds of the record where `start` says when that began; a room that mixes both is an error."""
    if reading.start is not None:
        since = reading.start
        return [_shifted([turn], -since)[0] if is_date(turn.start) else turn for turn in turns]
    kinds: dict[str, dict[bool, str]] = {}
    for turn in turns:
        kinds.setdefault(turn.room, {}).setdefault(is_date(turn.start), turn.where)
    for room, places in kinds.items():
        if len(places) > 1:
            raise XunchaError(
                f"{places[True]}: room {quote(room)} has dates here and times of a record at {places[False]}. "
                'Say when the record began: --start "2026-11-25 20:00:00".'
            )
    return turns


def _line_is_recognised(line: str) -> bool:
    try:
        return is_recognised(json.loads(line.removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return False
