"""Texts made from labelled rows for a teacher to judge."""

from __future__ import annotations

import numpy as np

from xuncha.train.examples import Example
from xuncha.train.variants import variants


def example(text: str, *spans: tuple[int, int]) -> Example:
    nothing = np.zeros((len(text), 7), np.float32)
    return Example(text, np.zeros(2, np.float32), np.zeros(7, np.float32), nothing, spans)


ROWS = [
    example("全棉四件套,一米八床,加V:abc123看货", (11, 22)),
    example("这款手镯圈口五十六,懂的都懂看我头像", (10, 18)),
    example("秋款羊毛衫,不掉色,七天可退"),
    example("今天给大家看这个杯子,容量五百毫升"),
]


def test_variants_are_new_distinct_and_many() -> None:
    made = list(variants(ROWS, 20, seed=1))
    assert len(made) > 30
    assert len(set(made)) == len(made)
    assert not {row.text for row in ROWS} & set(made)


def test_the_same_seed_makes_the_same_texts_and_another_seed_others() -> None:
    assert list(variants(ROWS, 5, seed=1)) == list(variants(ROWS, 5, seed=1))
    assert list(variants(ROWS, 5, seed=1)) != list(variants(ROWS, 5, seed=2))


def test_evidence_is_taken_out_and_carried_over() -> None:
    made = list(variants(ROWS, 60, seed=3))
    assert any(text == "全棉四件套,一米八床," for text in made), "evidence taken out"
    assert any("羊毛衫" in text and "加V:abc123看货" in text for text in made), "evidence of another row put in"
    assert any("羊毛衫" in text and "杯子" in text for text in made), "clauses of two rows joined"


def test_rows_without_any_evidence_are_joined_all_the_same() -> None:
    made = list(variants(ROWS[2:], 10, seed=1))
    assert made
    assert all(len(text) >= 2 for text in made)
