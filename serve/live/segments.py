"""A segment: what a transcript says of one stretch of speech, before it is known whose room and clock it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xuncha.serve.live.turns import role_of

_PREFIX = re.compile(
    r"\s*[\[(（【<]?\s*([^\s:：\])）】>]{1,16}|speaker[ _]?\d+)\s*[\])）】>]?\s*[:：]\s*", re.IGNORECASE
)
_DIARIZED = re.compile(r"(?:speaker|spk|说话人)[ _]?\w{1,3}", re.IGNORECASE)
ROLES = ("host", "assistant", "viewer")


@dataclass(frozen=True, slots=True)
class Segment:
    """`start` and `end` in seconds of the file's clock; `end` None: not said. `speaker` may be a role or a name."""

    where: str
    start: float
    end: float | None
    text: str
    speaker: str = ""


def with_speaker(segment: Segment) -> Segment:
    """The segment with a speaker that stands before its text (主播：…, [SPEAKER_01]: …) taken out of the text.

    Only what is plainly a speaker counts, so that 注意：… stays text.
    """
    found = _PREFIX.match(segment.text)
    if segment.speaker or not found or not segment.text[found.end() :].strip():
        return segment
    name = found[1]
    if role_of(name) not in ROLES and not _DIARIZED.fullmatch(name):
        return segment
    return Segment(segment.where, segment.start, segment.end, segment.text[found.end() :], name)


def role_and_user(speaker: str) -> tuple[str, str]:
    """Role and name of a speaker: a word for a role is a role; who is not said to be another is the host.

    >>> role_and_user("助播"), role_and_user("小翠"), role_and_user("")
    (('assistant', ''), ('host', '小翠'), ('host', ''))
    """
    role = role_of(speaker)
    return (role, "") if role in ROLES else ("host", speaker)
