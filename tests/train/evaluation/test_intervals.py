from collections.abc import Callable

import numpy as np
import pytest

from xuncha.labels.rows import Row
from xuncha.train.evaluation import intervals
from xuncha.train.evaluation.intervals import UNDEFINED, Resamples, estimate, groups_of, rate, ratio

MakeRow = Callable[..., Row]


def test_rows_of_one_group_are_drawn_together(make_row: MakeRow) -> None:
    rows = [make_row(str(n), "字", group=group) for n, group in enumerate(["p", None, "p", None])]
    weights = np.concatenate(list(Resamples(groups_of(rows), count=200).weights()))
    assert weights.shape == (200, 4)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert len({tuple(line) for line in weights.tolist()}) > 5


def test_a_group_name_that_is_also_a_row_number_joins_nothing(make_row: MakeRow) -> None:
    rows = [make_row("a", "字"), make_row("b", "字", group="row:0")]
    assert len(set(groups_of(rows))) == 2


def test_sums_are_those_of_the_weights_whatever_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = ["a", "b", "a", "c", "d"]
    totals = np.arange(10.0).reshape(5, 2)
    whole = Resamples(groups, count=50, seed=3)
    expected = np.concatenate(list(whole.weights())) @ totals
    assert whole.sums(totals) == pytest.approx(expected)
    monkeypatch.setattr(intervals, "_CELLS", 12)
    assert whole.sums(totals) == pytest.approx(expected)


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = (Resamples(["a", "b", "c"], seed=seed).sums(np.eye(3)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_the_interval_covers_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(7)
    size, truth, covered = 150, 0.3, 0
    for trial in range(300):
        hits = rng.random(size) < truth
        found = rate(hits, np.ones(size, bool), Resamples([str(n) for n in range(size)], count=300, seed=trial))
        assert found.share.low is not None
        assert found.share.high is not None
        covered += found.share.low <= truth <= found.share.high
    assert 0.90 <= covered / 300 <= 0.985


def test_groups_widen_the_interval_of_rows_that_go_together() -> None:
    hits = np.repeat(np.random.default_rng(0).random(100) < 0.5, 2)
    alone = rate(hits, np.ones(200, bool), Resamples([str(n) for n in range(200)])).share
    paired = rate(hits, np.ones(200, bool), Resamples([str(n // 2) for n in range(200)])).share
    assert alone.value == paired.value
    width = [one.high - one.low for one in (alone, paired) if one.high is not None and one.low is not None]
    assert width[1] / width[0] == pytest.approx(2**0.5, rel=0.15)


def test_nothing_counted_has_no_share() -> None:
    found = rate(np.zeros(4, bool), np.zeros(4, bool), Resamples(list("abcd")))
    assert (found.hits, found.of, found.share) == (0, 0, UNDEFINED)


def test_a_share_of_counts_may_count_a_row_twice() -> None:
    found = rate(np.array([2, 0, 1]), np.array([2, 1, 1]), Resamples(list("abc")))
    assert (found.hits, found.of, found.share.value) == (3, 4, 0.75)


def test_resamples_without_the_figure_are_left_out() -> None:
    assert estimate(0.5, np.array([np.nan, 0.4, 0.6])).low == pytest.approx(0.405)
    assert estimate(0.5, np.array([np.nan])) == UNDEFINED
    assert np.isnan(ratio(np.array([0.0]), np.array([0.0]))).all()
