"""What the tokenizer of the released model reads, and where its tokens stand in the original text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuncha.models.bundle import open_bundle
from xuncha.models.pieces import read_tokenizer

TOKENIZER = read_tokenizer(open_bundle("nano", check_hashes=False))


def reading(text: str) -> str:
    return "".join(TOKENIZER.normalizer.normalize_str(text).split())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("①②❸⑩", "12310"),
        ("𝟏𝟑𝟖", "138"),
        ("1️⃣3️⃣8️⃣", "138"),
        ("Ⓥ🅥ᴠⱽＶ", "vvvvv"),
        ("全網最低價", "全网最低价"),
        ("加\u200b薇\u200d信\u2060", "加薇信"),
        ("加\u202e信\u0000", "加信"),
        ("加̶微̶信̶", "加微信"),
        ("業(yè)務(wù)", "业务"),
        ("➕🛰️🐧", "加卫星企鹅"),
        ("❤📱", "心手机"),
        ("尺码(xl)", "尺码(xl)"),
        ("café", "cafe"),
    ],
)
def test_disguised_forms_read_as_plain_ones(written: str, read: str) -> None:
    assert reading(written) == read


def cut(text: str) -> list[tuple[str, str]]:
    encoding = TOKENIZER.encode(text, add_special_tokens=False)
    return [(token, text[start:end]) for token, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True)]


def test_offsets_cut_out_the_original_characters_whatever_normalisation_did() -> None:
    assert cut("全網①價") == [("全", "全"), ("网", "網"), ("1", "①"), ("价", "價")]
    assert cut("\u200b加\u200b➕微") == [("加", "加"), ("加", "➕"), ("微", "微")]
    assert cut("😀👍🏻好")[-1] == ("好", "好")
    assert cut("業(yè)務")[0] == ("业", "業") and cut("業(yè)務")[-1] == ("务", "務")
    assert [piece for _, piece in cut("é加v")] == ["é", "加", "v"]


def test_an_unknown_sign_does_not_swallow_its_neighbours() -> None:
    assert ("v", "V") in cut("V𓀀v") or ("v", "v") in cut("V𓀀v")
    assert "[UNK]" not in [token for token, _ in cut("5×10★℃￥")]


@given(st.text(max_size=60))
def test_offsets_stay_inside_the_text_and_in_order(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    offsets = TOKENIZER.encode(text, add_special_tokens=False).offsets
    assert all(0 <= start <= end <= len(text) for start, end in offsets)
    assert all(a[0] <= b[0] for a, b in zip(offsets, offsets[1:], strict=False))


@given(st.text(alphabet="加微信看货V①②全網最低1380", min_size=1, max_size=30), st.integers(0, 30))
def test_invisible_characters_change_neither_tokens_nor_what_they_cut(text: str, place: int) -> None:
    place = min(place, len(text))
    broken = text[:place] + "\u200b\u202e" + text[place:]
    plain = TOKENIZER.encode(text, add_special_tokens=False)
    hidden = TOKENIZER.encode(broken, add_special_tokens=False)
    assert plain.tokens == hidden.tokens
    cuts = [broken[start:end].replace("\u200b", "").replace("\u202e", "") for start, end in hidden.offsets]
    assert cuts == [text[start:end] for start, end in plain.offsets]
