"""One score per text, wherever it is computed; long texts read to their end."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference
from xuncha.models.reference import replay


@pytest.fixture(scope="module")
def texts(nano: Bundle) -> list[str]:
    rows = [json.loads(line) for line in nano.path("reference.jsonl").read_text().splitlines()]
    return [row["text"] for row in rows]


def test_frozen_answers_are_given_again(nano: Bundle) -> None:
    assert replay(nano).texts >= 50


def test_a_score_is_the_same_alone_in_any_batch_and_with_any_thread_count(
    nano: Bundle, inference: Inference, texts: list[str]
) -> None:
    together = inference.scores(texts).labels
    alone = np.concatenate([inference.scores([text]).labels for text in texts])
    shuffled = inference.scores(texts[::-1] * 3).labels[: len(texts)][::-1]
    one_thread = Inference(nano, threads=1).scores(texts).labels
    for other in (alone, shuffled, one_thread):
        assert np.abs(together - other).max() <= 1e-6


def test_scores_are_probabilities_in_the_order_of_the_texts(inference: Inference, texts: list[str]) -> None:
    scores = inference.scores(texts).labels
    assert scores.shape == (len(texts), 2)
    assert ((scores > 0) & (scores < 1)).all()
    assert np.abs(inference.scores(texts[::-1]).labels[::-1] - scores).max() <= 1e-6


def test_a_violation_at_the_end_of_a_very_long_text_is_seen(inference: Inference) -> None:
    filler = "这款茶壶容量二百毫升,壶身光滑,配有木盒,适合日常使用。"
    violation = "加微信abc13800看货,微信转账便宜两百"
    clean, violating = filler * 60, filler * 60 + violation
    assert len(violating) > 1500
    before, after = inference.scores([clean, violating]).labels[:, 0]
    assert after > 0.5 > before


def test_a_text_of_one_window_more_or_less_loses_no_token(nano: Bundle, inference: Inference) -> None:
    for count in (nano.window - 3, nano.window - 2, nano.window - 1, nano.window + nano.stride, 3 * nano.window):
        evidence = inference.evidence(["好" * count])[0]
        assert len(evidence.spans) == count
        assert np.isfinite(evidence.probabilities).all() and (evidence.probabilities > 0).all()


def test_a_text_without_tokens_is_scored_too(inference: Inference) -> None:
    assert inference.scores(["\u200b"]).labels.shape == (1, 2)
    assert inference.evidence(["\u200b"])[0].spans == ()
