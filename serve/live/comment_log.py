"""Lines of a live room's log: objects with time, user, role and text, or plain time<TAB>text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.strict import kind, load_json
from xuncha.serve.live.intake import Intake
from xuncha.serve.live.segments import ROLES, Segment, role_and_user, with_speaker
from xuncha.serve.live.turns import Source, Turn, role_of, seconds_of
from xuncha.serve.live.zones import CHINA

_NAMES: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "start", "timestamp", "ts", "t", "begin", "offset", "created_at", "send_time", "sendtime",
             "时间", "时间戳", "发送时间", "开始时间"),
    "end": ("end", "end_time", "stop", "结束时间"),
    "user": ("user", "nickname", "nick", "name", "username", "user_name", "uname", "speaker", "sender", "author",
             "user_id", "uid", "用户", "昵称", "用户名", "发送者", "说话人"),
    "role": ("role", "identity", "user_type", "user_role", "角色", "身份"),
    "text": ("text", "content", "message", "msg", "comment", "body", "文本", "内容", "弹幕", "评论", "消息"),
    "room": ("room", "room_id", "roomid", "live_id", "liveid", "直播间", "房间", "房间号"),
    "source": ("source", "type", "kind", "channel", "event", "来源", "类型"),
    "merchant": ("merchant", "merchant_id", "shop", "shop_id", "seller", "seller_id", "商家", "店铺", "商家id"),
}  # fmt: skip
FIELD_OF = {name: field for field, names in _NAMES.items() for name in names}
_SPEECH = ("speech", "asr", "voice", "audio", "transcript", "spoken", "语音", "口播", "主播说话", "字幕")
_WORDLESS = ("gift", "like", "enter", "member", "follow", "礼物", "点赞", "进入", "进场")
_COMMENT = ("comment", "danmaku", "barrage", "chat", "message", "msg", "text", "bullet", "弹幕", "评论", "聊天", "公屏")


@dataclass(frozen=True, slots=True)
class Place:
    """What a line without its own fields belongs to. `number` is its line in `name`; `zone` that of its dates."""

    name: str
    number: int
    room: str
    zone: tzinfo = CHINA

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.name}:{self.number}"


def read_line(line: str, place: Place) -> Turn | None:
    """The turn of one line, an object or time<TAB>text; None for a blank one and for an event without words.

    Raises `XunchaError` that names line and fix.
    """
    line = line.strip("\r\n").removeprefix("\ufeff")
    if not line.strip():
        return None
    if line.lstrip().startswith("{"):
        value = parsed(place.where, line)
        return turn_of(value if isinstance(value, dict) else {}, place)
    return _plain(line, place)


def parsed(where: str, line: str) -> object:
    """One JSON value. Raises `XunchaError` that names line and fix."""
    try:
        return load_json(where, line)
    except XunchaError as error:
        raise XunchaError(f"{error} Write one whole object on one line.") from None


def read_jsonl(name: str, text: str, intake: Intake) -> list[Turn]:
    """The turns of a JSONL log."""
    return _each_line(name, text, intake, read_line)


def read_json_list(name: str, values: list[Any], intake: Intake) -> list[Turn]:
    """The turns of a log that is one JSON list of objects."""

    def turn(number: int, value: object) -> Turn | None:
        if not isinstance(value, dict):
            raise XunchaError(f"{name}:{number}: must be an object; got {kind(value)}. Write the file again.")
        return turn_of(value, Place(name, number, "", intake.zone))

    found = (intake.taken(partial(turn, number, one)) for number, one in enumerate(values, 1))
    return [turn for turn in found if turn]


def read_plain(name: str, text: str, intake: Intake) -> list[Turn]:
    """The turns of lines time<TAB>text (or time<TAB>speaker<TAB>text)."""
    return _each_line(name, text, intake, lambda line, place: _plain(line, place) if line.strip() else None)


def _each_line(name: str, text: str, intake: Intake, read: Callable[[str, Place], Turn | None]) -> list[Turn]:
    lines = enumerate(text.split("\n"), 1)
    found = (intake.taken(partial(read, line, Place(name, number, "", intake.zone))) for number, line in lines)
    return [turn for turn in found if turn]


def delimiter_of(line: str) -> str:
    """The delimiter of a table whose header is `line`: comma, tab or semicolon, whichever it has most of."""
    return max(",\t;", key=line.count)


def is_header(line: str) -> bool:
    """Whether a line names the columns of a log."""
    cells = line.removeprefix("\ufeff").strip("\r\n").split(delimiter_of(line))
    return {"time", "text"} <= set(fields(dict.fromkeys(cell.strip().strip('"') for cell in cells)))


def _plain(line: str, place: Place) -> Turn | None:
    cells = line.strip("\r\n").removeprefix("\ufeff").split("\t")
    time = seconds_of(cells[0], place.zone)
    if len(cells) < 2 or time is None:
        raise XunchaError(
            f"{place.where}: {quote(line)} is neither a JSON object nor a time, a tab and text. "
            "Write 12.5, a tab and what was said."
        )
    speaker, text = (cells[1], " ".join(cells[2:])) if len(cells) > 2 else ("", cells[1])
    return turn_from(Segment(place.where, time, None, text, speaker.strip()), place.room) if text.strip() else None


def turn_from(segment: Segment, room: str) -> Turn:
    """The turn of a segment of speech."""
    segment = with_speaker(segment)
    role, user = role_and_user(segment.speaker)
    return Turn(room, Source.SPEECH, segment.start, segment.end, user, role, segment.text, segment.where)


def turn_of(value: Mapping[str, Any], place: Place) -> Turn | None:
    """The turn of one object. An object of a known kind without words (a gift, a like) is none."""
    given = fields(value)
    text = given.get("text")
    if isinstance(text, dict):
        text = fields(text).get("text")
    if text is None or text == "":
        if "text" in given or "source" in given:
            return None
        raise _missing("text", place, value)
    if not isinstance(text, str):
        text = json.dumps(text, ensure_ascii=False)
    start = seconds_of(given.get("time"), place.zone)
    if start is None:
        raise _missing("time", place, value, given.get("time"))
    end = seconds_of(given.get("end"), place.zone)
    user = _word(given.get("user"))
    role = role_of(_word(given.get("role"))) or (role_of(user) if role_of(user) in ROLES else "")
    source = _source(_word(given.get("source")), role, named="user" in given or "role" in given)
    if source is None:
        return None
    if not role:
        role = "host" if source is Source.SPEECH else "viewer"
    room = _word(given.get("room")) or place.room
    ended = end if end is not None and end > start else None
    return Turn(room, source, start, ended, user, role, text, place.where, _word(given.get("merchant")))


def _source(word: str, role: str, *, named: bool) -> Source | None:
    """Spoken or written, as the record says; None: a gift, a like.

    Where it does not say, the host speaks and everybody else writes; lines without users and roles are a transcript.
    """
    plain = word.lower()
    if not plain and not named:
        return Source.SPEECH
    if any(name in plain for name in _WORDLESS):
        return None
    if any(name in plain for name in _SPEECH):
        return Source.SPEECH
    if not plain or any(name in plain for name in _COMMENT):
        return Source.COMMENT if plain or role != "host" else Source.SPEECH
    return Source.COMMENT


def fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """The known fields among the keys of an object; the first name of a field that is there counts."""
    plain = {str(key).strip().lower(): one for key, one in value.items()}
    found = {}
    for field, names in _NAMES.items():
        name = next((name for name in names if plain.get(name) not in (None, "")), None)
        name = name or next((name for name in names if name in plain), None)
        if name is not None:
            found[field] = plain[name]
    return found


def _word(value: Any) -> str:
    if isinstance(value, dict):
        inner = {str(key).lower(): one for key, one in value.items()}
        return next((_word(inner[name]) for name in ("nickname", "name", "nick", "id") if name in inner), "")
    return "" if value is None or isinstance(value, bool | list) else str(value).strip()


def _missing(field: str, place: Place, value: Mapping[str, Any], got: Any = None) -> XunchaError:
    names = {"time": "12.5 or 0:01:12", "text": "what was said"}
    if got is not None:
        return XunchaError(f'{place.where}: field "{field}" is no time: {kind(got)}. Write seconds, 0:01:12 or a date.')
    keys = ", ".join(map(str, value)) or "none"
    return XunchaError(
        f'{place.where}: field "{field}" is missing (fields: {quote(keys, 60)}). Add "{field}": {names[field]}.'
    )
