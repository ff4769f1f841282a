from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.encoding import Decoding, mended

if TYPE_CHECKING:
    from tests.serve.conftest import Run

HAN = "乾隆通宝 宝泉局 直径二十四毫米 包浆自然，加V看货\n"


def decoded(data: bytes, name: str | None = None, block: int = 1 << 20) -> tuple[str, str]:
    decoding = Decoding("f.csv", name)
    text = "".join(decoding.decoded(data[at : at + block] for at in range(0, len(data), block)))
    return decoding.label, text


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8 with BOM"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16 with BOM"),
        ("utf-32", "utf-32 with BOM"),
    ],
)
@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_encodings_are_told_apart_whatever_the_blocks(encoding: str, label: str, block: int) -> None:
    text = "id,text\n" + HAN * 3
    if block == 1 and encoding == "utf-16":
        text = text[:40]
    data = text.encode(encoding)
    first = max(block, 4)  # a byte order mark comes whole
    decoding = Decoding("f.csv")
    blocks = [data[:first], *(data[at : at + block] for at in range(first, len(data), block))]
    if block == 1:  # the vote needs the window that follows
        blocks = [data[:first], data[first:]]
    assert "".join(decoding.decoded(blocks)) == text
    assert decoding.label == label


def test_utf_16_big_endian_needs_only_its_mark() -> None:
    assert decoded(codecs.BOM_UTF16_BE + HAN.encode("utf-16-be")) == ("utf-16 with BOM", HAN)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_what_is_ascii_for_a_megabyte_may_still_be_either(encoding: str, run: Run) -> None:
    text = "id,text\n" + "1,plain ascii row for the start\n" * 40_000 + f"2,{HAN}"
    assert len(text) > 1 << 20
    assert run.rows("in.csv", text.encode(encoding))[-1]["text"] == HAN.strip()
    assert run.summary.encoding == encoding


def test_one_bad_line_does_not_turn_utf_8_into_something_else(run: Run) -> None:
    lines = [f"{at},{HAN.strip()}".encode() for at in range(20)]
    lines[7] = b"7,\xd6\xd0\xb9\xfa"
    rows = run.rows("in.csv", b"id,text\n" + b"\n".join(lines))
    assert [row["status"] for row in rows].count("ok") == 19
    assert rows[7]["status"] == "malformed: some bytes do not fit the encoding"
    assert rows[7]["text"] == "\\xd6й\\xfa"
    assert run.summary.encoding == "utf-8"


def test_one_bad_line_in_ascii_is_a_row_with_a_status(run: Run) -> None:
    rows = run.rows("in.csv", b"id,text\n" + b"1,plain\n" * 50 + b"2,caf\xe9\n")
    assert [row["status"] for row in rows].count("ok") == 50
    assert rows[-1]["text"] == "caf\\xe9"


def test_one_bad_line_does_not_turn_gb18030_into_something_else(run: Run) -> None:
    lines = [f"{at},{HAN.strip()}".encode("gb18030") for at in range(20)]
    lines[7] = b"7,\xff\xff"
    assert run.statuses("in.csv", b"id,text\n" + b"\n".join(lines)).count("ok") == 19
    assert run.summary.encoding == "gb18030"


def test_four_byte_gb18030_characters_are_read(run: Run) -> None:
    text = "id,text\n1,𠮷野家 ṿ 加V㐂 是四字节字符，其余是常用汉字\n"
    assert run.rows("in.csv", text.encode("gb18030"))[0]["text"] == "𠮷野家 ṿ 加V㐂 是四字节字符，其余是常用汉字"


@pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
def test_other_encodings_are_refused_with_the_way_out(encoding: str) -> None:
    texts = {
        "big5": "古錢幣收藏 請加入好友 價格最優惠 歡迎來電洽詢 誠信經營 這是一個測試檔案\n",
        "shift_jis": "これは日本語のテストです。商品の説明をここに書きます\n",
    }
    data = (texts[encoding] * 20).encode(encoding)
    with pytest.raises(XunchaError) as error:
        decoded(data)
    assert str(error.value) == "f.csv: neither UTF-8 nor GB18030. Name its encoding, for example --encoding big5."
    assert decoded(data, encoding)[1] == texts[encoding] * 20


def test_traditional_characters_in_gb18030_are_read() -> None:
    text = "古錢幣收藏，請放心購買，價格優惠，歡迎諮詢，品相如圖所示，瑕疵請看照片。\n" * 5
    assert decoded(text.encode("gb18030")) == ("gb18030", text)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_the_nuls_of_its_line_ends(encoding: str) -> None:
    for text in ("id,text\n1,abc\n", f"编号,文本\r\n1,{HAN}\n", "{}\n"):
        assert decoded(text.encode(encoding)) == (encoding, text)
    assert decoded(HAN.encode(encoding), encoding)[1] == HAN


def test_a_stray_nul_does_not_make_a_file_utf_16() -> None:
    for text in ("id,text\n1,a\0b\n2,好\n", "id,text\n\0\0\n1,加V看货,好\n"):
        assert decoded(text.encode()) == ("utf-8", text)


def test_a_named_encoding_is_used_and_its_mark_dropped() -> None:
    assert decoded(HAN.encode("utf-8-sig"), "UTF8") == ("utf-8 with BOM", HAN)
    assert decoded(HAN.encode("utf-8-sig"), "utf-8-sig") == ("utf-8 with BOM", HAN)
    assert decoded(HAN.encode("gbk"), "gbk") == ("gb18030", HAN)


@pytest.mark.parametrize("name", ["utf-9", "base64", "", "中文"])
def test_an_unknown_encoding_is_an_error(name: str) -> None:
    with pytest.raises(XunchaError, match="--encoding: there is no text encoding"):
        Decoding("f.csv", name)


def test_undecodable_bytes_stay_visible() -> None:
    assert mended(decoded(HAN.encode() + b"a\xffb\n", "utf-8")[1]) == HAN + "a\\xffb\n"


def test_a_window_that_ends_within_a_character_still_decides() -> None:
    data = ("好" * 1_000_000).encode()
    assert decoded(data) == ("utf-8", "好" * 1_000_000)
    assert decoded(b"x" + ("好" * 1_200_000).encode("gb18030"))[0] == "gb18030"


def test_gb18030_jsonl_comes_out_as_utf_8(run: Run) -> None:
    line = f'{{"text": "{HAN.strip()}"}}\n'
    assert run.output("in.jsonl", line.encode("gb18030"), "out.jsonl").decode("utf-8").startswith(line.strip()[:-1])


def test_utf_16_csv_comes_out_as_utf_8_with_a_mark(run: Run) -> None:
    scored = run.output("in.csv", ("id,text\r\n1," + HAN).encode("utf-16"), "out.csv")
    assert scored.startswith(codecs.BOM_UTF8 + b"id,text,score_")
    assert HAN.strip() in scored.decode("utf-8")


@pytest.mark.parametrize("text", ["café au lait, crème brûlée\n", "Crédit agricole, naïveté\n"])
def test_a_few_latin_1_letters_are_not_taken_for_chinese(text: str) -> None:
    with pytest.raises(XunchaError, match="neither UTF-8 nor GB18030"):
        decoded(text.encode("latin-1"))
