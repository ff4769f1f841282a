import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from xuncha.labels.rows import Row, Source
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.evaluation.baselines import Baseline, baselines
from xuncha.train.evaluation.intervals import Resamples, groups_of
from xuncha.train.evaluation.learners import best_threshold
from xuncha.train.evaluation.word_list import read_word_lists

MakeRow = Callable[..., Row]
OFF, EXAGGERATED = "off_platform", "exaggerated"


def measured(taxonomy: Taxonomy, rows: Sequence[Row], train: Sequence[Row]) -> dict[str, Baseline]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = baselines(rows, train, taxonomy, Resamples(groups_of(rows), count=50))
    return {one.name: one for one in found}


def rows_of(make_row: MakeRow, prefix: str, size: int) -> list[Row]:
    """True rows say 戊, and are the long ones; false rows say 己. Sources and origins tell nothing."""
    rng = np.random.default_rng(len(prefix))
    words = "天地玄黄宇宙洪荒日月盈昃"
    rows = []
    for number in range(size):
        true = number % 2 == 0
        text = "".join(rng.choice(list(words), 12 if true else 6)) + ("戊" if true else "己")
        source = list(Source)[number // 2 % 3]
        rows.append(make_row(f"{prefix}{number}", text, [OFF] * true, source=source, origin="AB"[number // 2 % 2]))
    return rows


@pytest.fixture(scope="module")
def found(taxonomy: Taxonomy, make_row: MakeRow) -> dict[str, Baseline]:
    return measured(taxonomy, rows_of(make_row, "test", 60), rows_of(make_row, "train-", 120))


def test_all_baselines_stand_there(found: dict[str, Baseline]) -> None:
    assert list(found) == ["word list", "n-grams", "length only", "source only", "origin only"]


def test_grams_learn_the_word_and_the_length_probe_the_length(found: dict[str, Baseline]) -> None:
    for name in ("n-grams", "length only"):
        assert found[name].average_precision[OFF].value == pytest.approx(1)
        # The threshold comes from training rows alone, so it may cost a row or two.
        assert (found[name].figures[OFF].f1.value or 0) > 0.95


def test_probes_find_nothing_where_nothing_is(found: dict[str, Baseline]) -> None:
    for name in ("source only", "origin only"):
        assert found[name].average_precision[OFF].value == pytest.approx(0.5, abs=0.1)


def test_a_label_with_one_class_in_training_is_absent_and_so_are_its_rates(found: dict[str, Baseline]) -> None:
    assert EXAGGERATED not in found["n-grams"].figures
    assert found["n-grams"].challenges is None
    assert found["word list"].challenges is not None


def test_without_training_rows_the_word_list_stands_alone(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [make_row("1", "加V❤看货", [OFF]), make_row("2", "手串一条"), make_row("3", "全网最低", [EXAGGERATED])]
    found = measured(taxonomy, rows, ())
    assert list(found) == ["word list"]
    assert found["word list"].figures[OFF].f1.value == 1
    assert found["word list"].figures[EXAGGERATED].f1.value == 1


def test_unjudged_training_rows_change_nothing(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    train, rows = rows_of(make_row, "train-", 40), rows_of(make_row, "test", 20)
    blind = [make_row(f"blind{n}", "戊" * 9, unjudged=[OFF, EXAGGERATED]) for n in range(200)]
    without, beside = (measured(taxonomy, rows, found)["n-grams"] for found in (train, [*train, *blind]))
    assert beside.thresholds[OFF] == pytest.approx(without.thresholds[OFF])
    assert beside.average_precision == without.average_precision


def test_few_training_rows_get_the_plain_threshold(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    found = measured(taxonomy, rows_of(make_row, "test", 10), rows_of(make_row, "train-", 8))
    assert found["n-grams"].thresholds[OFF] == 0.5


def test_the_best_threshold_stands_below_the_lowest_score_with_the_best_f1() -> None:
    truth = np.array([True, False, True, False])
    assert best_threshold(truth, np.array([0.9, 0.2, 0.7, 0.1])) == pytest.approx(0.45)
    assert best_threshold(np.array([True, True]), np.array([0.4, 0.8])) == 0.4


@pytest.mark.parametrize(
    ("label", "text", "hits"),
    [
        (OFF, "手机一三八 13812345678", 1),
        (OFF, "单号2138123456789", 0),
        (OFF, "加Ｖ：ping_an07", 2),
        (OFF, "q 12345678", 1),
        (OFF, "水晶手串", 0),
        (EXAGGERATED, "１００％见效", 2),
        (EXAGGERATED, "很好看", 0),
    ],
)
def test_the_word_list_sees_words_and_numbers_through_full_width(label: str, text: str, hits: int) -> None:
    assert read_word_lists()[label].hits(text) == hits


def test_the_word_list_is_about_labels_of_the_taxonomy(taxonomy: Taxonomy) -> None:
    assert tuple(read_word_lists()) == taxonomy.label_ids
