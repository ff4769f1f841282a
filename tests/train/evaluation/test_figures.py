import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from xuncha.train.evaluation.figures import average_precision, figures
from xuncha.train.evaluation.intervals import UNDEFINED, Bools, Floats, Resamples


def alone(size: int, count: int = 1000) -> Resamples:
    return Resamples([str(number) for number in range(size)], count=count)


def bits(line: str) -> Bools:
    return np.array([char == "1" for char in line])


def test_figures_worked_out_by_hand() -> None:
    # TP 3, FP 1, FN 2, TN 4
    found = figures(bits("1111111111"), bits("1110110000"), bits("1111000000"), alone(10))
    assert (found.rows, found.positives, found.flagged) == (10, 5, 4)
    values = [one.value for one in (found.precision, found.recall, found.f1, found.false_flags)]
    assert values == pytest.approx([3 / 4, 3 / 5, 6 / 9, 1 / 5])


def test_rows_that_nobody_judged_do_not_count_flagged_or_not() -> None:
    judged = bits("111100")
    masked = figures(judged, bits("110000"), bits("101010"), alone(6))
    same = figures(judged, bits("110000"), bits("101001"), alone(6))
    assert masked == same
    assert (masked.rows, masked.positives, masked.flagged) == (4, 2, 2)
    assert masked.precision.value == 0.5
    scores = np.array([0.9, 0.2, 0.8, 0.1, 1.0, 0.0])
    assert average_precision(judged, bits("110000"), scores, alone(6)).value == pytest.approx((1 + 2 / 3) / 2)


def test_what_cannot_be_measured_is_undefined_and_not_zero() -> None:
    none_true = figures(bits("111"), bits("000"), bits("000"), alone(3))
    assert (none_true.precision, none_true.recall, none_true.f1) == (UNDEFINED, UNDEFINED, UNDEFINED)
    assert none_true.false_flags.value == 0
    none_flagged = figures(bits("111"), bits("100"), bits("000"), alone(3))
    assert none_flagged.precision == UNDEFINED
    assert (none_flagged.recall.value, none_flagged.f1.value) == (0, 0)
    assert average_precision(bits("111"), bits("000"), np.arange(3.0), alone(3)) == UNDEFINED


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, scores = rng.random(80) < 0.4, rng.random(80).round(1)
    flags, judged = scores >= 0.5, rng.random(80) < 0.8
    found = figures(judged, truth, flags, alone(80, 10))
    expected = precision_recall_fscore_support(truth[judged], flags[judged], average="binary")[:3]
    assert [one.value for one in (found.precision, found.recall, found.f1)] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_of_every_resample_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Rounded scores make ties, which is where the sums could differ.
    truth, scores = rng.random(60) < 0.3, rng.random(60).round(1)
    judged = rng.random(60) < 0.9
    resamples = alone(60, 40)
    drawn = [weights * judged for block in resamples.weights() for weights in block]
    areas = [area(truth, scores, weights) for weights in drawn if (weights * truth).any()]
    low, high = np.quantile(areas, [0.025, 0.975])
    found = average_precision(judged, truth, scores, resamples)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.value == pytest.approx(average_precision_score(truth[judged], scores[judged]))


def area(truth: Bools, scores: Floats, weights: Floats) -> float:
    return float(average_precision_score(truth, scores, sample_weight=weights))


def test_intervals_hold_their_values_and_shrink_with_rows() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for size in (100, 1600):
        truth = rng.random(size) < 0.5
        flags = truth ^ (rng.random(size) < 0.1)
        one = figures(np.ones(size, bool), truth, flags, alone(size)).f1
        assert one.value is not None
        assert one.low is not None
        assert one.high is not None
        assert one.low <= one.value <= one.high
        widths.append(one.high - one.low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.4)
