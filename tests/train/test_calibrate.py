"""Calibration and thresholds on known cases."""

from __future__ import annotations

import numpy as np
import pytest

from xuncha.train.calibrate import choose, evidence_threshold, platt, probabilities


def sample(seed: int = 0, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, count)
    return logits, rng.random(count) < 1 / (1 + np.exp(-(0.5 * logits - 1)))


def test_platt_finds_slope_and_intercept_of_known_odds() -> None:
    found = platt(*sample())
    assert found.slope == pytest.approx(0.5, abs=0.06) and found.intercept == pytest.approx(-1, abs=0.15)


def test_thresholds_of_the_three_points_are_in_order() -> None:
    logits, truth = sample()
    scores = probabilities(2 * logits, platt(2 * logits, truth))
    strict, balanced, lenient = (choose(scores, truth, point) for point in ("strict", "balanced", "lenient"))
    assert strict.threshold > balanced.threshold > lenient.threshold
    assert strict.precision >= 0.9 and lenient.recall >= 0.97
    assert balanced.precision_interval[0] <= balanced.precision <= balanced.precision_interval[1]


def test_evidence_threshold_separates_marked_from_unmarked_tokens() -> None:
    row = (np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]), np.ones(4, np.int64))
    assert 0.2 < evidence_threshold([row]) <= 0.8
