from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xuncha.labels import Row, XunchaError
from xuncha.labels.agreement import agreement, by_annotator, cohen_kappa, krippendorff_alpha

MakeRow = Callable[..., Row]
LABELS = ("off_platform", "exaggerated")


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_kappa_is_that_of_scikit_learn(judged: list[tuple[bool, bool]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    first, second = zip(*judged, strict=True)
    if len({*first, *second}) == 1:
        assert cohen_kappa(judged) is None
    else:
        assert cohen_kappa(judged) == pytest.approx(metrics.cohen_kappa_score(first, second), abs=1e-6)


def test_alpha_of_the_published_binary_example() -> None:
    """K. Krippendorff 2011, section A: two observers, ten units, α = 0.095."""
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    units = [(bool(one), bool(other)) for one, other in zip(first, second, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.095, abs=5e-4)


def test_annotators_are_compared_by_text_and_each_disagreement_is_listed(make_row: MakeRow) -> None:
    anna = [make_row("a1", "加 薇"), make_row("a2", "全新"), make_row("a3", "只有我")]
    bo = [
        make_row("b1", "加薇", labels={"off_platform": True, "exaggerated": None}),
        make_row("b2", "全新", labels={"off_platform": False, "exaggerated": False}),
    ]
    rows = [("anna", row) for row in anna] + [("bo", row) for row in bo]
    found = agreement(rows, LABELS)
    assert found.annotators == ("anna", "bo")
    off, exaggerated = found.labels
    assert (off.texts, off.pairs[0].agreed, off.pairs[0].kappa) == (2, 0.5, 0.0)
    assert (exaggerated.texts, exaggerated.pairs[0].agreed, exaggerated.pairs[0].kappa) == (1, 1.0, None)
    (one,) = found.disagreements
    assert (one.label, one.judged) == ("off_platform", {"anna": False, "bo": True})
    assert {name: row.id for name, row in one.rows.items()} == {"anna": "a1", "bo": "b1"}


def test_files_stand_for_annotators_where_rows_do_not_tell_them_apart(make_row: MakeRow) -> None:
    files = {Path("a.jsonl"): [make_row("1", "加薇")], Path("b.jsonl"): [make_row("1", "加薇")]}
    assert [name for name, _ in by_annotator(files)] == ["a.jsonl", "b.jsonl"]
    named = {Path("a.jsonl"): [make_row("1", "加薇", annotator="anna"), make_row("2", "加薇", annotator="bo")]}
    assert [name for name, _ in by_annotator(named)] == ["anna", "bo"]


def test_without_a_common_text_there_is_nothing_to_compare(make_row: MakeRow) -> None:
    with pytest.raises(XunchaError) as caught:
        agreement([("anna", make_row("1", "一")), ("bo", make_row("2", "二"))], LABELS)
    assert str(caught.value) == (
        "No text was judged by two annotators. Give files of several annotators, or rows whose annotator differs."
    )
