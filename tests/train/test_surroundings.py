from __future__ import annotations

import numpy as np
import pytest

from xuncha.labels.rows import Row, Source, Span
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.base import load_base
from xuncha.train.collate import Collator
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
    surround = Surroundings(neighbours)
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
    surround = Surroundings(others)
    texts = {surround(guilty, np.random.default_rng(seed)).text for seed in range(50)}
    assert all(set(text.replace(guilty.text, "")) <= set("要的扣一 ") for text in texts)
    assert len(texts) > 3


def test_what_a_neighbour_is_not_judged_for_makes_a_clean_whole_unjudged(guilty: Example, taxonomy: Taxonomy) -> None:
    half = example_of(Row("h", "今天发货", Source.SPEECH, {"off_platform": False}), taxonomy)
    whole = joined(half, guilty)
    assert whole.labels[0] == 1.0 and np.isnan(whole.labels[1])
    assert np.isnan(whole.evidence[: len(half.text), -1]).all()
    assert whole.evidence[len(half.text), 0] == 1.0


def test_a_share_of_the_batches_is_put_among_neighbours_whole_batches_at_a_time(
    guilty: Example, taxonomy: Taxonomy
) -> None:
    neighbour = quiet(taxonomy, "要的扣一")
    _, tokenizer = load_base("tiny", [guilty.text, neighbour.text])
    collator = Collator(tokenizer, 64, None, Surroundings([neighbour]), 0.25)
    alone = int(Collator(tokenizer, 64)([{"example": guilty, "number": 0}])["attention_mask"].sum())
    longer = []
    for number in range(0, 2000, 2):
        batch = collator([{"example": guilty, "number": number}, {"example": guilty, "number": number + 1}])
        tokens = batch["attention_mask"].sum(1)
        assert (tokens == alone).all() or (tokens > alone).all()
        longer.append(bool((tokens > alone).all()))
    assert 0.2 < np.mean(longer) < 0.3
