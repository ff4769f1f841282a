from collections.abc import Callable
from pathlib import Path

import pytest

from xuncha.labels import Row, Source, Span, Taxonomy, XunchaError
from xuncha.labels.card import BEGIN, END, with_counts, write_card
from xuncha.labels.stats import count_rows, tables

MakeRow = Callable[..., Row]


@pytest.fixture
def rows(make_row: MakeRow) -> list[Row]:
    span = Span(0, 2, "off_platform", "redirect")
    return [
        make_row("1", "甲乙丙丁", labels={"off_platform": True}, spans=(span,), origin="L1", split="dev"),
        make_row("2", "甲乙", source=Source.SPEECH, labels={"off_platform": None, "exaggerated": False}),
    ]


def test_unjudged_labels_count_as_neither_true_nor_false(rows: list[Row]) -> None:
    total = count_rows(rows).total
    assert (total.rows, total.spans, total.characters) == (2, 1, 6)
    assert dict(total.true) == {"off_platform": 1}
    assert dict(total.false) == {"exaggerated": 1}


def test_tables_count_by_every_facet_and_end_with_all(rows: list[Row], taxonomy: Taxonomy) -> None:
    origin, source, _, split, reason = tables(count_rows(rows), taxonomy)
    assert origin.columns == (
        "origin",
        "rows",
        "off_platform",
        "exaggerated",
        "train",
        "dev",
        "test",
        "length",
    )
    assert origin.lines == (
        ("L1", "1", "1", "0", "0", "1", "0", "4"),
        ("–", "1", "0", "0", "0", "0", "0", "2"),
        ("all", "2", "1", "0", "0", "1", "0", "3"),
    )
    assert [line[0] for line in source.lines] == ["listing", "speech", "all"]
    assert [line[0] for line in split.lines] == ["dev", "–", "all"]
    assert reason.lines[1] == ("redirect", "1", "1", "0", "1", "0")


def test_no_rows_give_tables_of_nothing(taxonomy: Taxonomy) -> None:
    assert [table.lines[-1][:2] for table in tables(count_rows([]), taxonomy)] == [("all", "0")] * 5


def test_a_card_changes_only_between_its_marks(tmp_path: Path, rows: list[Row], taxonomy: Taxonomy) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"before\n{BEGIN}\n0 rows\n{END}\nafter\n", "utf-8")
    write_card(card, rows, taxonomy)
    once = card.read_text("utf-8")
    assert once.startswith(f"before\n{BEGIN}\n2 rows, 1 evidence spans, 6 characters.")
    assert once.endswith(f"{END}\nafter\n")
    assert "\n0 rows" not in once
    write_card(card, rows, taxonomy)
    assert card.read_text("utf-8") == once


def test_a_card_without_marks_is_refused() -> None:
    with pytest.raises(XunchaError) as caught:
        with_counts("text", "tables", "README.md")
    assert str(caught.value) == (
        "README.md: the marks <!-- counts: begin --> and <!-- counts: end --> are missing. "
        "Put them where the counts should go."
    )
