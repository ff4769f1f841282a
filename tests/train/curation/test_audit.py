"""The audit finds labels that were turned round."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xuncha.labels import Row, Source, Span, Taxonomy, XunchaError, read_rows
from xuncha.train.curation.audit import audit, out_of_fold
from xuncha.train.curation.grams import folds_of

KNOWN = Taxonomy.load()
DATA = Path(__file__).parents[3] / "labels" / "data"
Mark = Callable[[Row, str], tuple[Span, ...]]


def unmarked(row: Row, label: str) -> tuple[Span, ...]:
    return ()


def anywhere(row: Row, label: str) -> tuple[Span, ...]:
    """Evidence at a random place, so that it gives nothing away."""
    start = random.Random(row.id).randrange(len(row.text))
    return (Span(start, min(start + 6, len(row.text)), label, KNOWN.label(label).reasons[0].id),)


def flipped(rows: list[Row], cells: set[tuple[str, str]], mark: Mark) -> list[Row]:
    out = []
    for row in rows:
        for label in [label for row_id, label in cells if row_id == row.id]:
            spans = tuple(span for span in row.spans if span.label != label)
            judged = not row.labels[label]
            row = replace(row, labels={**row.labels, label: judged}, spans=spans + (mark(row, label) if judged else ()))
        out.append(row)
    return out


@pytest.mark.slow
@pytest.mark.parametrize("mark", [unmarked, anywhere])
def test_of_ten_percent_flipped_labels_seventy_are_in_the_top_fifteen(mark: Mark) -> None:
    rng = random.Random(0)
    rows = rng.sample(list(read_rows(DATA, KNOWN)), 4000)
    cells = sorted((row.id, label) for row in rows for label in KNOWN.label_ids)
    flips = set(rng.sample(cells, len(cells) // 10))
    found = audit(flipped(rows, flips, mark), KNOWN)
    top = {(one.row.id, one.label) for one in found.doubts[: len(cells) * 15 // 100]}
    assert len(flips & top) / len(flips) >= 0.7


def clear_rows(count: int = 60) -> list[Row]:
    rows = []
    for number in range(count):
        true = number % 2 == 0
        text = f"加薇信看图{number}" if true else f"全新商品包邮{number}"
        spans = (Span(0, 3, "off_platform", "contact"),) if true else ()
        rows.append(Row(str(number), text, Source.COMMENT, {"off_platform": true, "exaggerated": None}, spans))
    return rows


def test_a_wrong_label_among_clear_ones_comes_first_and_a_label_without_rows_is_skipped() -> None:
    rows = clear_rows()
    rows[5] = replace(rows[5], labels={"off_platform": True}, spans=(Span(0, 4, "off_platform", "contact"),))
    found = audit(rows, KNOWN)
    first = found.doubts[0]
    assert (first.row.id, first.label, first.judged) == ("5", "off_platform", True)
    assert first.probability < 0.5 and not first.unmarked
    assert found.skipped == ("exaggerated",)
    assert len(found.doubts) == 60


def test_a_true_label_without_evidence_is_doubted_where_evidence_is_customary() -> None:
    rows = clear_rows()
    rows[4] = replace(rows[4], spans=())
    assert [one.row.id for one in audit(rows, KNOWN).doubts if one.unmarked] == ["4"]
    bare = [replace(row, spans=()) for row in rows]
    assert not [one for one in audit(bare, KNOWN).doubts if one.unmarked]


def test_the_same_seed_gives_the_same_probabilities_and_a_row_does_not_vouch_for_itself() -> None:
    rows = clear_rows()
    rows[5] = replace(rows[5], labels={"off_platform": True}, spans=(Span(0, 4, "off_platform", "contact"),))
    truth = np.array([row.labels["off_platform"] is True for row in rows])
    first = out_of_fold(rows, "off_platform", truth)
    assert (first == out_of_fold(rows, "off_platform", truth)).all()
    assert first[5] < 0.5 < first[4]


def test_pairs_and_equal_texts_share_a_fold() -> None:
    rows = [
        Row("P1a", "一", Source.COMMENT, {}),
        Row("P1b", "二", Source.COMMENT, {}),
        Row("3", "三 ", Source.COMMENT, {}),
        Row("4", "三", Source.COMMENT, {}),
    ]
    first, second, third, fourth = folds_of(rows)
    assert first == second != third == fourth


def test_a_models_scores_can_take_the_place_of_out_of_fold_ones() -> None:
    rows = clear_rows()
    scores = np.array([[0.9 if row.labels["off_platform"] else 0.1, 0.5] for row in rows])
    scores[7, 0] = 0.99
    assert audit(rows, KNOWN, scores=scores).doubts[0].row.id == "7"


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(XunchaError) as caught:
        audit(clear_rows(10), KNOWN)
    assert str(caught.value) == "No label has 10 true and 10 false rows, which an audit needs. Add rows."
