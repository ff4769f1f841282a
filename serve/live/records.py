"""Records of live rooms: what format a file has, whose room it is, and one clock for all."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.serve.live.asr_json import holds_segments, is_recognised, read_asr
from xuncha.serve.live.comment_log import is_header, parsed, read_json_list, read_jsonl, read_plain, turn_from
from xuncha.serve.live.csv_log import read_csv
from xuncha.serve.live.intake import Intake, refused
from xuncha.serve.live.one_clock import on_one_clock, shifted
from xuncha.serve.live.segments import Segment
from xuncha.serve.live.subtitles import read_subtitles
from xuncha.serve.live.turns import Source, Turn, seconds_of
from xuncha.serve.live.zones import CHINA
from xuncha.serve.tables.encoding import Decoding, mended

FORMATS = ("srt", "vtt", "json", "jsonl", "csv", "tsv", "txt")
_ENDINGS = {"ndjson": "jsonl", "webvtt": "vtt", "log": ""}
_LIMIT = 512 << 20
_FIRST = 50
"""Lines of which one at least must be whole, for the format to be told."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read records. `shifts` adds seconds to the times of a file; `start` is the date of a record's second 0.

    `zone` is that of dates which name none. `left_out` is told of each line that cannot be read and is left out; by
    default it is an error. `warn` is told of files whose times can hardly be of one clock.
    """

    format: str | None = None
    encoding: str | None = None
    room: str | None = None
    start: float | None = None
    shifts: Mapping[str, float] = field(default_factory=dict)
    zone: tzinfo = CHINA
    left_out: Callable[[XunchaError], None] = refused
    warn: Callable[[str], None] = warnings.warn


def read_records(paths: Sequence[str], reading: Reading) -> list[Turn]:
    """The turns of all files, merged by time on one clock. Raises `XunchaError` that names file, line and fix.

    Files are of one room if `reading.room` says so, if they have the same name up to the first dot, or if there is
    one transcript among comment logs; a `room` field in a line goes before all that.
    """
    for name in reading.shifts:
        if name not in paths:
            raise XunchaError(f"--shift: {quote(name)} is not among the inputs.{did_you_mean(name, paths)}")
    files = {path: shifted(read_record(path, reading), reading.shifts.get(path, 0.0)) for path in paths}
    files = {path: _in_rooms(path, files, reading) for path in paths}
    files = on_one_clock(files, reading.start, reading.warn)
    return sorted((turn for path in paths for turn in files[path]), key=lambda turn: turn.start)


def read_record(path: str, reading: Reading) -> list[Turn]:
    """The turns of one file (`-`: stdin) as they stand. Their room is "" where no line names one."""
    name = "stdin" if path == "-" else path
    text = _text(path, name, reading.encoding)
    if not text.strip():
        raise XunchaError(f"{name}: the file is empty. Check how it was written.")
    return _taken(name, text, _READERS[_format(path, text, reading.format)], reading)


def _taken(name: str, text: str, read: Callable[[str, str, Intake], list[Turn]], reading: Reading) -> list[Turn]:
    """The turns that `read` gives. A file of which nothing can be read is an error, whoever is told of lines."""
    if reading.left_out is refused:
        return read(name, text, Intake(reading.zone))
    missed: list[XunchaError] = []
    try:
        turns = read(name, text, Intake(reading.zone, missed.append))
    except XunchaError as error:
        raise missed[0] if missed else error from None
    if missed and not turns:
        raise missed[0]
    for one in missed:
        reading.left_out(one)
    return turns


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
    lines = text.strip().splitlines()
    value = next(_first_objects([first]), None)
    if value is None and len(lines) > 1:  # a list over many lines, or a log whose first line is broken
        return any(isinstance(one, dict) for one in _first_objects(lines)) and not _is_json(text)
    return value is not None and (len(lines) > 1 or (isinstance(value, dict) and not is_recognised(value)))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _first_objects(lines: Sequence[str]) -> Iterator[object]:
    """Values of the first lines; one that cannot be read is passed over."""
    for line in lines[:_FIRST]:
        try:
            yield json.loads(line.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            continue


def _speech(segments: Iterable[Segment]) -> list[Turn]:
    return [turn_from(segment, "") for segment in segments]


def _json(name: str, text: str, intake: Intake) -> list[Turn]:
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
        return read_json_list(name, value, intake)
    return _speech(read_asr(name, value, intake))


def _is_log(value: object) -> bool:
    """Whether a list holds lines of a log, not what a recogniser writes."""
    first = value[0] if isinstance(value, list) and value else None
    return (
        isinstance(first, dict)
        and not holds_segments(first)
        and any(key in first for key in ("user", "role", "nickname", "content", "time", "时间"))
    )


def _jsonl(name: str, text: str, intake: Intake) -> list[Turn]:
    """A log; lines that a recogniser wrote, one result or segment a line, are speech."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not is_recognised(next(_first_objects([line for _, line in lines]), None)):
        return read_jsonl(name, text, intake)
    found = []
    for number, line in lines:
        found += _speech(intake.taken(partial(_recognised, f"{name}:{number}", line, intake)) or [])
    return found


def _recognised(where: str, line: str, intake: Intake) -> list[Segment]:
    return read_asr(where, parsed(where, line.removeprefix("\ufeff")), intake)


def _csv(name: str, text: str, intake: Intake) -> list[Turn]:
    first = next(line for line in text.splitlines() if line.strip())
    if not is_header(first) and "\t" in first and seconds_of(first.split("\t")[0].removeprefix("\ufeff")) is not None:
        return read_plain(name, text, intake)
    return read_csv(name, text.removeprefix("\ufeff"), intake)


def _subtitles(name: str, text: str, intake: Intake) -> list[Turn]:
    return _speech(read_subtitles(name, text, intake))


_READERS = {
    "srt": _subtitles, "vtt": _subtitles, "json": _json, "jsonl": _jsonl, "csv": _csv, "tsv": _csv, "txt": read_plain
}  # fmt: skip


def _in_rooms(path: str, files: Mapping[str, list[Turn]], reading: Reading) -> list[Turn]:
    name = reading.room or _room_of(path, files)
    return [turn if turn.room else replace(turn, room=name) for turn in files[path]]


def _room_of(path: str, files: Mapping[str, list[Turn]]) -> str:
    stems = {one: Path(one).name.split(".")[0] if one != "-" else "stdin" for one in files}
    spoken = {stems[one] for one, turns in files.items() if any(turn.source is Source.SPEECH for turn in turns)}
    return stems[path] if stems[path] in spoken or len(spoken) != 1 else next(iter(spoken))
