"""Targets: true, false, and not judged are three things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.examples import MOST_TIMES, example_of, positive_weights, repeated


def test_spans_become_character_targets_of_their_reason(violating: Row, taxonomy: Taxonomy) -> None:
    example = example_of(violating, taxonomy)
    contact, absolute = taxonomy.reason_ids.index("contact"), taxonomy.reason_ids.index("absolute")
    assert example.labels.tolist() == [1.0, 1.0]
    assert (
        "".join(c for c, on in zip(violating.text, example.evidence[:, contact], strict=True) if on) == "加微信a13看图"
    )
    marked = ["".join(c for c, on in zip(violating.text, example.evidence[:, r], strict=True) if on) for r in (0, 3)]
    assert (contact, absolute) == (0, 3)
    assert marked == ["加微信a13看图", "全网最低价"]
    assert example.reasons[contact] == 1.0 and example.reasons[taxonomy.reason_ids.index("redirect")] == 0.0


def test_a_label_nobody_judged_is_masked_never_negative(violating: Row, taxonomy: Taxonomy) -> None:
    row = replace(violating, labels={"off_platform": True}, spans=violating.spans[:1])
    example = example_of(row, taxonomy)
    own = [taxonomy.reason_ids.index(reason.id) for reason in taxonomy.label("exaggerated").reasons]
    assert np.isnan(example.labels[1])
    assert np.isnan(example.reasons[own]).all() and np.isnan(example.evidence[:, own]).all()


def test_a_true_label_without_spans_leaves_its_evidence_unjudged(violating: Row, taxonomy: Taxonomy) -> None:
    example = example_of(replace(violating, spans=violating.spans[:1]), taxonomy)
    assert example.labels[1] == 1.0
    assert np.isnan(example.evidence[:, taxonomy.reason_ids.index("absolute")]).all()


def test_class_weights_are_the_root_of_the_odds(violating: Row, taxonomy: Taxonomy) -> None:
    clean = replace(violating, labels={"off_platform": False, "exaggerated": False}, spans=())
    examples = [example_of(row, taxonomy) for row in (violating, clean, clean, clean, clean)]
    assert positive_weights(examples) == (2.0, 2.0)


def test_rows_of_a_new_label_are_repeated_up_to_their_share_and_the_others_stand_once(
    violating: Row, taxonomy: Taxonomy
) -> None:
    old = example_of(replace(violating, labels={"off_platform": True}, spans=()), taxonomy)
    new = example_of(replace(violating, labels={"exaggerated": True}, spans=()), taxonomy)
    many = [old] * 96 + [new] * 4
    found = repeated(many, 0.1)
    assert found[:100] == many and found[100:] == [new] * 8
    assert len(repeated([old] * 996 + [new] * 4, 0.1)) == 1000 + 4 * (MOST_TIMES - 1)
    assert repeated(many, 0.0) == many and repeated([old] * 5, 0.1) == [old] * 5
