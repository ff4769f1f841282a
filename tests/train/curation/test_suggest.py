"""Suggestions are uncertain, unlike each other and frequent; labelling them teaches more than labelling at random."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from xuncha.labels import Row, Source, Taxonomy, XunchaError, read_rows
from xuncha.train.curation.grams import Vocabulary
from xuncha.train.curation.picture import curves_picture
from xuncha.train.curation.replay import Course, Curve, replay
from xuncha.train.curation.suggest import learned, suggest, uncertainty

KNOWN = Taxonomy.load()
DATA = Path(__file__).parents[3] / "labels" / "data"


def pool(*texts: str) -> list[Row]:
    return [Row(str(number), text, Source.COMMENT, {}) for number, text in enumerate(texts)]


def asked(rows: list[Row], budget: int, probabilities: list[list[float]], known: list[Row] | None = None) -> list[str]:
    vectors = Vocabulary([row.text for row in rows]).texts
    return [one.row.id for one in suggest(rows, budget, np.array(probabilities), vectors, known or [])]


def test_the_least_certain_row_comes_first() -> None:
    assert asked(pool("加薇", "全新", "包邮"), 3, [[0.9, 0.0], [0.5, 0.0], [0.7, 0.0]]) == ["1", "2", "0"]


def test_a_row_like_one_that_was_chosen_waits_for_one_unlike_it() -> None:
    rows = pool("加我薇信看图", "加我薇信看图啊", "假一赔十")
    assert asked(rows, 3, [[0.5, 0.0], [0.49, 0.0], [0.3, 0.0]]) == ["0", "2", "1"]


def test_a_frequent_text_comes_before_a_rare_one_and_stands_once() -> None:
    rows = pool("加薇", "全新", "全 新", "全新")
    assert asked(rows, 4, [[0.5, 0.0]] * 4) == ["1", "0"]


def test_texts_that_are_labelled_are_not_suggested_again() -> None:
    assert asked(pool("加薇", "全新"), 2, [[0.5, 0.0]] * 2, pool("加 薇")) == ["1"]


def test_uncertainty_is_greatest_at_the_models_threshold() -> None:
    scores = np.array([[0.3], [0.5], [0.0], [1.0]])
    assert uncertainty(scores, np.array([0.3])) == pytest.approx([1.0, 5 / 7, 0.0, 0.0])


def test_a_label_with_too_few_rows_counts_as_undecided() -> None:
    known = [
        Row(
            str(number),
            f"{'加薇' if number % 2 else '全新'}{number}",
            Source.COMMENT,
            {"off_platform": number % 2 == 1},
        )
        for number in range(40)
    ]
    probabilities, _ = learned(pool("加薇啊", "全新啊"), known, KNOWN.label_ids)
    assert probabilities[0, 0] > 0.5 > probabilities[1, 0]
    assert probabilities[:, 1].tolist() == [0.5, 0.5]
    with pytest.raises(XunchaError, match="No label has 10 true and 10 false rows to learn from"):
        learned(pool("加薇"), known[:4], KNOWN.label_ids)


@pytest.mark.slow
def test_at_equal_budget_suggested_rows_teach_more_than_random_ones() -> None:
    rows = list(read_rows(DATA, KNOWN))
    course = Course(start=100, batch=100, budget=500, pool=2500, held=1000, seeds=(0, 1, 2))
    chance, own = replay(rows, KNOWN, course)
    assert own.rows == (100, 200, 300, 400, 500)
    assert own.f1 != chance.f1 and [seed[0] for seed in own.f1] == [seed[0] for seed in chance.f1]
    assert own.area() > chance.area()
    assert own.mean()[-1] > chance.mean()[-1]


def test_a_replay_needs_rows_enough() -> None:
    with pytest.raises(XunchaError) as caught:
        replay(pool("加薇"), KNOWN, Course())
    assert str(caught.value) == (
        "A replay up to 800 rows needs 900 rows to draw from and 100 to measure on, judged for every label; "
        "there are 0 and 0. Give more rows, or a smaller --budget."
    )


def test_the_curves_are_a_picture_with_every_point() -> None:
    curves = [
        Curve(name, (100, 200), f1=[[0.2, low], [0.2, high]], average_precision=[[0.3, 0.4]] * 2)
        for name, low, high in (("random", 0.3, 0.4), ("suggested", 0.5, 0.6))
    ]
    root = ElementTree.fromstring(curves_picture(curves))
    told = [one.text for one in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "suggested, 200 rows: 0.550" in told and "random, 200 rows: 0.350" in told
