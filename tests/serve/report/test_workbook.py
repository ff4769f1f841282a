"""The review workbook: order, red evidence, drop-down, inert cells; and decisions read back from it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock

from tests.serve.report.scored_rows import scored_row
from xuncha.labels.decisions import read_decisions
from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.labels.validate import validate_rows

if TYPE_CHECKING:
    from tests.serve.report.conftest import Report

ROWS = [
    scored_row(1, "加微信 abc123 看图", ("contact", "加微信 abc123"), score=0.99),
    scored_row(2, "全网最低价,转账便宜", ("absolute", "全网最低"), ("private_deal", "转账便宜"), score=0.6),
    scored_row(3, "品相一般"),
]
TAXONOMY = Taxonomy.load()


def column(sheet: Any, heading: str) -> int:
    return next(int(cell.column) for cell in sheet[1] if cell.value == heading)


def reviewed(folder: Path, decisions: dict[str, str], reviewer: str = "小李") -> Path:
    """The workbook with a decision for each key, saved."""
    book = load_workbook(folder / "review.xlsx")
    sheet = book["复核"]
    key = column(sheet, "编号")
    for line in range(2, sheet.max_row + 1):
        if (said := decisions.get(sheet.cell(line, key).value)) is not None:
            sheet.cell(line, column(sheet, "判定")).value = said
            sheet.cell(line, column(sheet, "审核人")).value = reviewer
    path = folder / "reviewed.xlsx"
    book.save(path)
    return path


def test_rows_stand_by_need_of_review_with_their_evidence_in_red(report: Report) -> None:
    _, folder = report(ROWS)
    sheet = load_workbook(folder / "review.xlsx", rich_text=True)["复核"]
    assert [sheet.cell(line, column(sheet, "编号")).value for line in (2, 3)] == ["r2", "r1"]
    needs = [sheet.cell(line, column(sheet, "复核需要度")).value for line in (2, 3)]
    assert needs == sorted(needs, reverse=True)
    text = sheet.cell(3, column(sheet, "text")).value
    assert isinstance(text, CellRichText)
    red = [
        str(part)
        for part in text
        if isinstance(part, TextBlock) and part.font.color and part.font.color.rgb == "FFC00000"
    ]
    assert red == ["加微信 abc123"]
    assert str(text) == "加微信 abc123 看图"
    assert (
        sheet.cell(2, column(sheet, "违反规则")).value
        == "快手小店《发布其他平台信息》专项治理②；《广告法》第九条第三项；规则；规则乙"
    )


def test_each_row_has_a_drop_down_of_what_it_can_take(report: Report) -> None:
    _, folder = report(ROWS)
    (rule,) = load_workbook(folder / "review.xlsx")["复核"].data_validations.dataValidation
    assert str(rule.sqref) == "A2:A3"
    assert rule.formula1 == 'IF(ISNUMBER(FIND("、",$F2)),_rows!$D$1:$D$5,_rows!$D$1:$D$3)'
    book = load_workbook(folder / "review.xlsx")
    assert [book["_rows"].cell(line, 4).value for line in range(1, 7)] == [
        "确认违规", "推翻", "存疑", "仅确认：站外引流", "仅确认：夸大宣传", None,
    ]  # fmt: skip
    assert (book["复核"]["F1"].value, book["复核"]["F2"].value, book["复核"]["F3"].value) == (
        "违规标签", "站外引流、夸大宣传", "站外引流",
    )  # fmt: skip


def test_a_label_that_a_row_is_not_flagged_for_is_said_to_be_so(report: Report) -> None:
    _, folder = report(ROWS)
    path = reviewed(folder, {"r1": "仅确认：夸大宣传"})
    with pytest.raises(XunchaError) as failed:
        read_decisions([path], TAXONOMY)
    assert str(failed.value) == (
        f'{path}: 复核, row 3: "仅确认：夸大宣传" does not fit: this row is not flagged for 夸大宣传, only for '
        "站外引流. Choose 确认违规, 推翻 or 存疑."
    )


def test_no_cell_is_a_formula_or_a_link_whatever_the_table_holds(report: Report) -> None:
    for start in ("=", "+", "-", "@", "\t", "\r", "=HYPERLINK(", "http://x.example/"):
        text = f"{start}1+1 加微信\u202e\x00_x0041_"
        row = scored_row(1, text, ("contact", "加微信"), merchant=start + "cmd", category=start + "c", id=start + "1")
        _, folder = report([row])
        with zipfile.ZipFile(folder / "review.xlsx") as packed:
            sheets = [
                packed.read(name).decode() for name in packed.namelist() if name.startswith("xl/worksheets/sheet")
            ]
        assert not any(re.search("<f>|<f |<hyperlink", sheet) for sheet in sheets)
        book = load_workbook(folder / "review.xlsx")
        sheet = book["复核"]
        kinds = {cell.data_type for row_ in sheet.iter_rows() for cell in row_}
        assert kinds <= {"s", "n"}
        assert "‹U+202E›" in sheet.cell(2, column(sheet, "text")).value


def test_decisions_read_back_as_labelled_rows(report: Report) -> None:
    _, folder = report(ROWS)
    path = reviewed(folder, {"r1": "推翻", "r2": "仅确认：站外引流"})
    found = read_decisions([path], TAXONOMY)
    by_id = {row.id: row for row in found.rows}
    assert dict(by_id["r1"].labels) == {"off_platform": False} and by_id["r1"].spans == ()
    assert dict(by_id["r2"].labels) == {"off_platform": True, "exaggerated": False}
    assert [by_id["r2"].text[span.start : span.end] for span in by_id["r2"].spans] == ["转账便宜"]
    assert {row.annotator for row in found.rows} == {"小李"}
    assert all(row.judged_at and row.judged_at.endswith("Z") for row in found.rows)
    assert (found.confirmed, found.overturned, found.unsure, found.undecided) == (1, 2, 0, 0)
    assert validate_rows(found.rows).findings == ()


def test_long_and_strange_texts_come_back_whole(report: Report) -> None:
    text = "长" * 40_000 + "\x01\u202e_x0041_ 加微信\r\n😀=1" + "尾" * 5_000
    _, folder = report([scored_row(1, text, ("contact", "加微信"))])
    sheet = load_workbook(folder / "review.xlsx")["复核"]
    shown = sheet.cell(2, column(sheet, "text")).value
    assert "加微信" in shown and "…（略 " in shown and len(shown) < 2_000
    (row,) = read_decisions([reviewed(folder, {"r1": "确认违规"})], TAXONOMY).rows
    assert row.text == text and row.text[row.spans[0].start : row.spans[0].end] == "加微信"


def test_ids_that_stand_twice_are_told_apart(report: Report) -> None:
    rows = [scored_row(1, "加微信甲", ("contact", "加微信")), scored_row(1, "加微信乙", ("contact", "加微信"))]
    _, folder = report(rows)
    found = read_decisions([reviewed(folder, {"r1@1": "确认违规", "r1@2": "推翻"})], TAXONOMY)
    assert {row.id: row.text for row in found.rows} == {"r1@1": "加微信甲", "r1@2": "加微信乙"}


def test_each_text_column_gives_its_own_labelled_row(report: Report) -> None:
    row = scored_row(1, "加微信", ("contact", "加微信"))
    title = {"title": "全网最低", **row}
    title["evidence"] = [
        {**row["evidence"][0], "field": "text"},
        {
            "label": "exaggerated", "reason": "absolute", "start": 0, "end": 4, "text": "全网最低", "rule": "乙",
            "field": "title",
        },
    ]  # fmt: skip
    title["flag_exaggerated"], title["score_exaggerated"] = True, 0.8
    _, folder = report([title])
    found = read_decisions([reviewed(folder, {"r1": "确认违规"})], TAXONOMY).rows
    assert {one.id: (one.text, dict(one.labels), one.group) for one in found} == {
        "r1#text": ("加微信", {"off_platform": True}, "r1"),
        "r1#title": ("全网最低", {"exaggerated": True}, "r1"),
    }


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("推反", 'the decision "推反" is none. Choose 确认违规, 推翻, 存疑, 仅确认：站外引流, 仅确认：夸大宣传.'),
        ("仅确认：夸大宣传了", 'the decision "仅确认：夸大宣传了" is none. Did you mean "仅确认：夸大宣传"?'),
    ],
)  # fmt: skip
def test_a_decision_that_is_none_is_named_with_its_row(report: Report, decision: str, said: str) -> None:
    _, folder = report(ROWS)
    path = reviewed(folder, {"r2": decision})
    with pytest.raises(XunchaError) as failed:
        read_decisions([path], TAXONOMY)
    assert str(failed.value).startswith(f"{path}: 复核, row 2: {said}")


def test_a_workbook_that_lost_its_hidden_sheet_is_refused(report: Report, tmp_path: Path) -> None:
    _, folder = report(ROWS)
    book = load_workbook(folder / "review.xlsx")
    del book["_rows"]
    book.save(tmp_path / "lost.xlsx")
    (tmp_path / "no.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    for name, said in (("lost.xlsx", 'the sheet "_rows" is missing'), ("no.xlsx", "not a whole XLSX file")):
        with pytest.raises(XunchaError, match=said):
            read_decisions([tmp_path / name], TAXONOMY)


def test_a_row_that_two_files_decide_differently_is_refused(report: Report) -> None:
    _, folder = report(ROWS)
    path = reviewed(folder, {"r1": "推翻"}).rename(folder / "one.xlsx")
    assert len(read_decisions([path, path], TAXONOMY).rows) == 1
    other = reviewed(folder, {"r1": "存疑"})
    with pytest.raises(XunchaError) as failed:
        read_decisions([path, other], TAXONOMY)
    assert str(failed.value) == f'{other}: row "r1" is decided differently in {path}. Leave one of them out.'


def test_a_suppressed_flag_of_a_row_is_not_asked(report: Report, tmp_path: Path) -> None:
    allow = tmp_path / "allow.csv"
    allow.write_text("id,owner,reason,expires,labels\nA1,王五,试点,2027-01-01,exaggerated\n", "utf-8")
    _, folder = report(ROWS, allow=allow)
    (row,) = read_decisions([reviewed(folder, {"r2": "确认违规"})], TAXONOMY).rows
    assert dict(row.labels) == {"off_platform": True} and [span.reason for span in row.spans] == ["private_deal"]


def test_suppressed_rows_have_a_sheet_of_their_own(report: Report, tmp_path: Path) -> None:
    allow = tmp_path / "allow.csv"
    allow.write_text("id,owner,reason,expires,rows\nA1,王五,自营,2027-01-01,r1\n", "utf-8")
    _, folder = report(ROWS, allow=allow)
    book = load_workbook(folder / "review.xlsx")
    assert [cell.value for cell in book["豁免"][2]][:4] == ["A1", "王五", "r1", "加微信 abc123 看图"]
    assert book["复核"].max_row == 2
