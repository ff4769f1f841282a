"""A teacher's scores as targets, mixed with what people said, kept for a resumed run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from xuncha.train.examples import Example
from xuncha.train.soften import kept, mix

NAN = float("nan")


def example(text: str, label: float, evidence: float) -> Example:
    return Example(
        text,
        np.array([label, NAN], np.float32),
        np.array([label, NAN], np.float32),
        np.full((len(text), 2), evidence, np.float32),
    )


def test_judged_targets_are_shared_and_unjudged_ones_are_the_teachers() -> None:
    own = example("甲乙", 1.0, 0.0)
    soft = Example("甲乙", *(np.array([0.4, 0.3], np.float32),) * 2, np.full((2, 2), 0.6, np.float32))
    (mixed,) = mix([own], [soft], 0.5)
    assert np.allclose(mixed.labels, [0.7, 0.3])
    assert np.allclose(mixed.reasons, [0.7, 0.3])
    assert np.allclose(mixed.evidence, 0.3)


def test_the_teacher_is_asked_once(tmp_path: Path) -> None:
    asked = []

    def ask() -> list[Example]:
        asked.append(1)
        return [example("加V看货", 0.9, 0.75), example("", 0.1, 0.0), example("好", 0.2, 0.25)]

    first, second = (kept(tmp_path / "soft.npz", ask) for _ in range(2))
    assert len(asked) == 1
    for one, other in zip(first, second, strict=True):
        assert one.text == other.text
        assert np.array_equal(one.labels, other.labels, equal_nan=True)
        assert np.array_equal(one.evidence, other.evidence)
    assert first[0].spans == ((0, 4),)
    assert not list(tmp_path.glob("*.part*"))
