"""From token probabilities to stretches."""

from __future__ import annotations

import numpy as np

from xuncha.models.evidence import Stretch, delete, joined, stretches
from xuncha.models.explain import explain
from xuncha.models.inference import CharacterEvidence, Inference


def tokens(values: list[float]) -> CharacterEvidence:
    probabilities = np.zeros((len(values), 2), np.float32)
    probabilities[:, 1] = values
    return CharacterEvidence(tuple((i, i + 1) for i in range(len(values))), probabilities)


def test_marked_tokens_become_stretches_and_small_gaps_are_bridged() -> None:
    found = stretches(tokens([0, 0.9, 0.9, 0, 0, 0.9, 0, 0, 0, 0.8]), [0, 1], 0.5)
    assert [(s.start, s.end, s.reason) for s in found] == [(1, 6, 1), (9, 10, 1)]


def test_a_flagged_text_always_has_evidence() -> None:
    found = stretches(tokens([0.1, 0.3, 0.35, 0.1]), [0, 1], 0.5)
    assert [(s.start, s.end) for s in found] == [(1, 3)]


def leading(first: str) -> CharacterEvidence:
    """A token a character: which of two reasons leads there (".", none)."""
    values = {"a": (0.9, 0.1), "b": (0.2, 0.8), ".": (0.0, 0.0), "o": (0.6, 0.5)}
    return CharacterEvidence(
        tuple((i, i + 1) for i in range(len(first))), np.array([values[one] for one in first], np.float32)
    )


def test_a_stretch_is_parted_where_its_reason_surely_changes() -> None:
    found = [(s.start, s.end, s.reason) for s in stretches(leading(".aaaaa.bbbb."), [0, 1], 0.5)]
    assert found == [(1, 6, 0), (7, 11, 1)]
    three = stretches(leading("aaaabbbbaaaa"), [0, 1], 0.5)
    assert [(s.start, s.end, s.reason) for s in three] == [(0, 4, 0), (4, 8, 1), (8, 12, 0)]


def test_a_flicker_or_a_faint_lead_parts_nothing() -> None:
    for first in ("aaaaabbaaaa", "aaaaooooo", "aaabbbb"):
        assert len(stretches(leading(first), [0, 1], 0.5)) == 1


def test_no_tokens_no_stretches() -> None:
    assert stretches(CharacterEvidence((), np.zeros((0, 2), np.float32)), [0, 1], 0.5) == []


def test_deleting_spans_leaves_the_rest_and_its_places() -> None:
    assert delete("abcdef", [(1, 3), (2, 4)]) == ("aef", [0, 4, 5])


def test_touching_stretches_of_one_reason_are_one() -> None:
    assert joined([Stretch(4, 6, 1, 0.5), Stretch(0, 4, 1, 0.9)]) == [Stretch(0, 6, 1, 0.9)]
    assert len(joined([Stretch(0, 4, 1, 0.9), Stretch(4, 6, 2, 0.5)])) == 2


def test_evidence_is_faithful_where_it_can_be_had(inference: Inference) -> None:
    texts = ["老银元一枚,包浆自然,加微信yinyuan88看细图", "这款面霜三天根治痘痘,全国第一,无效退款"]
    thresholds = inference.bundle.thresholds["balanced"]
    scores = inference.scores(texts).labels
    flagged = [
        [
            label
            for label, score in zip(inference.bundle.taxonomy.label_ids, row, strict=True)
            if score >= thresholds[label]
        ]
        for row in scores
    ]
    assert flagged == [["off_platform"], ["exaggerated"]]
    for text, labels, found in zip(texts, flagged, explain(inference, texts, flagged, thresholds), strict=True):
        for label in labels:
            rest, _ = delete(text, [(s.start, s.end) for s in found[label]])
            place = inference.bundle.taxonomy.label_ids.index(label)
            assert inference.scores([rest]).labels[0, place] < thresholds[label]
            assert len(rest) >= 3


def test_evidence_is_the_same_whether_the_scoring_pass_hands_it_over_or_not(inference: Inference) -> None:
    texts = ["老银元一枚,包浆自然,加微信yinyuan88看细图", "全国第一,加V私聊,三天根治,微信转账", "今天天气很好"]
    thresholds = inference.bundle.thresholds["balanced"]
    scan = inference.scan(texts, thresholds)
    flagged = [
        [label for label, score in zip(inference.bundle.taxonomy.label_ids, row, strict=True) if score >= 0.5]
        for row in scan.scores.labels.tolist()
    ]
    assert flagged[0] and flagged[1] and not flagged[2]
    handed = explain(inference, texts, flagged, thresholds, scan.evidence)
    assert handed == explain(inference, texts, flagged, thresholds)
