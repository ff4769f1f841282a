"""A teacher's scores as targets, mixed with what people said, kept for a resumed run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xuncha.labels.errors import XunchaError
from xuncha.train.examples import Example
from xuncha.train.soften import kept, mix, mix_known, read_soft, soft_labels, write_soft

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
    assert np.allclose(first[0].evidence, 0.75, atol=0.5 / 255)
    assert first[0].spans == ((0, 4),)
    assert not list(tmp_path.glob("*.part*"))


def test_soft_labels_keep_scores_to_a_thousandth_and_evidence_to_a_255th(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    texts = ["加V看货", "\ud800孤", "", "全网最低🔥"]
    given = []
    for text in texts:
        labels, reasons = rng.random((2, 2)).astype(np.float32)
        given.append(Example(text, labels, reasons, rng.random((len(text), 2)).astype(np.float32)))
    write_soft(tmp_path / "a.npz", given)
    for one, other in zip(given, read_soft(tmp_path / "a.npz"), strict=True):
        assert one.text == other.text
        assert np.allclose(one.labels, other.labels, atol=1e-3)
        assert np.allclose(one.reasons, other.reasons, atol=1e-3)
        assert np.allclose(one.evidence, other.evidence, atol=0.02)


def test_rows_that_the_teacher_has_not_spoken_of_stay_as_they_are(tmp_path: Path) -> None:
    rows = [example("甲", 1.0, 0.0), example("乙", 0.0, 0.0)]
    write_soft(
        tmp_path / "a.npz", [Example("乙", *(np.array([0.5, 0.5], np.float32),) * 2, np.ones((1, 2), np.float32))]
    )
    first, second = mix_known(rows, soft_labels(tmp_path), 0.5)
    assert first is rows[0]
    assert np.allclose(second.labels, [0.25, 0.5])


def test_what_holds_no_soft_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(XunchaError, match="this folder holds no .npz file of soft labels"):
        soft_labels(tmp_path)
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with pytest.raises(XunchaError, match="a.npz: holds no soft labels"):
        soft_labels(tmp_path)
