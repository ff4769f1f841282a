"""Text normalisation as data: one table of single characters, compiled into `tokenizer.json`.

The table maps a code point to what it reads as: NFKC, lower case, accents dropped, traditional to simplified
(OpenCC), decorative digits and letters to plain ones (from their Unicode names), emoji to their Chinese names
(the `emoji` package, from Unicode CLDR). Because it is part of `tokenizer.json`, training and serving cannot
differ, and the tokenizer keeps offsets into the original text through every step.

Building needs `opencc`, `emoji` and `sentencepiece` (extra `train`); reading the result needs none of them.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator

from tokenizers import Regex, normalizers

# Code points that are never read: they carry no sound and no shape, and are what texts are broken up with.
# Cc controls except tab, LF, CR; Cf format characters (zero-width, bidi, tags); combining marks; variation selectors.
_SPACES = "\t\n\r\v\f\x85\u2028\u2029"

# Valid toneless pinyin syllables: initials × finals, a superset that is tight enough to leave "(xl)" or "(cm)" alone.
_PINYIN = (
    r"(?:[bpmf]|[dtnl]|[gkh]|[jqx]|zh|ch|sh|[rzcs]|[yw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|üan|ai|ei|ao|ou|an|en|in|un|ün|ia|ie|iu|ua|ui|uo|üe|ue|er|a|o|e|i|u|ü|v)"
)
# A Han character followed by its own pinyin in brackets, as page converters leave it: 業(yè). One letter alone is a size.
PINYIN_IN_BRACKETS = r"(?<=\p{Han})[(\[](?=[a-zü]{2,6}[)\]])" + _PINYIN + r"[)\]]"

_DECORATED = re.compile(
    r"(?:CIRCLED|SQUARED|PARENTHESIZED|DINGBAT|NEGATIVE|DOUBLE|SANS-SERIF|REGIONAL INDICATOR|LATIN|CROSSED)\b"
    r".*?\b(?:LETTER|SMALL CAPITAL|DIGIT|NUMBER)\s+(?:SMALL CAPITAL |CAPITAL |SMALL )?(?P<what>[A-Z]+)$"
)
_NUMBER_WORDS = {
    w: str(n)
    for n, w in enumerate(
        [
            "ZERO",
            "ONE",
            "TWO",
            "THREE",
            "FOUR",
            "FIVE",
            "SIX",
            "SEVEN",
            "EIGHT",
            "NINE",
            "TEN",
            "ELEVEN",
            "TWELVE",
            "THIRTEEN",
            "FOURTEEN",
            "FIFTEEN",
            "SIXTEEN",
            "SEVENTEEN",
            "EIGHTEEN",
            "NINETEEN",
            "TWENTY",
        ]
    )
}
# Letters of other alphabets that are drawn like Latin ones; in Chinese text they stand for them.
_LOOKALIKES = dict(
    zip(
        "аеорсхукмтвніѕјԛԝѵɡαβγενικμορτυχωѴⅤνΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcxykmtbhisjqwvgabyevikmoptuxwvvvabezhikmnoptyx",
        strict=True,
    )
)
# What an unknown sign reads as: punctuation that BERT splits off, so that it does not make its whole word unknown.
UNREADABLE = "※"
# Names that CLDR gives for a picture, where solicitors and hosts mean its short reading.
_READINGS = {
    "➕": "加", "✚": "加", "✙": "加", "🞣": "加", "❤": "心", "♥": "心", "♡": "心", "❣": "心", "🧡": "心", "💛": "心",
    "💚": "绿心", "💙": "心", "💜": "心", "🖤": "心", "🤍": "心", "💗": "心", "💓": "心", "💖": "心", "💕": "心",
    "🛰": "卫星", "🐧": "企鹅", "☎": "电话", "✆": "电话", "📞": "电话", "📱": "手机", "📲": "手机", "✉": "信", "📧": "邮箱",
    "💯": "100分", "🔝": "top", "🈴": "合", "🈵": "满", "🆕": "新", "🆗": "ok", "🆒": "cool", "🆓": "免费", "🅿": "p",
    "🆔": "id", "🆚": "vs", "🅰": "a", "🅱": "b", "🅾": "o", "🆎": "ab", "☏": "电话", "🔍": "搜", "🔎": "搜", "👇": "下",
    "👆": "上", "👉": "右", "👈": "左", "✅": "勾", "✔": "勾",
    "〇": "零", "○": "零", "◯": "零", "⭕": "圈", "🔞": "18禁",
    "∨": "v", "⋁": "v",
}  # fmt: skip


def build_normalizer(in_vocabulary: Callable[[str], bool]) -> normalizers.Normalizer:
    """The normaliser that goes into `tokenizer.json`.

    `in_vocabulary(char)` says whether the encoder knows a character: one that it knows only in its unsimplified or
    decorated form is left alone, so that normalisation never turns a known character into an unknown one.
    """
    table = dict(character_table(in_vocabulary))
    return normalizers.Sequence(
        [
            normalizers.Replace(Regex("[" + _SPACES.replace("\r", r"\r").replace("\n", r"\n") + "]"), " "),
            normalizers.Replace(Regex(_removed_class()), ""),
            normalizers.Precompiled(_compile(table)),
            normalizers.Replace(Regex(PINYIN_IN_BRACKETS), ""),
            normalizers.BertNormalizer(
                clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False
            ),
        ]
    )


def character_table(in_vocabulary: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield (character, reading) for every code point whose reading differs from itself; readings are never empty."""
    import emoji
    import opencc

    emoji.config.load_language("zh")
    simplify = opencc.OpenCC("t2s").convert
    pictures = {
        sign: names["zh"].strip(":").replace("_", "")
        for sign, names in emoji.EMOJI_DATA.items()
        if len(sign) == 1 and "zh" in names
    }
    for code in range(0x20, sys.maxunicode + 1):
        char = chr(code)
        category = unicodedata.category(char)
        if category in ("Cs", "Co", "Cn", "Cc", "Cf", "Mn", "Me"):
            continue
        reading = _read(char, pictures)
        if char >= "\u3400":
            simple = simplify(reading)
            if simple != reading and (in_vocabulary(simple) or not in_vocabulary(reading)):
                reading = simple
        if not _known(reading, in_vocabulary):
            if in_vocabulary(char):
                continue
            if category[0] in "SPZN" or not _is_word(reading):
                reading = UNREADABLE
        if reading != char:
            yield char, reading


def _is_word(reading: str) -> bool:
    return all("\u3400" <= c <= "\u9fff" or "\uf900" <= c <= "\ufaff" or c > "\U0001ffff" for c in reading)


def _known(reading: str, in_vocabulary: Callable[[str], bool]) -> bool:
    return all(c == " " or in_vocabulary(c) for c in reading)


def _read(char: str, pictures: dict[str, str]) -> str:
    if char in _READINGS:
        return _READINGS[char]
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    name = unicodedata.name(char, "")
    decorated = _DECORATED.search(name)
    if decorated and not unicodedata.normalize("NFKC", char).isascii():
        what = decorated["what"].split()[-1]
        if what in _NUMBER_WORDS:
            return _NUMBER_WORDS[what]
        if len(what) == 1:
            return what.lower()
    if char in pictures:
        return pictures[char]
    plain = unicodedata.normalize("NFKD", char)
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc"))
    # NFKD takes Hangul and kana apart; composing again keeps them whole.
    plain = unicodedata.normalize("NFC", plain).lower()
    if re.fullmatch(r"[(\[]?[^()\[\]]+[)\].,]", plain) and len(char) == 1 and len(plain) > 1:
        plain = plain.strip("()[].,")  # ⑴ ⒈ ㈠ read as the number
    return plain.replace("\u2044", "/").strip() or " "


def _removed_class() -> str:
    """A regular-expression class of the code points that normalisation deletes, written as ranges."""
    removed = [
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Mn", "Me", "Co", "Cn")
        and chr(code) not in _SPACES
        and not 0xD800 <= code <= 0xDFFF
    ] + list(range(0x1F3FB, 0x1F400))  # skin tones
    ranges: list[list[int]] = []
    for code in sorted(set(removed)):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(rf"\x{{{a:x}}}-\x{{{b:x}}}" if a != b else rf"\x{{{a:x}}}" for a, b in ranges) + "]+"


def _compile(table: dict[str, str]) -> bytes:
    """The table in SentencePiece's precompiled form (a double-array trie), which `tokenizers` reads."""
    import tempfile
    from pathlib import Path

    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        rules.write_text(
            "".join(
                f"{ord(source):X}\t{' '.join(f'{ord(c):X}' for c in target)}\n"
                for source, target in sorted(table.items())
            )
        )
        compiled = sentencepiece.SentencePieceNormalizer(rule_tsv=str(rules))
        proto = sentencepiece_model_pb2.ModelProto.FromString(compiled.serialized_model_proto())
    charsmap: bytes = proto.normalizer_spec.precompiled_charsmap
    return charsmap
