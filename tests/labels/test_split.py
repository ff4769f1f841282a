import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from xuncha.labels import Row, Source, XunchaError
from xuncha.labels.groups import Match, Tie, group_rows, pair_stem
from xuncha.labels.neardup import plain_form, similarity
from xuncha.labels.split import Leak, assign_splits, find_leaks, parse_ratios

MakeRow = Callable[..., Row]
LONG = "老榆木罗汉床定制工期约四十天送货上楼含安装可改宽度不上漆只烫蜡"


@pytest.fixture(scope="module")
def rows(make_row: MakeRow) -> list[Row]:
    """200 rows without near-duplicates: 40 pairs and 120 single ones, half of the rows violating."""
    chance = random.Random(5)
    ids = [f"P{n:03}{half}" for n in range(40) for half in "ab"] + [f"L{n:03}" for n in range(120)]
    return [
        make_row(
            row_id,
            "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(30)),
            source=Source.SPEECH if number % 4 == 0 else Source.LISTING,
            labels={"off_platform": number % 2 == 1, "exaggerated": False},
        )
        for number, row_id in enumerate(ids)
    ]


def test_every_row_gets_a_split_in_the_shares_asked_for(rows: list[Row]) -> None:
    result = assign_splits(rows, (0.6, 0.2, 0.2))
    assert list(result.splits) == [row.id for row in rows]
    counts = Counter(result.splits.values())
    assert all(abs(counts[split] - wanted) <= 3 for split, wanted in [("train", 120), ("dev", 40), ("test", 40)])
    assert result.fresh == {row.id for row in rows}
    assert result.leaks == ()


def test_label_combinations_and_sources_are_balanced(rows: list[Row]) -> None:
    result = assign_splits(rows, (0.6, 0.2, 0.2))
    strata = Counter((row.source, row.labels["off_platform"]) for row in rows)
    found = Counter((row.source, row.labels["off_platform"], row.split) for row in result.apply(rows))
    for (source, judged), size in strata.items():
        assert abs(found[source, judged, "test"] - 0.2 * size) <= 2


def test_pairs_are_never_split_apart(rows: list[Row]) -> None:
    result = assign_splits(rows)
    for stem in {pair_stem(row.id) for row in rows} - {None}:
        assert result.splits[f"{stem}a"] == result.splits[f"{stem}b"]


def test_named_groups_stay_together(rows: list[Row]) -> None:
    grouped = [replace(row, group=f"g{number % 25}") for number, row in enumerate(rows)]
    result = assign_splits(grouped)
    for name in {row.group for row in grouped}:
        assert len({result.splits[row.id] for row in grouped if row.group == name}) == 1


def test_the_order_of_the_rows_does_not_matter(rows: list[Row]) -> None:
    shuffled = random.Random(1).sample(rows, len(rows))
    assert dict(assign_splits(shuffled).splits) == dict(assign_splits(rows).splits)


def test_rows_that_have_a_split_never_move_when_rows_are_added(rows: list[Row]) -> None:
    before = list(assign_splits(rows[:150]).apply(rows[:150]))
    after = assign_splits([*rows[150:], *before])
    assert all(after.splits[row.id] == row.split for row in before)
    assert after.fresh == {row.id for row in rows[150:]}
    counts = Counter(after.splits.values())
    assert abs(counts["dev"] - 20) <= 3
    assert abs(counts["test"] - 20) <= 3


def test_a_new_row_joins_the_split_of_its_group(make_row: MakeRow) -> None:
    old = [make_row("L1", LONG, split="test"), make_row("P1a", "甲", split="dev")]
    new = [make_row("L2", LONG + "!"), make_row("P1b", "乙乙乙")]
    result = assign_splits([*old, *new])
    assert (result.splits["L2"], result.splits["P1b"]) == ("test", "dev")


def test_an_origin_held_out_as_a_whole_stays_and_does_not_starve_test(rows: list[Row]) -> None:
    held = [replace(row, origin="H1", split="test") for row in rows[:80]]
    result = assign_splits([*held, *rows[80:]], (0.6, 0.2, 0.2))
    assert all(result.splits[row.id] == "test" for row in held)
    assert abs(Counter(result.splits[row.id] for row in rows[80:])["test"] - 24) <= 3


def test_conflicting_assignments_are_kept_and_reported_with_their_evidence(make_row: MakeRow) -> None:
    rows = [
        make_row("L1", LONG, split="train"),
        make_row("L2", LONG + "。", split="test"),
        make_row("L3", LONG.replace("四十", "三十")),
    ]
    result = assign_splits(rows)
    assert (result.splits["L1"], result.splits["L2"]) == ("train", "test")
    assert Leak(Match("L1", "L2", Tie.TEXT, 1.0), "train", "test") in result.leaks
    assert find_leaks(rows) == (Leak(Match("L1", "L2", Tie.TEXT, 1.0), "train", "test"),)


def test_a_pair_in_two_splits_is_a_leak_and_unsplit_rows_are_not(make_row: MakeRow) -> None:
    rows = [make_row("P1a", "甲", split="dev"), make_row("P1b", "乙", split="test"), make_row("P1c", "丙")]
    assert find_leaks(rows) == (Leak(Match("P1a", "P1b", Tie.PAIR), "dev", "test"),)


def test_groups_say_what_matched_what_and_how_much(make_row: MakeRow) -> None:
    texts = {"1": LONG, "2": LONG.replace("四十", "三十"), "3": " ".join(LONG), "4": "完全不同的一句话"}
    grouping = group_rows(make_row(row_id, text) for row_id, text in texts.items())
    assert grouping.groups == (("1", "2", "3"), ("4",))
    assert [(one.first, one.second) for one in grouping.matches] == [("1", "2"), ("1", "3")]
    near, same = (one.similarity for one in grouping.matches)
    assert 0.9 < near < same == 1


@pytest.mark.parametrize(
    ("first", "second", "near"),
    [
        (LONG, LONG.replace("罗汉床", "架子床"), True),
        ("声音有点小", "主播声音有点小", True),
        ("辣不辣", "甜不甜", False),
        (LONG, LONG[:12], False),
        (LONG[:16], LONG[16:], False),
    ],
)
def test_near_is_an_overlap_of_trigrams_or_a_small_edit(first: str, second: str, near: bool) -> None:
    assert bool(similarity(first, second)) is near
    assert similarity(first, second) == similarity(second, first)


def test_the_plain_form_sees_through_width_case_and_blanks() -> None:
    assert plain_form("ＶＸ：Abc　①②") == "vxabc12"
    assert plain_form("？！") == "?!"


@pytest.mark.parametrize("given", ["0.8,0.2", "0.8,0.1,0.2", "1.2,-0.1,-0.1", "a,b,c", "nan,0.5,0.5"])
def test_ratios_that_are_no_shares_are_refused(given: str) -> None:
    with pytest.raises(XunchaError) as caught:
        parse_ratios(given)
    said = "are not three shares of train, dev and test adding up to 1. Write, say, 0.8,0.1,0.1."
    assert str(caught.value) == f"ratios {given} {said}"


def test_a_share_of_nothing_stays_empty(rows: list[Row]) -> None:
    assert Counter(assign_splits(rows, (0.5, 0, 0.5)).splits.values())["dev"] == 0
