"""Attacks rewrite evidence, keep labels, and carry targets along."""

from __future__ import annotations

import numpy as np
import pytest

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.attack import FAMILIES, Attacker, rewrite
from xuncha.train.examples import example_of


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_only_the_stretches_change_and_targets_follow(
    family: str, violating: Row, taxonomy: Taxonomy, rng: np.random.Generator
) -> None:
    example = example_of(violating, taxonomy)
    for _ in range(20):
        attacked = rewrite(example, example.spans, [family], rng)
        assert attacked.text.startswith("老银元") and "," in attacked.text
        assert len(attacked.evidence) == len(attacked.text)
        assert np.array_equal(attacked.labels, example.labels)
        marked = "".join(c for c, row in zip(attacked.text, attacked.evidence, strict=True) if row.max() == 1.0)
        assert marked == "".join(attacked.text[start:end] for start, end in attacked.spans)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"order"}))
def test_every_family_changes_something(
    family: str, violating: Row, taxonomy: Taxonomy, rng: np.random.Generator
) -> None:
    example = example_of(violating, taxonomy)
    assert any(rewrite(example, example.spans, [family], rng).text != example.text for _ in range(20))


def test_the_same_seed_gives_the_same_attack(violating: Row, taxonomy: Taxonomy) -> None:
    example, attacker = example_of(violating, taxonomy), Attacker(1.0, 1.0)
    first, second = (attacker(example, np.random.default_rng((1, 2, 3))).text for _ in range(2))
    assert first == second


def test_rate_nought_leaves_texts_alone(violating: Row, taxonomy: Taxonomy, rng: np.random.Generator) -> None:
    example = example_of(violating, taxonomy)
    assert Attacker(0.0, 0.0)(example, rng) is example
