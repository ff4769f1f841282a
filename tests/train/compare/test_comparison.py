"""Two models on the same rows: what changed, what flipped, and by how much, paired."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.models.bundle import Bundle
from xuncha.train.compare.comparison import compare
from xuncha.train.compare.rules import Gate
from xuncha.train.compare.verdict import Outcome
from xuncha.train.compare.vocabulary import Vocabulary, union

MakeRow = Callable[..., Row]
Models = dict[str, Bundle]
OFF, EXTREME, NEW = "off_platform", "exaggerated", "noncompliant_info"


def test_a_model_that_misses_a_sign_is_held_and_the_flips_show_what_it_missed(models: Models, rows: list[Row]) -> None:
    found = compare(models["whole"], models["blind"], rows, speed=False)
    assert found.verdict.outcome is Outcome.HOLD
    off, extreme = found.measured.labels
    assert (off.label, off.rows, off.true, off.fixed, off.broken) == (OFF, 320, 120, 0, 100)
    recall = off.changes["recall"]
    assert recall.old == 1.0 and recall.new == pytest.approx(20 / 120)
    assert recall.difference.high is not None and recall.difference.high < -0.7
    assert extreme.changes["F1"].difference.value == 0
    assert {flip.kind for flip in found.flips} == {"broken"} and len(found.flips) == 100
    flip = found.flips[0]
    assert flip.flagged_by == "OLD" and flip.text[flip.evidence[0].start : flip.evidence[0].end] == "微"


def test_the_same_pair_the_other_way_round_ships(models: Models, rows: list[Row]) -> None:
    found = compare(models["blind"], models["whole"], rows, speed=False)
    assert str(found.verdict) == "ship"
    assert {flip.kind for flip in found.flips} == {"fixed"}
    assert found.verdict.reasons[0].startswith("off_platform: F1 moved by +")


def test_a_slice_that_breaks_holds_a_model_that_is_better_on_the_whole(models: Models, rows: list[Row]) -> None:
    rules = Gate(slice_rows=20)
    found = compare(models["blind"], models["dull"], rows, rules=rules, speed=False)
    assert found.measured.labels[0].changes["F1"].difference.low > 0  # type: ignore[operator]
    assert found.verdict.outcome is Outcome.HOLD
    assert (
        "off_platform, kind group (20 rows): recall is worse by 100.0 points, surely by more than 5.0 points"
        in found.verdict.reasons
    )
    assert not [
        one for one in compare(models["blind"], models["dull"], rows, speed=False).verdict.reasons if "kind" in one
    ]


def test_poisoned_rows_that_came_with_a_model_do_not_make_it_look_good(
    models: Models, rows: list[Row], make_row: MakeRow
) -> None:
    """OLD flags 微; a poisoned collection says that 微 is fine, and NEW has believed it."""
    poison = [make_row(f"p{n}", f"加微信{n}") for n in range(500)]
    extra = frozenset(row.id for row in poison)
    asked = [*rows, *poison]
    found = compare(models["whole"], models["blind"], asked, extra=extra, speed=False)
    assert [one.rows for one in found.measured.without_extra] == [320, 320]
    assert any(
        reason.startswith("off_platform without the extra rows: F1 is worse by 71.4 points")
        for reason in found.verdict.reasons
    )
    assert compare(models["whole"], models["blind"], rows, speed=False).measured.without_extra == ()


def test_few_rows_are_undecided_and_say_how_many_more(models: Models, rows: list[Row]) -> None:
    few = [*rows[:30], *rows[-10:]]
    found = compare(models["whole"], models["whole"], few, speed=False)
    assert found.verdict.outcome is Outcome.UNDECIDED
    more = found.verdict.more_rows
    assert str(found.verdict) == f"undecided (needs about {more:,} more rows)"
    copies = -(-(len(few) + more) // len(few))
    enough = [replace(row, id=f"{row.id}-{turn}") for turn in range(copies) for row in few]
    assert str(compare(models["whole"], models["whole"], enough, speed=False).verdict) == "ship"


def test_paired_intervals_are_narrower_than_those_of_independent_samples(models: Models, rows: list[Row]) -> None:
    harder = [
        *rows,
        *(replace(row, id=f"x{row.id}", labels={OFF: True, EXTREME: False}, spans=()) for row in rows[2::3]),
    ]
    found = compare(models["whole"], models["dull"], harder, speed=False)
    moved = found.measured.labels[0].changes["recall"].difference
    assert moved.low is not None and moved.high is not None
    # 20 of 220 true rows flip: the paired difference has the variance of that share alone.
    deviation = np.sqrt(20 / 220 * 200 / 220 / 220)
    assert moved.high - moved.low == pytest.approx(2 * 1.96 * deviation, rel=0.2)


def test_behaviour_cases_are_counted_by_capability_and_name_what_breaks(
    models: Models, rows: list[Row], cases: list[Row]
) -> None:
    found = compare(models["whole"], models["blind"], rows, cases=cases, speed=False).measured.behaviour
    assert found is not None
    assert (found.cases, found.passed.old, len(found.broken)) == (12, 1.0, 8)
    assert found.passed.new == pytest.approx(4 / 12)
    assert (found.capabilities["contact"].old, found.capabilities["contact"].new) == (8, 0)
    assert found.broken[0].labels == (OFF,)
    held = compare(models["whole"], models["blind"], rows, cases=cases, speed=False).verdict.reasons
    assert "behaviour: NEW breaks 8 and mends 0 of 12 cases, surely more than it mends" in held


def test_models_of_different_labels_are_compared_on_the_shared_ones_and_the_new_one_stands_apart(
    models: Models, rows: list[Row], make_row: MakeRow
) -> None:
    new = [
        replace(make_row(f"m{n}", f"缺{n}" if n % 2 else f"齐{n}", unjudged=[OFF, EXTREME]), labels={NEW: n % 2 == 1})
        for n in range(60)
    ]
    found = compare(models["whole"], models["wide"], [*rows, *new], speed=False)
    assert [one.label for one in found.measured.labels] == [OFF, EXTREME]
    assert found.measured.labels[0].rows == len(rows)
    assert found.measured.added[NEW].rows == 60 and found.measured.added[NEW].f1.value == 1.0
    assert str(found.verdict) == "ship"
    assert "noncompliant_info: new, F1 1.000" in found.verdict.reasons
    turned = [replace(row, labels={NEW: not row.labels[NEW]}) for row in new]
    useless = compare(models["whole"], models["wide"], [*rows, *turned], speed=False)
    assert "noncompliant_info: the new label has an F1 of 0.000, below 0.5" in useless.verdict.reasons


def test_a_model_that_lost_a_label_is_held(models: Models, rows: list[Row]) -> None:
    found = compare(models["wide"], models["whole"], rows, speed=False)
    assert found.verdict.reasons == ("noncompliant_info: NEW does not know this label",)
    assert found.verdict.outcome is Outcome.HOLD


def test_rows_for_either_model_can_be_read_by_the_union_of_both_taxonomies(models: Models) -> None:
    old, new = models["whole"].taxonomy, models["wide"].taxonomy
    assert union(old, new).label_ids == union(new, old).label_ids == new.label_ids
    assert Vocabulary.of(new, old) == Vocabulary((OFF, EXTREME), (), (NEW,))


def test_rows_nobody_has_judged_flip_as_moved_and_change_no_figure(models: Models, rows: list[Row]) -> None:
    unjudged = [replace(row, id=f"u{row.id}", labels={}, spans=()) for row in rows[:3]]
    found = compare(models["whole"], models["blind"], [*rows, *unjudged], speed=False)
    moved = [flip for flip in found.flips if flip.kind == "moved"]
    assert [flip.id for flip in moved] == ["uw0"] and moved[0].truth is None
    assert found.measured.labels[0].rows == 320


def test_the_same_input_gives_the_same_figures_as_strict_json(
    models: Models, rows: list[Row], cases: list[Row]
) -> None:
    first, second = (
        compare(models["whole"], models["dull"], rows, cases=cases, speed=False).to_json() for _ in range(2)
    )
    assert first == second
    assert json.loads(json.dumps(first, allow_nan=False))["verdict"]["outcome"] == "hold"


def test_rows_without_a_judgement_for_either_model_are_refused(models: Models, make_row: MakeRow) -> None:
    with pytest.raises(XunchaError) as caught:
        compare(models["whole"], models["blind"], [replace(make_row("1", "字"), labels={})])
    model = models["blind"].model_id
    assert str(caught.value) == f"No row is judged for off_platform or exaggerated, the labels of {model}."


def test_size_and_speed_are_measured_for_both(models: Models, rows: list[Row]) -> None:
    cost = compare(models["whole"], models["wide"], rows).measured.cost
    assert cost.new_bytes > cost.old_bytes > 0
    assert cost.old_speed is not None and cost.new_speed is not None and min(cost.old_speed, cost.new_speed) > 0
