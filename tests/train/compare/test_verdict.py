"""The verdict at its edges: a pure function of differences and rules."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.train.compare.behaviour import Behaviour
from xuncha.train.compare.comparison import Measured
from xuncha.train.compare.cost import Cost
from xuncha.train.compare.differences import Change, LabelDifference, SliceDifference
from xuncha.train.compare.rules import Gate
from xuncha.train.compare.verdict import Outcome, decide
from xuncha.train.evaluation.intervals import UNDEFINED, Estimate

SAME = Cost(100, 100, 50.0, 50.0)


def label(value: float, low: float, high: float, true: int = 700) -> LabelDifference:
    moved = {"F1": Change(0.9, 0.9 + value, Estimate(value, low, high))}
    return LabelDifference("off_platform", 2400, true, true, 0, 0, moved)


def measured(
    *labels: LabelDifference,
    slices: tuple[SliceDifference, ...] = (),
    cost: Cost = SAME,
    behaviour: Behaviour | None = None,
) -> Measured:
    return Measured(2400, labels, (), {}, (), slices, behaviour, cost)


@pytest.mark.parametrize(
    ("moved", "outcome"),
    [
        ((0.0, -0.0199, 0.014), Outcome.SHIP),
        ((0.0, -0.0201, 0.014), Outcome.UNDECIDED),
        ((-0.005, -0.0199, 0.0001), Outcome.SHIP),
        ((-0.005, -0.0101, -0.0001), Outcome.HOLD),
        ((0.03, -0.0201, 0.08), Outcome.UNDECIDED),
        ((-0.03, -0.06, 0.001), Outcome.UNDECIDED),
    ],
)
def test_a_label_ships_when_its_loss_is_shown_to_be_small(moved: tuple[float, float, float], outcome: Outcome) -> None:
    assert decide(measured(label(*moved)), Gate()).outcome is outcome


def test_no_difference_on_few_rows_proves_nothing() -> None:
    still = label(0.0, 0.0, 0.0, true=30)
    verdict = decide(measured(still), Gate())
    assert verdict.outcome is Outcome.UNDECIDED
    # 3 of 60 could break unseen: 5 points instead of 2 take 2.5 times the rows.
    assert verdict.more_rows == pytest.approx(2400 * 5.25, rel=0.05)
    assert decide(measured(label(0.0, 0.0, 0.0, true=76)), Gate()).outcome is Outcome.SHIP


def test_the_number_of_rows_falls_with_the_square_of_the_interval() -> None:
    assert decide(measured(label(0.0, -0.04, 0.04)), Gate()).more_rows == 7200
    assert decide(measured(label(0.02, -0.06, 0.1)), Gate()).more_rows == 7200


def test_a_slice_holds_only_when_it_is_large_and_surely_worse() -> None:
    def part(rows: int, high: float) -> SliceDifference:
        gain = Estimate(high - 0.1, high - 0.2, high)
        return SliceDifference("kind", "plain", "off_platform", rows, rows, "recall", Change(1.0, 0.8, gain), gain)

    fine = label(0.0, -0.01, 0.01)
    for one, outcome in ((part(30, -0.06), "hold"), (part(29, -0.06), "ship"), (part(30, -0.04), "ship")):
        assert str(decide(measured(fine, slices=(one,)), Gate())) == outcome


@pytest.mark.parametrize(
    ("cost", "reason"),
    [
        (Cost(100, 100, 50.0, 24.9), "speed: 25 texts a second instead of 50"),
        (Cost(1_000_000, 2_100_000, None, None), "size: 2.1 MB instead of 1.0 MB"),
    ],
)
def test_a_model_that_costs_too_much_is_held(cost: Cost, reason: str) -> None:
    fine = label(0.0, -0.01, 0.01)
    assert decide(measured(fine, cost=cost), Gate()).reasons == (reason,)
    assert str(decide(measured(fine, cost=cost), Gate(speed=0, size=0))) == "ship"


def test_models_without_a_common_label_or_true_rows_are_undecided() -> None:
    assert decide(measured(), Gate()).outcome is Outcome.UNDECIDED
    unknown = LabelDifference("exaggerated", 0, 0, 0, 0, 0, {"F1": Change(None, None, UNDEFINED)})
    verdict = decide(measured(unknown), Gate())
    assert str(verdict) == "undecided (needs about 100 more rows)"
    assert verdict.reasons == ("exaggerated: the rows hold no true row that is judged for it",)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {"tolerence": 0.1},
            'r.toml: unknown key "gate.tolerence". Did you mean "tolerance"? docs/retraining.md lists all keys.',
        ),
        ({"tolerance": "0.1"}, "r.toml: key \"gate.tolerance\" must be float, not str ('0.1')."),
        ({"tolerance": 2}, 'r.toml: key "gate.tolerance" must lie between 0 and 1.'),
        ({"point": "medium"}, 'r.toml: key "gate.point" must be one of strict, balanced, lenient.'),
    ],
)
def test_rules_reject_what_they_do_not_know(raw: Mapping[str, object], message: str) -> None:
    with pytest.raises(XunchaError) as caught:
        Gate.of(dict(raw), "r.toml")
    assert str(caught.value) == message
    assert Gate.of({"tolerance": 0.01}, "r.toml").tolerance == 0.01
