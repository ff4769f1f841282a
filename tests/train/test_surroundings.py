from __future__ import annotations

import numpy as np
import pytest

from xuncha.labels.rows import Row, Source, Span
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.examples import Example, example_of
from xuncha.train.surroundings import LONGEST, Surroundings, joined

CLEAN = {"off_platform": False, "exaggerated": False}


@pytest.fixture
def guilty(taxonomy: Taxonomy) -> Example:
    span = Span(0, 3, "off_platform", "contact")
    labels = {"off_platform": True, "exaggerated": False}
    return example_of(Row("g", "加我v拿货", Source.SPEECH, labels, (span,)), taxonomy)


def quiet(taxonomy: Taxonomy, text: str, source: Source = Source.SPEECH) -> Example:
    return example_of(Row(text, text, source, CLEAN), taxonomy)


def test_a_violation_among_quiet_talk_stays_one_and_its_evidence_stays_its_own(
    guilty: Example, taxonomy: Taxonomy
) -> None:
    neighbours = [quiet(taxonomy, "这件是纯棉的"), quiet(taxonomy, "三号链接已经上了")]
    surround = Surroundings(neighbours, 1.0)
    for seed in range(50):
        found = surround(guilty, np.random.default_rng(seed))
        assert len(found.text) > len(guilty.text)
        assert found.labels.tolist() == guilty.labels.tolist()
        assert found.reasons.tolist() == guilty.reasons.tolist()
        marked = "".join(c for c, row in zip(found.text, found.evidence, strict=True) if row.max() == 1.0)
        assert marked == "加我v"
        assert [found.text[a:b] for a, b in found.spans] == ["加我v"]


def test_neighbours_are_short_quiet_rows_of_the_same_source(guilty: Example, taxonomy: Taxonomy) -> None:
    others = [
        guilty,
        quiet(taxonomy, "评论里的一句", Source.COMMENT),
        quiet(taxonomy, "长" * LONGEST),
        quiet(taxonomy, "要的扣一"),
    ]
    surround = Surroundings(others, 1.0)
    texts = {surround(guilty, np.random.default_rng(seed)).text for seed in range(50)}
    assert all(set(text.replace(guilty.text, "")) <= set("要的扣一 ") for text in texts)
    assert len(texts) > 3


def test_what_a_neighbour_is_not_judged_for_makes_a_clean_whole_unjudged(guilty: Example, taxonomy: Taxonomy) -> None:
    half = example_of(Row("h", "今天发货", Source.SPEECH, {"off_platform": False}), taxonomy)
    whole = joined(half, guilty)
    assert whole.labels[0] == 1.0 and np.isnan(whole.labels[1])
    assert np.isnan(whole.evidence[: len(half.text), -1]).all()
    assert whole.evidence[len(half.text), 0] == 1.0


def test_share_is_the_part_of_texts_that_get_neighbours(guilty: Example, taxonomy: Taxonomy) -> None:
    surround = Surroundings([quiet(taxonomy, "要的扣一")], 0.25)
    changed = sum(surround(guilty, np.random.default_rng(seed)) is not guilty for seed in range(2000))
    assert 0.21 < changed / 2000 < 0.29
