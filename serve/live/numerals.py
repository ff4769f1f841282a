"""Spoken numerals as digits, where they stand as digits: no 一个, no 第三, and no 三号链接 after an id."""

from __future__ import annotations

import re

_STRONG = {
    "零": "0", "〇": "0", "○": "0", "一": "1", "幺": "1", "壹": "1", "二": "2", "两": "2", "贰": "2", "三": "3",
    "叁": "3", "四": "4", "肆": "4", "五": "5", "伍": "5", "六": "6", "陆": "6", "七": "7", "柒": "7", "八": "8",
    "捌": "8", "九": "9", "玖": "9",
}  # fmt: skip
# Read as a digit only beside one: radio speech, and what speech recognition writes for 幺, 六 and 九.
_WEAK = {"洞": "0", "拐": "7", "勾": "9", "腰": "1", "妖": "1", "邀": "1", "要": "1", "溜": "6", "酒": "9", "久": "9"}
_WORDS = "要久邀"
_CHINESE = "".join((*_STRONG, *_WEAK))
_ANY = f"0-9{''.join(_STRONG)}"
_NUMERALS = re.compile(f"[0-9{_CHINESE}]+")

COUNTED = re.compile(
    r"号(?=[链款色的球宝商小衣裤鞋包那这也])|个(?!人[号微账企主的])|天(?!天)|件|块|元|毛|折|斤|克|两|米|寸|款(?![式加])|双|套|盒|瓶|袋|箱|张|支|枚|颗|只|楼|层|岁|日|月(?![嫂饼子亮光])"
    r"|年|分钟|秒|小时|倍|成新|包(?![邮装括])|条(?!件)|位(?!置)|种|码(?!头)|十|百|千|万|亿|人份|把(?=刀|伞|椅|壶)|点(?=半|钟|前|后|开|多)"
)
"""What a numeral before it counts: a unit, a measure word, a place value."""

_MONEY = re.compile(r"[块元毛折]")
_SPOKEN_ON = "啊呀哦噢呢吧嘛哈的了记零〇"
"""What may follow the last digit of an id that is dictated in two scripts (abc12三啊)."""

_PAIRS = re.compile(r"一[起定般样直共些边旦律切半]|酒[水店庄厂吧]|腰[围带果部]|三八节|五一[假劳期]|[两二三]边")
"""Words that begin with what might be a last digit."""

_TIMES = re.compile(f"(?<=[{_ANY}])([两二三四五六七八])个([{_ANY}])(?!{COUNTED.pattern})")
_PHONE = re.compile(r"1[3-9]\d{9}")
_WHOLE_PHONE = re.compile(rf"(?<!\d){_PHONE.pattern}(?!\d)", re.ASCII)
_PRICE = 4
"""Longest numeral that is taken for a price or a number of goods (三九九块, 一二九九元)."""


def spoken_digits(plain: str) -> str:
    """The same number of characters, with digits for the numerals that stand as digits.

    >>> spoken_digits("abc一二三"), spoken_digits("一号链接"), spoken_digits("abc123三号链接")
    ('abc123', '一号链接', 'abc123三号链接')
    """
    return _NUMERALS.sub(_as_digits, plain)


def repeated(plain: str, places: list[int]) -> tuple[str, list[int]]:
    """With 四个六 after a numeral said as 六六六六; and for each character the place it comes from."""
    chars: list[str] = []
    own: list[int] = []
    at = 0
    for match in _TIMES.finditer(plain):
        times = int(_STRONG[match[1]])
        chars += [*plain[at : match.start()], *match[2] * times]
        own += [*places[at : match.start()], *[places[match.start()]] * (times - 1), places[match.end() - 1]]
        at = match.end()
    return "".join(chars) + plain[at:], own + places[at:]


def _as_digits(match: re.Match[str]) -> str:
    run = match[0]
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:4]
    if _WHOLE_PHONE.search(run):
        return run
    spoken = sum(char in _STRONG or char.isdigit() for char in run)
    if len(run) < 2 and not _is_ascii_word(before) and not _is_ascii_word(after[:1]):
        return run
    if 2 * spoken < len(run):
        return run
    own = len(run) - _counting(run, before, after)
    inner = run[:own].strip(_WORDS)
    if not inner:
        return run
    first, last = run[:own].split(inner, 1)
    return first + _digits(inner) + last + run[own:]


def _counting(run: str, before: str, after: str) -> int:
    """How many characters at the end of a run of numerals count what follows it, or begin another word."""
    tail = len(run) - len(run.rstrip(_CHINESE))
    past = _past_phone(run, tail, after)
    if past is not None:
        return past
    counted = bool(COUNTED.match(after))
    if tail < len(run) or _is_ascii_word(before):
        return _after_ascii(run, tail, after, counted)
    last = bool(_PAIRS.match(run[-1] + after)) or (run[-1] == "两" and bool(after) and not after[0].isascii())
    return int(len(run) > _PRICE and (counted or last))


def _after_ascii(run: str, tail: int, after: str, counted: bool) -> int:
    """Of a run after ASCII letters or digits: another script seldom goes on with the same id for one numeral only."""
    if tail == 1:
        return int(bool(after) and not after[0].isascii() and after[0] not in _SPOKEN_ON)
    if not counted:
        return int(tail > 0 and bool(_PAIRS.match(run[-1] + after)))
    whole = tail <= _PRICE if tail < len(run) else tail < _PRICE and bool(_MONEY.match(after))
    return tail if whole else min(tail, 1)


def _past_phone(run: str, tail: int, after: str) -> int | None:
    """What stands after a telephone number of 11 digits, if numerals for it can be told; None: no such number."""
    digits = _digits(run)
    twice = 3 if digits[:3] == digits[3:6] else 0
    length = twice + 11
    if not _PHONE.fullmatch(digits[twice:length]):
        return None
    rest = len(run) - length
    if not rest or rest > min(tail, _PRICE):
        return 0 if not rest else None
    counts = COUNTED.match(after) or (rest == 1 and run[-1] in "一两" and after and not after[0].isascii())
    return rest if counts else None


def _digits(run: str) -> str:
    return "".join(_STRONG.get(char) or _WEAK.get(char, char) for char in run)


def _is_ascii_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
