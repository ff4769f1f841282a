"""Contact values read out of joined text: spoken digits, disguised ones, ids after the name of an app."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xuncha.serve.live.numerals import COUNTED, repeated, spoken_digits

_LETTER = re.compile(r"(?:LETTER|SYMBOL|CAPITAL) (?:SMALL |CAPITAL )?([A-Z])$")
_DIGITS = re.compile(r"(?<![a-z_])\d+(?:[-—–.·、,，*~_/ ]\d+)*(?![a-z_])")
_UNIT_AFTER = "十百千万亿块元毛折件斤克米寸码号楼年月日天岁分秒点成倍克"
_UNIT_BEFORE = "十百千万点第"
_PICTURES = {
    "➕": "加",
    "✚": "加",
    "❤": "心",
    "♥": "心",
    "💗": "心",
    "🛰": "卫星",
    "🐧": "企鹅",
    "📞": "电话",
    "📱": "手机",
}
_LATIN = re.compile(r"[A-Za-z0-9_]+")
_TWICE = re.compile(r"^(?:(1[3-9]\d)\1(?=\d{8}$)|(1[3-9]\d{9})\2+$)")
_PHONE = re.compile(r"1[3-9]\d{9}")
_APPS = (
    (
        "wx",
        r"[微薇威围维唯卫伟徽味v][信心星]|wechat|weixin|微x|vx|wx|加[v薇微威围卫]|v号|绿泡泡|绿色软件"
        r"|[薇微威v]",
    ),
    ("qq", r"q{2}|扣扣|企鹅|群号|q号|球球|秋秋"),
    ("douyin", r"抖音|某音|dy"),
    ("kuaishou", r"快手"),
    ("xhs", r"小红书|小红薯|xhs"),
    ("taobao", r"淘宝|某宝|tb"),
    ("xianyu", r"闲鱼|咸鱼"),
)  # fmt: skip
_BETWEEN = r"(?:[心号是为的我你们来加搜里面上去同就叫一下记下是:：,，。、→>\-=@ ]|id|好友|账号|号码|自己){0,8}?"
_ID = r"(?P<id>[a-z][a-z0-9_\-]{3,19}|\d{5,11})(?![a-z0-9])"
_AFTER_APP = [(kind, re.compile(f"(?:{names}){_BETWEEN}{_ID}")) for kind, names in _APPS]
_MAIL = re.compile(r"[a-z0-9][a-z0-9._\-]+@[a-z0-9\-]+(?:\.[a-z]{2,})+")
_SITE = re.compile(r"(?:https?://|www\.)[a-z0-9\-./?=&_%]+|[a-z0-9\-]{2,}\.(?:com|cn|net|shop|top|vip|cc)(?![a-z])")
_BARE = re.compile(r"(?<![a-z0-9_])(?=[a-z_\-]*\d)[a-z][a-z0-9_\-]{4,19}(?![a-z0-9_])")
_COUNT_DIGITS = 4
_COUNT = re.compile(rf"\d{{1,{_COUNT_DIGITS}}}(?:\.\d+)?")
_BORDER = "\n"
_FILLER = 14
"""Characters between two groups of digits that may still be one number (记一下啊, 有没有记好)."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A contact value and where it was read: [start, end) in code points. `kind` is phone, wx, qq, mail, …"""

    value: str
    kind: str
    start: int
    end: int


def read_handles(text: str, borders: Collection[int] = ()) -> list[Handle]:
    """The contact values in `text`, in order, none within another.

    `borders` are places where a turn begins: one that begins with a number of something (25块) begins no digits of an
    id before it.

    >>> [one.value for one in read_handles("记一下幺三八 好了吧 零零幺三 八零零零")]
    ['13800138000']
    >>> [one.value for one in read_handles("加薇❤️ＡＢＣ①②③看图,扣扣是八八六六七七")]
    ['wx:abc123', 'qq:886677']
    """
    plain, places = repeated(*_plain(text, borders))
    spoken = spoken_digits(plain)
    found = [*_numbers(spoken, places)]
    for kind, pattern in _AFTER_APP:
        found += [
            _handle(kind, match["id"], match.span("id"), places)
            for match in pattern.finditer(spoken)
            if _is_id(kind, match["id"])
        ]
    for kind, pattern in (("mail", _MAIL), ("url", _SITE), ("id", _BARE)):
        found += [_handle(kind, match[0], match.span(), places) for match in pattern.finditer(spoken)]
    return _outermost(found)


def _plain(text: str, borders: Collection[int]) -> tuple[str, list[int]]:
    """`text` in plain lower-case characters, and for each the place it comes from.

    Marks are dropped, and blanks too, except beside a word in Latin letters: `abc123 666` is not one id, `a b c` is.
    """
    apart = _apart(text)
    counts = {place for place in borders if _is_count(text, place)}
    chars: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if place in counts:
            chars.append(_BORDER)
            places.append(place)
        read = " " if place in apart else _read(char)
        chars.append(read)
        places += [place] * len(read)
    return "".join(chars), places


def _apart(text: str) -> set[int]:
    """Places of blanks between two runs of ASCII letters and digits, one of which is a word."""
    runs = list(_LATIN.finditer(text))
    return {
        one.end()
        for one, other in pairwise(runs)
        if text[one.end() : other.start()].isspace()
        and (any(len(run[0]) > 1 and not run[0].isdigit() for run in (one, other)) or _is_count(text, other.start()))
    }


def _is_count(text: str, place: int) -> bool:
    """Whether a number of something stands there: 25块, 3号链接."""
    number = _COUNT.match(text, place)
    return bool(number and COUNTED.match(text, number.end()))


def _read(char: str) -> str:
    if "\u4e00" <= char <= "\u9fff":
        return char
    if char.isspace() or unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
        return ""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", char).lower()
    if plain.isascii():
        return plain.strip("().") if len(plain) > 1 else plain
    letter = _LETTER.search(unicodedata.name(char, ""))
    if letter:
        return letter[1].lower()
    return _PICTURES.get(char, plain if len(plain) == 1 else char)


def _numbers(spoken: str, places: Sequence[int]) -> Iterator[Handle]:
    """Telephone numbers, whole or in groups with other words between."""
    groups = list(_DIGITS.finditer(spoken))
    last = 0
    for first, group in enumerate(groups):
        if group.start() < last:
            continue
        found = _phone_from(spoken, groups, first)
        if found:
            number, end = found
            last = end
            yield _handle("phone", number, (group.start(), end), places)


def _phone_from(spoken: str, groups: Sequence[re.Match[str]], first: int) -> tuple[str, int] | None:
    number, before = "", None
    for group in groups[first:]:
        if before is not None:
            between = spoken[before.end() : group.start()]
            if len(between) > _FILLER or any(char.isascii() and char.isalnum() for char in between):
                return None
            if _only_digits(group[0]) == _only_digits(before[0]):
                before = group
                continue  # said twice
            if _is_quantity(spoken, group):
                continue
        number += _only_digits(group[0])
        number = _TWICE.sub(r"\1\2", number)
        if len(number) >= 11:
            if before is None and len(number) > 11 and COUNTED.match(spoken, group.end()):
                return _without_count(number, group)
            return (number, group.end()) if _PHONE.fullmatch(number) else None
        before = group
    return None


def _without_count(number: str, group: re.Match[str]) -> tuple[str, int] | None:
    """A telephone number that a number of something follows at once: 1380013800025块."""
    surplus = len(number) - 11
    if surplus > _COUNT_DIGITS or not _PHONE.match(number):
        return None
    at = [place for place, char in enumerate(group[0], group.start()) if char.isdigit()][-surplus - 1]
    return number[:11], at + 1


def _is_quantity(spoken: str, group: re.Match[str]) -> bool:
    after, before = spoken[group.end() : group.end() + 1], spoken[max(0, group.start() - 1) : group.start()]
    return bool(after and after in _UNIT_AFTER) or bool(before and before in _UNIT_BEFORE)


def _only_digits(group: str) -> str:
    return "".join(char for char in group if char.isdigit())


def _is_id(kind: str, value: str) -> bool:
    if value.isdigit():
        return kind in ("wx", "qq") and not (kind == "wx" and len(value) < 6)
    return kind != "qq"


def _handle(kind: str, value: str, span: tuple[int, int], places: Sequence[int]) -> Handle:
    start, end = places[span[0]], places[span[1] - 1] + 1
    if kind in ("wx", "phone") and _PHONE.fullmatch(value):
        return Handle(value, "phone", start, end)
    return Handle(value if kind == "phone" else f"{kind}:{value.rstrip('-_.')}", kind, start, end)


def _outermost(found: list[Handle]) -> list[Handle]:
    """In order of place; of those that overlap, the one that was looked for first: an app's before a bare id."""
    kept: list[Handle] = []
    for one in found:
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)
