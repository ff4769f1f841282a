"""Contact values are read as they are meant."""

from __future__ import annotations

import pytest

from tests.serve.live.conftest import WordJudge, comment, events_of, speech
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


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("加我威信mama520一号链接也可以拍", ["wx:mama520"]),
        ("加我微信abc12345五块钱一斤的苹果", ["wx:abc12345"]),
        ("加我微信abc12345三天根治颈椎病", ["wx:abc12345"]),
        ("加我QQ1234567三号链接", ["qq:1234567"]),
        ("微信abc12345两个人一起拍", ["wx:abc12345"]),
        ("微信abc12345一起来看", ["wx:abc12345"]),
        ("微信abc12345腰围多少", ["wx:abc12345"]),
        ("微信abc123三九九块钱的那款", ["wx:abc123"]),
        ("微信是abc一二三三号链接", ["wx:abc123"]),
        ("电话一三八零零一三八零零零一件也是批发价", ["13800138000"]),
        ("电话一三八零零一三八零零零三九九块一件", ["13800138000"]),
        ("电话13800138000两百块", ["13800138000"]),
        ("电话13800138000一个人", ["13800138000"]),
        ("电话1380013800025块钱", ["13800138000"]),
        ("电话13800138000 3号链接", ["13800138000"]),
        ("卖酒13800138000", ["13800138000"]),
        ("幺三八啊零零幺三啊八零零零一号链接也可以拍", ["13800138000"]),
        ("扣扣八八六六七七三号链接", ["qq:886677"]),
        ("扣扣八八六六七七两个人一起拍", ["qq:886677"]),
        ("扣扣八八六六七七一起拍", ["qq:886677"]),
        ("加QQ1234567 3号链接", ["qq:1234567"]),
        ("打我电话幺五九二二零零四四八三一准给赔", ["15922004483"]),
        ("小企鹅四四零幺九一百件起", ["qq:44019"]),
        ("发我qq四四九幺零零三二七二十件起印", ["qq:449100327"]),
        ("飞机 @dongbei_qian三天翻倍", []),
        ("iPhone13二手128G", ["id:iphone13"]),
    ],
)
def test_a_number_of_something_after_a_contact_value_is_no_part_of_it(text: str, values: list[str]) -> None:
    assert [one.value for one in read_handles(text)] == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("微信是abc12三", ["wx:abc123"]),
        ("微信是abc12三啊", ["wx:abc123"]),
        ("微信是a一b二c三d", ["wx:a1b2c3d"]),
        ("138零零一三八零零零", ["13800138000"]),
        ("一三八零零一三八零零零号码记一下", ["13800138000"]),
        ("一三八零零一三八零零零天天在", ["13800138000"]),
        ("一三八零零一三八零零零一三八零零一三八零零零", ["13800138000"]),
        ("一三八一三八零零一三八零零零", ["13800138000"]),
        ("扣扣八八六六七七个人号", ["qq:886677"]),
        ("证书编号一三八零零一三八零零零一二三四五", []),
        ("条码幺九二幺七七零五六三三八你看一下", []),
        ("🐧六六二〇三七号 附营养液", ["qq:662037"]),
        ("伽薇 mumu〇七一一 月嫂档期", ["wx:mumu0711"]),
    ],
)
def test_digits_that_belong_to_a_contact_value_are_kept(text: str, values: list[str]) -> None:
    assert [one.value for one in read_handles(text)] == values


def test_a_turn_that_begins_with_a_number_of_something_begins_no_digits_of_an_id() -> None:
    text = "加我微信abc1234525块钱一斤"
    (handle,) = read_handles(text, [text.index("25块")])
    assert (handle.value, text[handle.start : handle.end]) == ("wx:abc12345", "abc12345")
    assert [one.value for one in read_handles("加我微信abc12345", [8])] == ["wx:abc12345"]
    assert [one.value for one in read_handles("幺三八零零幺三八零零零", [3, 7])] == ["13800138000"]


def test_the_words_of_the_next_turn_are_no_evidence_of_a_contact_value(judge: WordJudge) -> None:
    (event,) = events_of(judge, [speech(1, "想要的加我微信mama520", 3), speech(4, "一号链接也可以拍", 6)])
    assert ([quote.text for quote in event.evidence], event.handles[0].value) == (["加我微信mama520"], "wx:mama520")
    (event,) = events_of(judge, [speech(1, "想要的加我微信mama520", 3), speech(4, "25块钱一斤的苹果", 6)])
    assert ([quote.text for quote in event.evidence], event.handles[0].value) == (["加我微信mama520"], "wx:mama520")


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
