from collections.abc import Callable

import pytest

from xuncha.labels import Row, XunchaError
from xuncha.labels.dedup import Conflict, Likeness, dedup

MakeRow = Callable[..., Row]
LONG = "桂林米粉卤水包一袋八两自己熬的不加一滴香精"


def test_exact_and_near_duplicates_are_dropped_with_what_they_are_like(make_row: MakeRow) -> None:
    rows = [make_row("1", LONG), make_row("2", "Ａ 全新"), make_row("3", "a全新"), make_row("4", LONG + "哦")]
    found = dedup([], rows)
    assert [row.id for row in found.kept] == ["1", "2"]
    assert [(one.row.id, one.like.id, one.likeness) for one in found.dropped] == [
        ("3", "2", Likeness.EXACT),
        ("4", "1", Likeness.NEAR),
    ]
    assert found.dropped[0].similarity == 1.0 and 0.8 <= found.dropped[1].similarity < 1.0


def test_the_first_row_is_kept_whatever_the_order_of_ids(make_row: MakeRow) -> None:
    found = dedup([], [make_row("9", LONG), make_row("1", LONG)])
    assert [row.id for row in found.kept] == ["9"]


def test_a_row_that_is_like_a_dropped_one_only_is_measured_against_kept_ones(make_row: MakeRow) -> None:
    rows = [make_row("1", LONG), make_row("2", LONG), make_row("3", LONG + "哦"), make_row("4", LONG + "哦")]
    found = dedup([], rows)
    assert {(one.row.id, one.like.id) for one in found.dropped} == {("2", "1"), ("3", "1"), ("4", "1")}


def test_rows_that_say_something_else_are_conflicts_and_stay(make_row: MakeRow) -> None:
    first = make_row("1", LONG, labels={"off_platform": False}, split="train")
    others = {
        Conflict.LABELS: make_row("2", LONG, labels={"off_platform": True}, split="train"),
        Conflict.JUDGED: make_row("2", LONG, labels={"off_platform": False, "exaggerated": False}, split="train"),
        Conflict.SPLIT: make_row("2", LONG, labels={"off_platform": False}, split="test"),
    }
    for conflict, other in others.items():
        found = dedup([], [first, other])
        assert found.kept == (first, other)
        assert [(one.row.id, one.like.id, one.conflict) for one in found.conflicts] == [("2", "1", conflict)]
    unjudged = make_row("2", LONG, labels={"off_platform": None})
    assert [one.row.id for one in dedup([], [first, unjudged]).dropped] == ["2"]


def test_contrast_pairs_and_groups_are_near_on_purpose(make_row: MakeRow) -> None:
    rows = [
        make_row("P1-1a", LONG),
        make_row("P1-1b", LONG + "哦"),
        make_row("x", "买" + LONG, group="g"),
        make_row("y", LONG + "买买", group="g"),
    ]
    found = dedup([], rows[:2])
    assert (found.dropped, found.conflicts) == ((), ())
    assert dedup([], rows[2:]).dropped == ()


def test_near_duplicates_can_be_left_alone(make_row: MakeRow) -> None:
    assert dedup([], [make_row("1", LONG), make_row("2", LONG + "哦")], near=False).dropped == ()


def test_older_rows_are_compared_with_and_not_given_back(make_row: MakeRow) -> None:
    found = dedup([make_row("1", LONG), make_row("2", LONG)], [make_row("3", LONG), make_row("4", "全新")])
    assert [row.id for row in found.kept] == ["4"]
    assert [(one.row.id, one.like.id) for one in found.dropped] == [("3", "1")]
    with pytest.raises(XunchaError) as caught:
        dedup([make_row("1", "一")], [make_row("1", "二")])
    assert str(caught.value) == 'id "1" stands among the older rows too. Rename the new one.'
