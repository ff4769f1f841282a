"""Contact values are read as they are meant."""

from __future__ import annotations

import pytest

from tests.serve.live.conftest import WordJudge, comment, events_of
from xuncha.serve.live.campaigns import campaigns
from xuncha.serve.live.handles import read_handles


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("138-0013-8000", ["13800138000"]),
        ("幺三八 零零幺三 八零零零", ["13800138000"]),
        ("幺三八洞洞幺三八洞洞洞", ["13800138000"]),
        ("腰三八零零腰三八零零零", ["13800138000"]),
        ("幺三八 记一下啊 零零幺三 有没有记好 八零零零", ["13800138000"]),
        ("幺三八 幺三八 零零幺三八零零零", ["13800138000"]),
        ("❶❸❽⓪⓪①③⑧⓪⓪⓪", ["13800138000"]),
        ("1️⃣3️⃣8️⃣00138000", ["13800138000"]),
        ("１３８００１３８０００", ["13800138000"]),
        ("微信号是abc一二三", ["wx:abc123"]),
        ("加薇❤️ＡＢＣ①②③", ["wx:abc123"]),
        ("➕🛰️ guyuezhai_kk", ["wx:guyuezhai_kk"]),
        ("扣扣八八六六七七", ["qq:886677"]),
        ("发到 abc.d@qq.com", ["mail:abc.d@qq.com"]),
        ("一号链接三九九块两件七折", []),
        ("直径三十八点五重量二十六点七", []),
        ("证书编号20231138001380", []),
        ("加我微信看货", []),
        ("加微信abc123 666", ["wx:abc123"]),
        ("我的围心号是 w m y 六六八八", ["wx:wmy6688"]),
        ("微信号是 a b c 一二三", ["wx:abc123"]),
        ("幺三九 四个六 七八九零", ["13966667890"]),
        ("一共四个八十块的", []),
        ("去企鹅里面搜群号 六幺七七 三零五八幺", ["qq:617730581"]),
        ("绿泡泡里搜laowang八八", ["wx:laowang88"]),
    ],
)
def test_values_are_read(text: str, values: list[str]) -> None:
    assert [one.value for one in read_handles(text)] == values


def test_the_stretch_holds_the_value() -> None:
    text = "家人们记一下幺三八零零幺三八零零零晚上打给我"
    (handle,) = read_handles(text)
    assert text[handle.start : handle.end] == "幺三八零零幺三八零零零"
    text = "记一下幺三九七八九零四个六晚上打给我"
    (handle,) = read_handles(text)
    assert text[handle.start : handle.end] == "幺三九七八九零四个六"


def test_one_value_in_several_rooms_is_one_campaign(judge: WordJudge) -> None:
    turns = [
        comment(1, "甲", "加微信abc123", room="一"),
        comment(1, "乙", "加微信ＡＢＣ１２３", room="二"),
        comment(1, "丙", "加微信xyz789", room="二"),
    ]
    first, second = campaigns(events_of(judge, turns))
    assert (first.value, first.rooms, first.wide, second.wide) == ("wx:abc123", ("一", "二"), True, False)
