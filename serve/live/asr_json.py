"""JSON of speech recognisers: Whisper and its kin, FunASR and its kin, the cloud services."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.strict import kind
from xuncha.serve.live.intake import Intake
from xuncha.serve.live.segments import Segment
from xuncha.serve.live.turns import seconds_of

_SENSEVOICE = re.compile(r"<\|[^|<>]*\|>")
_STOPS = "。！？!?；;，,、"
# Where a service's answer keeps its segments.
_WRAPPERS = ("result", "data", "resp")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STARTS = ("start", "begin_time", "start_time", "start_ms")
_TEXTS = ("text", "sentence", "final_sentence")
_WAYS = (
    'Whisper writes {"segments": [{"start": 0.0, "end": 2.5, "text": "…"}]}, '
    'FunASR [{"sentence_info": [{"start": 0, "end": 2500, "text": "…"}]}]'
)


@dataclass(frozen=True, slots=True)
class Spot:
    """An entry of a file, for messages, and how the file is taken in."""

    where: str
    intake: Intake

    def taken(self, read: Callable[[Spot, Any], Iterator[Segment]], place: str, one: object) -> list[Segment]:
        """The segments of an entry within this one; none where it cannot be read."""
        return self.intake.taken(lambda: list(read(Spot(f"{self.where}: {place}", self.intake), one))) or []


Reader = Callable[[Spot, Mapping[str, Any]], Iterator[Segment]]


def read_asr(name: str, value: object, intake: Intake) -> list[Segment]:
    """The segments of a recogniser's JSON. Raises `XunchaError` if there are none.

    Whisper, faster-whisper, WhisperX (seconds), whisper.cpp (`transcription`), FunASR (milliseconds: `sentence_info`,
    `sentences`, `stamp_sents`, or `timestamp` per character), and what Aliyun (`Sentences`), Tencent Cloud
    (`ResultDetail`) and Volcano Engine (`utterances`) answer, in milliseconds too.
    """
    missed: list[XunchaError] = []

    def left_out(error: XunchaError) -> None:
        intake.left_out(error)
        missed.append(error)

    found = list(_segments(Spot(name, Intake(intake.zone, left_out)), value))
    if not found and not missed and not _is_empty(value):
        raise XunchaError(f"{name}: holds no segments. {_WAYS}.")
    return found


def holds_segments(value: Mapping[str, Any]) -> bool:
    """Whether an object has a list of segments under a name that a recogniser gives it, or wraps one that has."""
    own = _snake(value)
    return any(isinstance(own.get(key), list) for key in _READERS) or any(
        isinstance(own.get(key), dict) and holds_segments(own[key]) for key in _WRAPPERS
    )


def is_recognised(value: object) -> bool:
    """Whether a recogniser wrote an object, not a log: its result, or a segment."""
    if not isinstance(value, dict):
        return False
    return (
        holds_segments(value)
        or isinstance(value.get("timestamp"), list)
        or {"key", "text"} == set(value)
        or ("start" in value and not any(key in value for key in ("time", "user", "role", "source")))
    )


def _is_empty(value: object) -> bool:
    """Whether a recogniser that heard nothing writes this."""
    if isinstance(value, list):
        return all(_is_empty(one) for one in value)
    if not isinstance(value, dict):
        return False
    value = _snake(value)
    return (
        any(value.get(key) == [] for key in ("segments", "transcription", "sentences", "utterances"))
        or any(isinstance(value.get(key), dict) and _is_empty(value[key]) for key in _WRAPPERS)
        or (isinstance(value.get("text"), str) and not _SENSEVOICE.sub("", value["text"]).strip())
    )


def _segments(spot: Spot, value: object) -> Iterator[Segment]:
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from spot.taken(_entry, f"[{number}]", one)
    else:
        yield from _entry(spot, value)


def _entry(spot: Spot, value: object) -> Iterator[Segment]:
    """What one object holds: a list of segments, or a segment itself."""
    if isinstance(value, list):  # faster-whisper's named tuple: id, seek, start, end, text, …
        yield from _tuple(spot, value)
        return
    if not isinstance(value, dict):
        raise XunchaError(f"{spot.where}: must be an object; got {kind(value)}. {_WAYS}.")
    value = _snake(value)
    for key, read in _READERS.items():
        if isinstance(value.get(key), list) and (value[key] or key in ("segments", "transcription")):
            for number, one in enumerate(value[key]):
                yield from spot.taken(
                    _tuple if isinstance(one, list) else partial(_object, read), f"{key}[{number}]", one
                )
            return
    inner = next((value[key] for key in _WRAPPERS if isinstance(value.get(key), list | dict)), None)
    if inner is not None:
        yield from _segments(spot, inner)
    elif "timestamp" in value and "text" in value:
        yield from _stamped(spot, value)
    elif "text" in value and ("start" in value or "begin" in value):
        yield from _whisper(spot, value)
    elif "key" in value and not _is_empty(value):
        raise XunchaError(f"{spot.where}: has text without times. Run FunASR with sentence_timestamp=True.")


def _object(read: Reader, spot: Spot, one: object) -> Iterator[Segment]:
    if not isinstance(one, dict):
        raise XunchaError(f"{spot.where} must be an object; got {kind(one)}. {_WAYS}.")
    yield from read(spot, one)


def _snake(value: Mapping[str, Any]) -> dict[str, Any]:
    """An object with `begin_time` for the `BeginTime` of the services that write their names so."""
    return {_CAPITAL.sub("_", key).lower(): one for key, one in value.items()}


def _whisper(spot: Spot, one: Mapping[str, Any]) -> Iterator[Segment]:
    start = one.get("start", one.get("begin"))
    yield from _segment(spot, start, one.get("end"), one.get("text"), one.get("speaker"), 1.0)


def _tuple(spot: Spot, one: Sequence[Any]) -> Iterator[Segment]:
    if len(one) < 5 or not isinstance(one[4], str):
        raise XunchaError(f"{spot.where}: a segment as a list has id, seek, start, end, text, in this order.")
    yield from _segment(spot, one[2], one[3], one[4], None, 1.0)


def _cpp(spot: Spot, one: Mapping[str, Any]) -> Iterator[Segment]:
    offsets, stamps = one.get("offsets"), one.get("timestamps")
    if isinstance(offsets, dict):
        yield from _segment(spot, offsets.get("from"), offsets.get("to"), one.get("text"), one.get("speaker"), 0.001)
    elif isinstance(stamps, dict):
        yield from _segment(spot, stamps.get("from"), stamps.get("to"), one.get("text"), one.get("speaker"), 1.0)
    else:
        yield from _whisper(spot, one)


def _transcript(spot: Spot, one: Mapping[str, Any]) -> Iterator[Segment]:
    """A channel as Paraformer's service writes it."""
    yield from _entry(spot, one)


def _sentence(spot: Spot, one: Mapping[str, Any]) -> Iterator[Segment]:
    own = {_CAPITAL.sub("_", key).lower(): key for key in one}
    one = _snake(one)
    text = _first(one, *_TEXTS)
    if text is None and "text_seg" in one:
        text = f"{one['text_seg']}{one.get('punc', '')}"
    speaker = _first(one, "spk", "speaker", "speaker_id")
    named = f"spk{speaker}" if isinstance(speaker, int) else speaker
    end = _first(one, "end", "end_time", "end_ms")
    names = [next((own[name] for name in known if name in own), known[0]) for known in (_STARTS, _TEXTS)]
    yield from _segment(spot, _first(one, *_STARTS), end, text, named, 0.001, names)


def _first(one: Mapping[str, Any], *names: str) -> Any:
    return next((one[name] for name in names if one.get(name) is not None), None)


def _stamped(spot: Spot, value: Mapping[str, Any]) -> Iterator[Segment]:
    """Text with one [start, end] in milliseconds a character (or word), cut at punctuation."""
    stamps = value["timestamp"]
    if isinstance(stamps, str):
        try:
            stamps = json.loads(stamps)
        except ValueError:
            stamps = None
    text = _SENSEVOICE.sub("", str(value["text"]))
    pieces = [one for one in re.split(f"(?<=[{_STOPS}])", text) if one.strip()]
    units = [re.findall(r"[a-zA-Z0-9']+|[^\W_]", piece) for piece in pieces]
    if not isinstance(stamps, list) or not all(isinstance(one, list) and len(one) >= 2 for one in stamps):
        raise XunchaError(f'{spot.where}: field "timestamp" must be a list of [start, end] in milliseconds.')
    at = 0
    for piece, own in zip(pieces, units, strict=True):
        mine = stamps[at : at + max(1, len(own))] or stamps[-1:]
        at += len(own)
        if mine:
            yield from _segment(spot, mine[0][0], mine[-1][1], piece, value.get("spk"), 0.001)


def _segment(
    spot: Spot, start: Any, end: Any, text: Any, speaker: Any, unit: float, names: Sequence[str] = ("start", "text")
) -> Iterator[Segment]:
    begun, ended = seconds_of(start, spot.intake.zone), seconds_of(end, spot.intake.zone)
    if begun is None:
        raise XunchaError(f'{spot.where}: field "{names[0]}" must be a time; got {kind(start)}. {_WAYS}.')
    if not isinstance(text, str):
        raise XunchaError(f'{spot.where}: field "{names[1]}" must be a string; got {kind(text)}. {_WAYS}.')
    begun *= unit if isinstance(start, int | float) else 1
    ended = None if ended is None else ended * (unit if isinstance(end, int | float) else 1)
    words = _SENSEVOICE.sub("", text).strip()
    if words:
        name = speaker if isinstance(speaker, str) else "" if speaker is None else f"spk{speaker}"
        yield Segment(spot.where, begun, ended if ended is not None and ended > begun else None, words, name)


# How the entries of a list under each name are read.
_READERS: dict[str, Reader] = {
    "segments": _whisper,
    "transcription": _cpp,
    "sentence_info": _sentence,
    "sentences": _sentence,
    "stamp_sents": _sentence,
    "transcripts": _transcript,
    "result_detail": _sentence,
    "utterances": _sentence,
}
