"""One score per text, wherever it is computed; long texts read to their end."""

from __future__ import annotations

import json

import numpy as np
import pytest

from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference, _most
from xuncha.models.reference import replay
from xuncha.models.session import Floats, Ids


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


def test_texts_that_read_alike_are_computed_once(
    inference: Inference, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    run = inference.session.scores

    def counted(ids: Ids) -> tuple[Floats, Floats]:
        asked.append(len(ids))
        return run(ids)

    monkeypatch.setattr(inference.session, "scores", counted)
    scores = inference.scores(["加V看货", "加v看货", "加Ｖ看\u200b货", "加V看货"]).labels
    assert sum(asked) == 1
    assert (scores == scores[0]).all()


def test_a_scan_gives_the_scores_and_of_flagged_texts_the_evidence_of_the_same_pass(
    nano: Bundle, inference: Inference, texts: list[str]
) -> None:
    thresholds = nano.thresholds["balanced"]
    long = "这款茶壶容量二百毫升,壶身光滑,配有木盒,适合日常使用。" * 30
    asked = [*texts, long, long + "加微信abc13800看货,微信转账便宜两百", "\u200b"]
    scan = inference.scan(asked, thresholds)
    assert (scan.scores.labels == inference.scores(asked).labels).all()
    limits = np.array([thresholds[label] for label in nano.taxonomy.label_ids])
    assert [one is not None for one in scan.evidence] == (scan.scores.labels >= limits).any(axis=1).tolist()
    for found, again in zip(scan.evidence, inference.evidence(asked), strict=True):
        assert found is None or np.array_equal(found, again.probabilities)


def test_batches_of_long_texts_are_smaller_so_that_memory_stays_flat() -> None:
    assert all(_most(length) * length <= 768 and _most(length) * length**2 <= 384**2 for length in range(2, 385))
    assert (_most(2), _most(48), _most(192), _most(384)) == (384, 16, 4, 1)


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
