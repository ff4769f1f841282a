"""Scorers that decide otherwise end the benchmark."""

from __future__ import annotations

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.train.bench.agreement import compare, require

FP32 = [[0.9, 0.1]] * 500


def off_by(flips: int, allowed: float = 0.01) -> None:
    own = [[0.2, 0.1] if place < flips else [0.9, 0.1] for place in range(500)]
    require({"peer": compare("peer", own, FP32, [0.5, 0.5], allowed)})


def test_decisions_are_compared_and_not_scores() -> None:
    found = compare("peer", [[0.6, 0.4]] * 500, FP32, [0.5, 0.5], 0.0)
    assert (found.equal, found.decisions) == (1.0, 1000)
    assert found.difference == pytest.approx(0.3)


def test_a_score_at_the_threshold_is_flagged() -> None:
    assert compare("peer", [[0.5]], [[0.9]], [0.5], 0.0).equal == 1.0


def test_as_many_flips_as_allowed_pass() -> None:
    off_by(10)


def test_a_check_of_few_decisions_allows_one_flip() -> None:
    few = [[0.2, 0.1], *[[0.9, 0.1]] * 9]
    assert compare("peer", few, FP32[:10], [0.5, 0.5], 0.01).kept
    assert not compare("peer", few[:1] * 2 + few[1:9], FP32[:10], [0.5, 0.5], 0.01).kept


def test_more_flips_than_allowed_are_named() -> None:
    with pytest.raises(XunchaError) as error:
        off_by(11)
    assert str(error.value) == (
        "These do not decide as the fp32 network does: peer 1.10% of 1000 decisions (allowed 1.00%, largest score "
        "difference 0.700). Speeds of scorers that disagree mean little: leave a peer out with --without; a model "
        "that loses this much to int8 is to be exported or trained again."
    )
