import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from xuncha.train.evaluation.curves import BINS, POINTS, precision_recall, reliability

ALL4 = np.ones(4, bool)


def test_calibration_error_worked_out_by_hand() -> None:
    # 0.10 and 0.90 fall into bins 2 and 14: gaps |0 − 0.1| and |0.5 − 0.9|, two rows each.
    found = reliability(ALL4, np.array([False, False, True, False]), np.array([0.1, 0.1, 0.9, 0.9]))
    assert found.error == pytest.approx(0.5 * 0.1 + 0.5 * 0.4)
    assert len(found.bins) == BINS == 15
    filled = {place: one for place, one in enumerate(found.bins) if one.rows}
    assert [(place, one.rows, one.frequency) for place, one in filled.items()] == [(1, 2, 0.0), (13, 2, 0.5)]
    assert [one.confidence for one in filled.values()] == pytest.approx([0.1, 0.9])
    assert found.bins[0].confidence is None


def test_frequencies_as_scores_have_no_error() -> None:
    found = reliability(ALL4, np.array([True, False, False, False]), np.full(4, 0.25))
    assert found.error == 0


def test_scores_of_0_and_1_have_bins() -> None:
    found = reliability(ALL4, np.array([True, False, True, False]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert (found.bins[0].rows, found.bins[-1].rows, found.error) == (2, 2, 0.5)


def test_a_bin_holds_its_upper_end() -> None:
    found = reliability(np.ones(1, bool), np.array([True]), np.array([np.linspace(0, 1, 16)[3]]))
    assert [one.rows for one in found.bins[:5]] == [0, 0, 1, 0, 0]


def test_unjudged_rows_do_not_count_in_curves() -> None:
    judged = np.array([True, True, False, False])
    truth, scores = np.array([True, False, False, False]), np.array([0.9, 0.1, 0.9, 0.7])
    assert sum(one.rows for one in reliability(judged, truth, scores).bins) == 2
    assert {point.threshold for point in precision_recall(judged, truth, scores)} == {0.9, 0.1}
    assert reliability(np.zeros(4, bool), truth, scores).error is None
    assert precision_recall(~judged, truth, scores) == ()


def test_the_curve_is_that_of_scikit_learn_from_strict_to_lenient() -> None:
    rng = np.random.default_rng(0)
    truth, scores = rng.random(50) < 0.4, rng.random(50)
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    found = precision_recall(np.ones(50, bool), truth, scores)
    assert [point.threshold for point in found] == thresholds[::-1].tolist()
    assert [point.precision for point in found] == precision[:-1][::-1].tolist()
    assert [point.recall for point in found] == recall[:-1][::-1].tolist()


@pytest.mark.parametrize("size", [POINTS, POINTS + 1, 999, 1000])
def test_a_long_curve_is_thinned_but_keeps_its_ends(size: int) -> None:
    scores = np.linspace(0.001, 1, size)
    found = precision_recall(np.ones(size, bool), scores > 0.5, scores)
    assert len(found) <= POINTS + 1
    assert (found[0].threshold, found[-1].threshold) == (1.0, 0.001)
    assert len({point.threshold for point in found}) == len(found)
