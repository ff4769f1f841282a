"""The workload: seeded, by the stated law, with the stated share of flags and repeats."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xuncha.labels.rows import Row, Source
from xuncha.train.bench import workload
from xuncha.train.bench.workload import Pool

POOL = Pool(
    tuple(sorted(("坏" * size for size in range(3, 90, 7)), key=len)),
    tuple(sorted(("好" * size for size in range(2, 120, 5)), key=len)),
)


def flagged(texts: Sequence[str]) -> list[bool]:
    return ["坏" in text for text in texts]


def test_lengths_follow_the_law() -> None:
    sizes = sorted(workload.lengths(40_000, 3))
    assert statistics.median(sizes) == pytest.approx(35, rel=0.03)
    assert statistics.mean(sizes) == pytest.approx(52, rel=0.04)
    assert sizes[int(0.95 * len(sizes))] == pytest.approx(149, rel=0.04)
    assert sizes[-1] == 512 and sizes[0] >= 1


def test_the_same_seed_draws_the_same_texts_and_another_others() -> None:
    first, again, other = (workload.compose(POOL, 200, 0.05, seed, flagged) for seed in (1, 1, 2))
    assert first == again != other


@given(st.integers(1, 600), st.booleans(), st.integers(0, 50))
def test_a_drawn_text_has_exactly_the_length_asked_for(length: int, bad: bool, seed: int) -> None:
    (text,) = workload.draw(POOL, [length], [bad], seed)
    assert len(text) == length and text.startswith("坏" if bad else "好")


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_the_share_of_flagged_texts_is_the_one_asked_for(share: float) -> None:
    texts = workload.compose(POOL, 400, share, 5, flagged)
    assert sum(flagged(texts)) == 400 * share


def test_a_text_on_the_wrong_side_is_made_anew() -> None:
    calls = []

    def moody(texts: Sequence[str]) -> list[bool]:
        calls.append(len(texts))
        return [True] * len(texts) if len(calls) == 1 else [False] * len(texts)

    assert len(workload.compose(POOL, 50, 0.0, 1, moody)) == 50
    assert calls == [50, 50]


@settings(deadline=None)
@given(st.floats(0, 0.9), st.integers(0, 20))
def test_repeats_say_again_what_was_said_and_nothing_new(share: float, seed: int) -> None:
    texts = [f"第{number}条" for number in range(500)]
    found = workload.repeated(texts, share, seed)
    assert len(found) == 500 and set(found) <= set(texts)
    assert 1 - len(set(found)) / 500 == pytest.approx(share, abs=0.08)


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=80), st.integers(1, 90))
def test_a_sample_holds_texts_of_the_whole_only(texts: list[str], count: int) -> None:
    found = workload.sample(texts, count, 1)
    assert len(found) == min(count, len(texts))
    left = list(texts)
    for text in found:
        left.remove(text)


def test_a_sample_has_the_lengths_of_the_whole() -> None:
    texts = ["字" * size for size in workload.lengths(8000, 1)]
    whole, part = workload.quantiles(texts), workload.quantiles(workload.sample(texts, 640, 1))
    assert part["median"] == pytest.approx(whole["median"], abs=1)
    assert part["mean"] == pytest.approx(whole["mean"], rel=0.01)


def test_rows_that_somebody_did_not_judge_are_in_no_pool() -> None:
    def row(text: str, **labels: bool | None) -> Row:
        return Row(id=text, text=text, source=Source.LISTING, labels=labels, origin="t")

    rows = [row("坏", a=True, b=None), row("好", a=False, b=False), row("谁知道", a=False, b=None), row("  ", a=True)]
    assert Pool.of(rows) == Pool(("坏",), ("好",))
