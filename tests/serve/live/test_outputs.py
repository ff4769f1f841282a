"""Events on paper: lines, cues and the page, none of which a hostile text can turn against its reader."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serve.live.conftest import WordJudge, comment, events_of, speech
from xuncha.labels import Taxonomy
from xuncha.serve.live.events import Event
from xuncha.serve.live.outputs import cues, event_lines, json_line, summary_lines
from xuncha.serve.live.page import page
from xuncha.serve.live.turns import Turn

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "<script>document.title='x'</script><img src=x onerror=alert(1)>\x1b[31m\u202e-->加微信abc123\n00:00 --> 9"


def turns() -> list[Turn]:
    return [
        speech(1, "来看这件", 2, user="小翠"),
        speech(3, "想看细节的加微信abc123", 6, user="小翠"),
        *(comment(8.0 + at, f"u{at}", HOSTILE) for at in range(3)),
        speech(20, "全网最低", 22, user="=cmd()", room="<b>二"),
        comment(25, "甲", "加微信abc123", room="<b>二"),
    ]


@pytest.fixture
def events(judge: WordJudge) -> list[Event]:
    return events_of(judge, turns())


def test_an_event_says_what_where_when_and_why(events: list[Event]) -> None:
    found = json.loads(json_line(events[-2]))
    quote = {"where": "t:3", "user": "小翠", "role": "host", "start": 4.071, "end": 5.786, "text": "加微信abc123",
             "begin": 5, "stop": 14}  # fmt: skip
    assert {key: found[key] for key in ("room", "label", "reason", "rule", "role", "user", "repeats", "users")} == {
        "room": "r", "label": "off_platform", "reason": "contact", "rule": "快手小店《发布其他平台信息》专项治理①",
        "role": "host", "user": "小翠", "repeats": 1, "users": 1,
    }  # fmt: skip
    assert found["evidence"] == [quote]
    assert found["handles"] == [{"value": "wx:abc123", "kind": "wx", "text": "abc123", "start": 4.714, "end": 5.786}]
    assert (found["clock"], found["peak"], found["exposed_minutes"]) == ("0:00:04.1", 0.97, 0.029)
    assert json.loads(json_line(Event.from_json(found))) == found


def test_a_lone_surrogate_can_be_written(judge: WordJudge) -> None:
    (event,) = events_of(judge, [comment(1, "\ud800", "加微信abc123")])
    assert json.loads(json_line(event).encode("utf-8"))["user"] == "\ud800"


def test_terminal_lines_cannot_act_and_show_times_repeats_and_values(events: list[Event]) -> None:
    text = "\n".join(
        "".join(piece.text for piece in line) for one in events for line in event_lines(one, Taxonomy.load())
    )
    assert "\x1b" not in text and "\u202e" not in text
    assert "    also u1 0:00:09.0, u2 0:00:10.0\n" in text
    assert "3 times by 3 users" in text and "→ wx:abc123" in text and "0:00:04.1 – 0:00:05.8" in text


def test_the_summary_names_a_contact_value_of_several_rooms(events: list[Event]) -> None:
    assert summary_lines(events, 2, 7, 1) == [
        "2 rooms, 7 turns: 4 events · exaggerated 1 · off_platform 3",
        "wx:abc123: 2 rooms, 5 times: <b>二, r",
        "1 lines came later than the tolerance and were judged where they came.",
    ]


@pytest.mark.parametrize("vtt", [False, True])
def test_cues_hold_the_events_and_nothing_of_them_can_end_a_cue(events: list[Event], vtt: bool, tmp_path: Path) -> None:
    from xuncha.serve.live.records import Reading, read_records

    text = cues(events, Taxonomy.load(), {}, vtt=vtt)
    path = tmp_path / ("e.vtt" if vtt else "e.srt")
    path.write_text(text, "utf-8")
    found = read_records([str(path)], Reading())
    assert [turn.start for turn in found] == [
        pytest.approx(one.start, abs=0.001) for one in sorted(events, key=lambda one: one.start)
    ]
    assert len(re.findall("-->", text)) == len(events)
    assert "站外引流·联系方式" in found[0].text and "wx:abc123" in found[0].text
    assert not re.search(r"<\w", text)


def shown(browser: Browser, tmp_path: Path, content: Sequence[Turn], events: list[Event]) -> tuple[object, list[str]]:
    path = tmp_path / "page.html"
    path.write_text(page(content, events, Taxonomy.load(), "words@0"), "utf-8")
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    opened.on("dialog", lambda dialog: said.append(dialog.message))
    opened.goto(path.as_uri())
    return opened, said


def test_the_page_shows_rooms_timeline_events_and_marked_words(
    browser: Browser, tmp_path: Path, events: list[Event]
) -> None:
    opened, said = shown(browser, tmp_path, turns(), events)
    assert opened.locator("section.room").count() == 2  # type: ignore[attr-defined]
    assert opened.locator(".bar a").count() == len(events)  # type: ignore[attr-defined]
    assert opened.locator(".transcript mark.off_platform").first.inner_text() == "加微信abc123"  # type: ignore[attr-defined]
    assert "团伙线索" in opened.locator("#handles tbody tr").first.inner_text()  # type: ignore[attr-defined]
    opened.locator("section.room .events a").first.click()  # type: ignore[attr-defined]
    assert opened.evaluate("document.querySelector('tr:target mark') !== null")  # type: ignore[attr-defined]
    assert opened.evaluate("document.documentElement.scrollWidth") <= 1200  # type: ignore[attr-defined]
    repeats = opened.locator("details.repeats")  # type: ignore[attr-defined]
    assert repeats.count() == 1 and repeats.locator("summary").inner_text() == "重复发布 2 次"
    repeats.locator("summary").click()
    assert repeats.locator("a").all_inner_texts() == ["0:00:09.0", "0:00:10.0"]
    assert "u1" in repeats.inner_text() and "u2" in repeats.inner_text()
    assert said == []


def test_nothing_on_the_page_can_act(browser: Browser, tmp_path: Path, events: list[Event]) -> None:
    opened, said = shown(browser, tmp_path, turns(), events)
    assert opened.title() == "直播间巡查 · 4 处违规"  # type: ignore[attr-defined]
    assert opened.locator("script, img, iframe").count() == 0  # type: ignore[attr-defined]
    assert "<script>" in opened.locator(".transcript").last.inner_text()  # type: ignore[attr-defined]
    assert said == []


def test_the_bars_stand_where_the_events_are(browser: Browser, tmp_path: Path, judge: WordJudge) -> None:
    content = [speech(0, "来", 1), speech(50, "全网最低", 52), speech(99, "好", 100)]
    opened, _ = shown(browser, tmp_path, content, events_of(judge, content))
    bar, mark = opened.locator(".bar").last.bounding_box(), opened.locator(".bar a").bounding_box()  # type: ignore[attr-defined]
    assert (mark["x"] - bar["x"]) / bar["width"] == pytest.approx(0.5, abs=0.01)
