"""Windows, candidates and events: the same whatever the segment borders, the same in a stream as in a record."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serve.live.conftest import WordJudge, comment, events_of, final, speech
from xuncha.serve.live.events import Event
from xuncha.serve.live.monitor import Monitor
from xuncha.serve.live.settings import SETTINGS
from xuncha.serve.live.turns import Turn
from xuncha.serve.verdict import Scored

FILLER = "来看一下这件衣服的面料啊棉的百分之九十五洗了不会缩水的大家放心喜欢的点购物车一号链接今天下单明天发货"
TALK = f"{FILLER}想看细节的加微信abc123{FILLER}这个价格全网最低{FILLER}"


def essence(events: list[Event]) -> list[tuple[object, ...]]:
    return [
        (one.label, one.reason, round(one.start, 2), round(one.end, 2), one.text.replace(" … ", ""),
         [said.value for said in one.handles], one.peak, one.support)
        for one in events
    ]  # fmt: skip


def cut(text: str, *places: int, pace: float = 0.2) -> list[Turn]:
    edges = [0, *sorted(places), len(text)]
    return [
        speech(10 + a * pace, text[a:b], 10 + b * pace, where=f"t:{a}")
        for a, b in zip(edges, edges[1:], strict=False)
        if a < b
    ]


def test_every_segment_border_gives_the_same_events(judge: WordJudge) -> None:
    whole = essence(events_of(judge, cut(TALK)))
    assert [one[0] for one in whole] == ["off_platform", "exaggerated"]
    for place in range(1, len(TALK)):
        assert essence(events_of(judge, cut(TALK, place))) == whole


@given(st.lists(st.integers(1, len(TALK) - 1), max_size=40))
@settings(deadline=None, max_examples=40)
def test_any_number_of_borders_gives_the_same_events(places: list[int]) -> None:
    judge = WordJudge()
    assert essence(events_of(judge, cut(TALK, *places))) == essence(events_of(judge, cut(TALK)))


def test_blanks_at_and_within_segments_change_nothing(judge: WordJudge) -> None:
    spaced = [replace(turn, text=" " + " ".join(turn.text) + "\n") for turn in cut(TALK, 40, 60)]
    assert next(one[:6] for one in essence(events_of(judge, spaced)))[5] == ["wx:abc123"]
    assert len(events_of(judge, spaced)) == 2


def test_one_violation_in_many_windows_is_one_event(judge: WordJudge) -> None:
    found = events_of(judge, cut(FILLER + "加微信abc123" + FILLER))
    assert [one.text for one in found] == ["加微信abc123"]


def test_a_number_spoken_over_several_turns_is_read_whole_with_its_turns(judge: WordJudge) -> None:
    turns = [
        speech(0, "打我电话", 1),
        speech(2, "幺三八", 3),
        speech(4, "零零幺三", 5),
        speech(6, "八零零零", 7),
        speech(8, FILLER, 18),
    ]
    (event,) = events_of(judge, turns)
    assert [quote.text for quote in event.evidence] == ["幺三八", "零零幺三", "八零零零"]
    assert [said.value for said in event.handles] == ["13800138000"]
    assert [quote.where for quote in event.evidence] == ["t:2", "t:4", "t:6"]
    assert (event.start, round(event.end, 2)) == (2.0, 6.75)


def test_a_number_is_quoted_to_its_last_digit(judge: WordJudge) -> None:
    turns = [
        speech(0, "加我微信啊", 1),
        speech(1, "幺三八啊", 2),
        speech(2, "零零幺三啊", 3),
        speech(3, "八零零零" + FILLER, 9),
    ]
    (event,) = events_of(judge, turns)
    assert [quote.text for quote in event.evidence] == ["加我微信啊", "幺三八啊", "零零幺三啊", "八零零零"]


def test_a_number_in_several_comments_of_one_user_is_read_whole(judge: WordJudge) -> None:
    turns = [comment(1, "甲", "138"), comment(2, "乙", "多少钱"), comment(4, "甲", "0013"), comment(9, "甲", "8000")]
    (event,) = events_of(judge, turns)
    assert ([quote.user for quote in event.evidence], event.handles[0].value) == (["甲"] * 3, "13800138000")


def test_comments_of_different_users_are_never_joined(judge: WordJudge) -> None:
    assert events_of(judge, [comment(1, "甲", "138001"), comment(2, "乙", "38000")]) == []


def test_words_far_apart_are_never_joined(judge: WordJudge) -> None:
    assert events_of(judge, [speech(0, "加", 1), speech(1 + SETTINGS.window_s, "微信abc", 40)]) == []


def test_a_lone_high_view_makes_no_event() -> None:
    class Nervous(WordJudge):
        def _verdict(self, text: str) -> Scored:
            verdict = super()._verdict(text)
            if len(text) < 60:  # only a whole window finds it; the stretch with its surroundings does not
                return replace(verdict, scores=dict.fromkeys(verdict.scores, 0.05))
            return verdict

    assert events_of(Nervous(), cut(TALK)) == []


def test_the_same_comment_by_many_is_one_event_scored_once(judge: WordJudge) -> None:
    turns = [comment(float(at), f"u{at}", "加微信abc123") for at in range(200)]
    (event,) = events_of(judge, turns)
    assert (event.repeats, event.users, event.start, event.end) == (200, 200, 0.0, 199.0)
    assert event.exposed_minutes == round(199 / 60, 3)
    assert judge.asked.count("加微信abc123") == 1


def test_an_event_names_who_repeated_it_when_and_where_the_first_fifty(judge: WordJudge) -> None:
    turns = [comment(float(at), user, "加微信abc123") for at, user in enumerate("甲乙丙丁")]
    (event,) = events_of(judge, turns)
    assert event.to_json()["repeated_by"] == [
        {"user": "乙", "time": 1.0, "where": "c:1.0:乙"},
        {"user": "丙", "time": 2.0, "where": "c:2.0:丙"},
        {"user": "丁", "time": 3.0, "where": "c:3.0:丁"},
    ]
    (event,) = events_of(judge, [comment(float(at), f"u{at}", "加微信abc123") for at in range(60)])
    assert [one.user for one in event.repeated_by] == [f"u{at}" for at in range(1, 51)]


def test_a_comment_repeated_after_a_long_time_is_a_new_event(judge: WordJudge) -> None:
    assert (
        len(events_of(judge, [comment(0, "a", "加微信abc123"), comment(SETTINGS.repeat_s + 1, "b", "加微信abc123")]))
        == 2
    )


def room_of(seed: int, name: str) -> list[Turn]:
    rng = random.Random(seed)
    turns, now = [], 0.0
    for number in range(60):
        now += rng.uniform(0.2, 8)
        words = rng.choice(
            [
                FILLER[: rng.randint(3, 40)],
                "加微",
                "信abc123看货",
                "全网",
                "最低了",
                "加微信xyz789",
                "138",
                "0013",
                "8000",
            ]
        )
        if rng.random() < 0.5:
            turns.append(comment(round(now, 2), f"u{rng.randint(0, 4)}", words, room=name))
        else:
            turns.append(
                speech(round(now, 2), words, round(now + len(words) / 5, 2), room=name, where=f"{name}:{number}")
            )
    return turns


@pytest.mark.parametrize("seed", range(8))
def test_a_stream_in_any_batches_out_of_order_and_restarted_gives_the_events_of_the_record(seed: int) -> None:
    judge, rng = WordJudge(), random.Random(seed)
    turns = sorted(room_of(seed, "a") + room_of(seed + 99, "b"), key=lambda turn: turn.start)
    record = events_of(judge, turns)
    assert record
    late = sorted(turns, key=lambda turn: turn.start + rng.uniform(0, SETTINGS.tolerance_s * 0.99))
    monitor, found = Monitor(judge), []
    while late:
        batch, late = late[: (size := rng.randint(1, 9))], late[size:]
        found += monitor.feed(batch)
        saved = json.loads(json.dumps(monitor.to_json()))
        monitor = Monitor(judge)
        monitor.restore(saved)
    assert final(found + monitor.close()) == record


def test_an_event_is_given_out_at_most_one_window_and_the_tolerance_after_its_last_word(judge: WordJudge) -> None:
    monitor = Monitor(judge)
    assert monitor.feed([speech(10, "加微信abc123", 12)]) == []
    after = 12 + SETTINGS.window_s + SETTINGS.tolerance_s
    assert len(monitor.feed([comment(after, "甲", "好看")])) == 1


def test_memory_is_bounded_in_a_long_broadcast(judge: WordJudge) -> None:
    monitor = Monitor(judge)
    for at in range(3000):
        monitor.feed([speech(at * 4.0, FILLER[:18], at * 4.0 + 3.5), comment(at * 4.0 + 1, f"u{at}", f"好看{at}")])
    assert len(json.dumps(monitor.to_json())) < 20_000


def test_a_line_later_than_the_tolerance_is_judged_and_counted(judge: WordJudge) -> None:
    monitor = Monitor(judge)
    monitor.feed([comment(100, "甲", "好")])
    found = monitor.feed([comment(20, "乙", "加微信abc123")]) + monitor.close()
    assert ([one.user for one in found], monitor.late) == (["乙"], 1)


def test_a_clock_that_begins_anew_begins_a_new_broadcast(judge: WordJudge) -> None:
    monitor = Monitor(judge)
    monitor.feed([speech(5000, "加微信abc123", 5002)])
    found = monitor.feed([speech(0, "大家好", 1)])
    assert [one.start for one in found] == [5000]
