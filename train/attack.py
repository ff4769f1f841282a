"""Rewriting text the way evaders do, with labels and evidence carried along.

Used on the fly in training and, with other seeds and strengths, for the robustness report. Each family rewrites
single characters or joints of one stretch; sound comes from pypinyin, traditional forms from OpenCC. Hand tables
hold only what no library has: split characters, shape-alikes and the signs that solicitors write words with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from xuncha.train.examples import Example, Floats

# One rewritten character: what is written now, and the index of the original character it stands for.
Piece = tuple[str, int]
Family = Callable[[Sequence[Piece], np.random.Generator], list[Piece]]

_SEPARATORS = ".-_*|~ ·丶丨/、+,=^…`'"
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_DIGIT_FORMS = (
    "零一二三四五六七八九", "洞幺两三四五六拐八勾", "〇壹贰叁肆伍陆柒捌玖", "０１２３４５６７８９", "⓪①②③④⑤⑥⑦⑧⑨",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "o1234567bq", "⁰¹²³⁴⁵⁶⁷⁸⁹", "⓿❶❷❸❹❺❻❼❽❾", "零依尔伞似舞留期吧酒",
)  # fmt: skip
_LETTER_FORMS = ("ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ", "ⒶⒷⒸⒹⒺⒻⒼⒽⒾⒿⓀⓁⓂⓃⓄⓅⓆⓇⓈⓉⓊⓋⓌⓍⓎⓏ",
                 "𝐀𝐁𝐂𝐃𝐄𝐅𝐆𝐇𝐈𝐉𝐊𝐋𝐌𝐍𝐎𝐏𝐐𝐑𝐒𝐓𝐔𝐕𝐖𝐗𝐘𝐙", "🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩")  # fmt: skip
_SPLIT = {
    "加": "力口", "信": "亻言", "微": "彳攵", "好": "女子", "的": "白勺", "群": "君羊", "保": "亻呆", "证": "讠正", "级": "纟及",
    "精": "米青", "码": "石马", "钱": "钅戋", "转": "车专", "账": "贝长", "帐": "巾长", "低": "亻氐", "佳": "亻圭", "购": "贝勾",
    "绝": "纟色", "疗": "疒了", "病": "疒丙", "治": "氵台", "根": "木艮", "祖": "礻且", "特": "牛寺", "线": "纟戋",
    "私": "禾厶", "聊": "耳卯", "联": "耳关", "系": "丿糸", "机": "木几", "话": "讠舌", "扫": "扌彐", "找": "扌戈", "拍": "扌白",
    "涨": "氵张", "赚": "贝兼", "稳": "禾急", "院": "阝完", "颜": "彦页", "效": "交攵", "功": "工力", "胖": "月半", "瘦": "疒叟",
}  # fmt: skip
_SHAPES = {
    "微": "徽溦嶶薇", "信": "伩言佶", "加": "伽咖茄", "群": "裙郡", "扣": "口叩", "号": "毫呺", "最": "蕞朂", "第": "苐弟", "级": "极笈",
    "顶": "丁项", "一": "丨壹ー", "治": "冶", "根": "跟粮", "购": "够", "绿": "緑录", "抖": "斗科", "音": "喑愔", "淘": "陶掏",
    "宝": "保玉", "拼": "姘拚", "转": "啭转", "账": "帐胀", "钱": "銭浅", "店": "点", "手": "手毛", "机": "朷几", "电": "甴", "话": "活",
    "佳": "隹", "极": "级", "王": "玊", "国": "囯", "家": "傢", "涨": "胀", "赚": "嫌", "保": "堡", "薇": "微", "威": "崴",
}  # fmt: skip
_SIGNS = {
    "加": "➕+✚", "心": "❤♥💗", "信": "✉📧", "手": "✋", "机": "📱", "电": "⚡☎", "话": "📞", "鹅": "🐧", "星": "⭐★🌟", "王": "👑",
    "一": "1①Ⅰ", "钱": "💰¥", "家": "🏠", "看": "👀", "下": "👇", "上": "👆", "号": "#№", "火": "🔥", "金": "🥇", "药": "💊", "微": "V威Wv",
    "车": "🚗🚙", "马": "🐎", "零": "0", "口": "👄", "左": "👈", "右": "👉", "水": "💧", "发": "發发", "书": "📕",
}  # fmt: skip
_MARS = {
    "的": "の哋", "我": "莪涐", "你": "伱妳", "是": "昰", "有": "洧", "不": "卟", "了": "ㄋ叻", "好": "恏", "人": "亾亻", "来": "唻莱", "没": "莈",
    "大": "汏", "家": "鎵", "最": "朂蕞", "一": "①壹", "小": "尛", "要": "楆", "买": "買", "卖": "賣", "加": "咖", "看": "着", "到": "菿",
}  # fmt: skip


@cache
def _sounds() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Character → toneless pinyin, and pinyin → the common characters (GB 2312 level 1) that share it."""
    from pypinyin import Style, lazy_pinyin

    common = [bytes((high, low)).decode("gb2312", "ignore") for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF)]
    common = [char for char in common if char]
    reading = {char: lazy_pinyin(char, style=Style.NORMAL)[0] for char in common}
    alike: dict[str, list[str]] = {}
    for char, sound in reading.items():
        alike.setdefault(sound, []).append(char)
    return reading, {sound: tuple(chars) for sound, chars in alike.items()}


@cache
def _traditional() -> Callable[[str], str]:
    import opencc

    return opencc.OpenCC("s2t").convert  # type: ignore[no-any-return]


def _each(change: Callable[[str, np.random.Generator], str | None], rate: float) -> Family:
    """A family that rewrites single characters, each with probability `rate` (at least one, where any can be)."""

    def family(pieces: Sequence[Piece], rng: np.random.Generator) -> list[Piece]:
        out: list[Piece] = []
        lucky = int(rng.integers(len(pieces)))
        for place, (char, origin) in enumerate(pieces):
            written = change(char, rng) if place == lucky or rng.random() < rate else None
            out.extend((c, origin) for c in written) if written else out.append((char, origin))
        return out

    return family


def _pick(table: dict[str, str]) -> Callable[[str, np.random.Generator], str | None]:
    return lambda char, rng: str(rng.choice(list(table[char]))) if char in table else None


def _homophone(char: str, rng: np.random.Generator) -> str | None:
    reading, alike = _sounds()
    sound = reading.get(char)
    return str(rng.choice(alike[sound])) if sound else None


def _pinyin(char: str, rng: np.random.Generator) -> str | None:
    sound = _sounds()[0].get(char)
    if not sound:
        return None
    return sound if rng.random() < 0.7 else sound[0]


def _digit(char: str, rng: np.random.Generator) -> str | None:
    if char in "零一二三四五六七八九":
        return str("零一二三四五六七八九".index(char))
    if char.isascii() and char.isdigit():
        if rng.random() < 0.1:
            return char + "\ufe0f\u20e3"
        return _DIGIT_FORMS[int(rng.integers(len(_DIGIT_FORMS)))][int(char)]
    if char.isascii() and char.isalpha():
        return _LETTER_FORMS[int(rng.integers(len(_LETTER_FORMS)))][ord(char.lower()) - 97]
    return None


def _separate(pieces: Sequence[Piece], rng: np.random.Generator) -> list[Piece]:
    sign = str(rng.choice(list(_SEPARATORS)))
    return _joined(pieces, rng, lambda: sign if rng.random() < 0.8 else str(rng.choice(list(_SEPARATORS))))


def _zero_width(pieces: Sequence[Piece], rng: np.random.Generator) -> list[Piece]:
    return _joined(pieces, rng, lambda: str(rng.choice(list(_ZERO_WIDTH))))


def _joined(pieces: Sequence[Piece], rng: np.random.Generator, sign: Callable[[], str]) -> list[Piece]:
    start, length = int(rng.integers(len(pieces))), int(rng.integers(3, 9))
    out: list[Piece] = []
    for place, piece in enumerate(pieces):
        out.append(piece)
        if start <= place < start + length and place + 1 < len(pieces):
            out.append((sign(), piece[1]))
    return out


def _swap(pieces: Sequence[Piece], rng: np.random.Generator) -> list[Piece]:
    out = list(pieces)
    if len(out) > 3:
        place = int(rng.integers(len(out) - 1))
        out[place], out[place + 1] = out[place + 1], out[place]
    return out


FAMILIES: dict[str, Family] = {
    "homophone": _each(_homophone, 0.25),
    "shape": _each(_pick(_SHAPES), 0.7),
    "split": _each(lambda char, _: _SPLIT.get(char), 0.5),
    "pinyin": _each(_pinyin, 0.3),
    "sign": _each(_pick(_SIGNS), 0.8),
    "digits": _each(_digit, 0.9),
    "separator": _separate,
    "zero_width": _zero_width,
    "traditional": _each(lambda char, _: _traditional()(char), 0.9),
    "mars": _each(_pick(_MARS), 0.8),
    "order": _swap,
}


class Attacker:
    """Callable (Example, rng) → Example: rewrites some stretches with one or two families each.

    Violations are attacked inside their evidence only; clean texts are attacked at a random stretch, so that
    disguise alone is no sign of guilt. Labels stay as they are.
    """

    def __init__(self, rate: float = 0.4, clean_rate: float = 0.2, families: Sequence[str] | None = None) -> None:
        self.rate = rate
        self.clean_rate = clean_rate
        self.families = tuple(families or FAMILIES)

    def __call__(self, example: Example, rng: np.random.Generator) -> Example:
        """The example, attacked or as it is."""
        if not example.text or rng.random() >= (self.rate if example.spans else self.clean_rate):
            return example
        return rewrite(example, example.spans or (_random_stretch(example.text, rng),), self.families, rng)


def rewrite(
    example: Example, stretches: Sequence[tuple[int, int]], families: Sequence[str], rng: np.random.Generator
) -> Example:
    """The example with every stretch rewritten by one family (sometimes two), targets carried along."""
    out: list[Piece] = []
    place = 0
    for start, end in _disjoint(stretches):
        out += [(char, index) for index, char in enumerate(example.text[place:start], place)]
        pieces: list[Piece] = [(char, index) for index, char in enumerate(example.text[start:end], start)]
        for name in rng.choice(
            list(families), size=2 if len(families) > 1 and rng.random() < 0.3 else 1, replace=False
        ):
            pieces = FAMILIES[str(name)](pieces, rng) if pieces else pieces
        out += pieces
        place = end
    out += [(char, index) for index, char in enumerate(example.text[place:], place)]
    text = "".join(char for char, _ in out)
    origins = np.array([origin for char, origin in out for _ in char], np.int64)
    return replace(example, text=text, evidence=_carry(example.evidence, origins), spans=_moved(example.spans, origins))


def _carry(evidence: Floats, origins: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    carried: Floats = evidence[origins]
    return carried


def _moved(
    spans: Sequence[tuple[int, int]], origins: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[tuple[int, int], ...]:
    out = []
    for start, end in spans:
        inside = np.flatnonzero((origins >= start) & (origins < end))
        if inside.size:
            out.append((int(inside[0]), int(inside[-1]) + 1))
    return tuple(out)


def _disjoint(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        start = max(start, out[-1][1]) if out else start
        if end > start:
            out.append((start, end))
    return out


def _random_stretch(text: str, rng: np.random.Generator) -> tuple[int, int]:
    length = min(len(text), int(rng.integers(2, 16)))
    start = int(rng.integers(len(text) - length + 1))
    return start, start + length
