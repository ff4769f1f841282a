from collections.abc import Callable
from pathlib import Path

import pytest

from xuncha.labels import Row, Span, Taxonomy, write_rows
from xuncha.labels.validate import Check, cuts_character, validate_files, validate_rows

MakeRow = Callable[..., Row]


def contact(start: int, end: int) -> Span:
    return Span(start, end, "off_platform", "contact")


def test_good_rows_give_no_findings(make_row: MakeRow) -> None:
    row = make_row("1", "加薇❤️ab", labels={"off_platform": True}, spans=(contact(0, 6),))
    found = validate_rows([row, make_row("2", "甲")])
    assert (found.rows, found.errors, found.warnings) == (2, (), ())


def test_the_same_text_with_different_labels_is_an_error(make_row: MakeRow) -> None:
    rows = [
        make_row("1", "全网 最低 ABC"),
        make_row(
            "2",
            "全网最低ａｂｃ",
            labels={"off_platform": None, "exaggerated": True},
            spans=(Span(0, 4, "exaggerated", "absolute"),),
        ),
    ]
    found = validate_rows(rows, {"1": "a.jsonl:1", "2": "a.jsonl:2"})
    assert [one.message for one in found.errors] == [
        'a.jsonl:2: row "2": label "exaggerated" is true here, false in a.jsonl:1: row "1", '
        "which has the same text. Change one of them."
    ]


def test_a_question_mark_makes_another_text(make_row: MakeRow) -> None:
    rows = [make_row("1", "能治病?"), make_row("2", "能治病", labels={"off_platform": True})]
    assert validate_rows(rows).errors == ()


def test_an_unjudged_label_contradicts_nothing(make_row: MakeRow) -> None:
    rows = [make_row("1", "甲"), make_row("2", "甲", labels={"off_platform": None})]
    assert validate_rows(rows).findings == ()


def test_a_near_duplicate_in_another_split_is_an_error(make_row: MakeRow) -> None:
    text = "桂林米粉卤水包一袋八两自己熬的"
    found = validate_rows([make_row("1", text, split="train"), make_row("2", text + "!", split="test")])
    assert [one.message for one in found.errors] == [
        'row "1": stands in train, but row "2" in test (near-duplicate, similarity 1.00). Give both the same split.'
    ]


@pytest.mark.parametrize(
    ("text", "span", "check", "said"),
    [
        ("加薇 ab", (0, 3), Check.BLANK_EDGE, 'spans[0] "加薇 " begins or ends with a blank. Move the edge.'),
        (
            "加e\u0301",
            (0, 2),
            Check.CUT_CHARACTER,
            'spans[0] "加e" begins or ends inside a character. Move the edge.',
        ),
    ],
)
def test_a_doubtful_edge_is_named(make_row: MakeRow, text: str, span: tuple[int, int], check: Check, said: str) -> None:
    row = make_row("1", text, labels={"off_platform": True}, spans=(contact(*span),))
    (finding,) = validate_rows([row]).findings
    assert (finding.check, finding.message) == (check, f'row "1": {said}')


def test_missing_and_repeated_evidence_are_warnings(make_row: MakeRow) -> None:
    rows = [
        make_row("1", "加薇", labels={"off_platform": True}),
        make_row("2", "加微", labels={"off_platform": True}, spans=(contact(0, 2), contact(0, 2))),
    ]
    found = validate_rows(rows)
    assert found.errors == ()
    assert [one.message for one in found.warnings] == [
        'row "1": label "off_platform" is true without a span. Mark its evidence.',
        'row "2": spans[1] "加微" stands twice. Take one out.',
    ]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("ab", [0, 1, 2]),
        ("e\u0301a", [0, 2, 3]),
        ("1\ufe0f\u20e32", [0, 3, 4]),
        ("👨\u200d👩a", [0, 3, 4]),
        ("👍🏽好", [0, 2, 3]),
        ("🇨🇳🇫🇷", [0, 2, 4]),
        ("加\u200b微", [0, 1, 2, 3]),
        ("𠮷屋", [0, 1, 2]),
    ],
)
def test_only_edges_between_visible_characters_are_whole(text: str, whole: list[int]) -> None:
    assert [edge for edge in range(len(text) + 1) if not cuts_character(text, edge)] == whole


def test_lines_that_cannot_be_read_are_findings_beside_the_others(
    tmp_path: Path, taxonomy: Taxonomy, make_row: MakeRow
) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [make_row("1", "甲", labels={"exaggerated": True})])
    path.write_text("{}\n" + path.read_text("utf-8"), "utf-8")
    found = validate_files([path], taxonomy)
    assert [one.message for one in found.findings] == [
        f'{path}:1: field "id" is missing. Add it.',
        f'{path}:2: row "1": label "exaggerated" is true without a span. Mark its evidence.',
    ]
    assert found.rows == 2
