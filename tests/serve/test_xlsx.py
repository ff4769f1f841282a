from __future__ import annotations

import datetime
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xuncha.labels.errors import XunchaError
from xuncha.serve.batch import Options, score_file
from xuncha.serve.tables import open_table

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer, Run


def book(path: Path, rows: list[list[object]], *, title: str = "商品", before: list[str] | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    if before is not None:
        sheet.title = before[0]
        sheet = workbook.create_sheet(title)
    else:
        sheet.title = title
    for row in rows:
        sheet.append(row)
    workbook.save(path)
    return path.read_bytes()


def sheet_rows(path: Path) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()]


def test_texts_numbers_truths_and_dates_come_in_with_their_types(run: Run) -> None:
    data = book(
        run.folder / "make.xlsx",
        [["id", "标题", "价格", "包邮", "日期"], [7, "加V", 1.5, True, datetime.datetime(2021, 12, 14)],
         [8, "好", 2, False, datetime.datetime(2021, 12, 14, 8, 30)]],
    )  # fmt: skip
    rows = run.rows("in.xlsx", data)
    assert [(row["id"], row["标题"], row["价格"], row["包邮"], row["日期"]) for row in rows] == [
        (7, "加V", 1.5, True, "2021-12-14"), (8, "好", 2, False, "2021-12-14 08:30:00"),
    ]  # fmt: skip
    assert [row["flag_off_platform"] for row in rows] == [True, False]
    assert run.output("in.xlsx", data, "out.csv").decode().splitlines()[1].startswith("7,加V,1.5,true,2021-12-14,0.9")


def test_a_workbook_keeps_its_types_in_a_workbook_and_in_parquet(run: Run) -> None:
    import pyarrow.parquet as pq

    moment = datetime.datetime(2021, 12, 14, 8, 30)
    data = book(run.folder / "make.xlsx", [["id", "text", "n", "at"], [1, "加V", 0.5, moment], [2, None, None, None]])
    run.output("in.xlsx", data, "out.xlsx")
    rows = sheet_rows(run.folder / "out.xlsx")
    assert rows[1][:6] == [1, "加V", 0.5, moment, 0.912346, 0.1]
    assert rows[1][6:8] == [True, False]
    assert json.loads(rows[1][8])[0]["text"] == "加V"
    assert rows[2][:2] + rows[2][8:10] == [2, None, "[]", "empty"]
    run.output("in.xlsx", data, "out.parquet")
    table = pq.read_table(run.folder / "out.parquet")
    assert [str(field.type) for field in table.schema][:4] == ["int64", "string", "double", "timestamp[us]"]


def test_numbers_in_a_text_column_are_read_as_a_person_reads_them(run: Run) -> None:
    data = book(run.folder / "make.xlsx", [["text"], [2021], ["加V"], [3.0], [True]])
    assert run.statuses("in.xlsx", data) == ["ok"] * 4


def test_formulas_and_markup_are_text_in_a_workbook(run: Run) -> None:
    texts = ["=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@x", "\t=1", "\r=1", "http://x.example", "<r><t>x</t></r>",
             "<r>", "_x0041_", "a\x01b", "{=1}", "1e5", "  blank  ", "\ufffe"]  # fmt: skip
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    run.output("in.jsonl", lines.encode(), "out.xlsx")
    xml = zipfile.ZipFile(run.folder / "out.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "hyperlink" not in xml
    with open_table(str(run.folder / "out.xlsx")) as table:
        found = [value for rows in table.chunks(100) for value in rows.values("text")]
    assert found == [*texts[:-1], "\\ufffe"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), min_size=1)))
def test_any_text_survives_a_workbook(texts: list[str], tmp_path: Path, scorer: FakeScorer) -> None:
    kept = [text for text in texts if text.strip()] or ["x"]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in kept), "utf-8")
    score_file(scorer, tmp_path / "in.jsonl", tmp_path / "out.xlsx", Options(force=True))
    with open_table(str(tmp_path / "out.xlsx")) as table:
        assert [value for rows in table.chunks(7) for value in rows.values("text")] == kept


def test_the_same_rows_give_the_same_workbook(run: Run) -> None:
    data = "id,text\n1,加V\n2,好\n".encode()
    assert run.output("in.csv", data, "a.xlsx") == run.output("in.csv", data, "b.xlsx")


def test_cells_that_a_sheet_cannot_hold_are_cut_and_whole_in_the_rejects(run: Run) -> None:
    long = "好" * 40_000
    run.output("in.csv", f"id,text\n1,{long}\n2,好\n".encode(), "out.xlsx")
    rows = sheet_rows(run.folder / "out.xlsx")
    assert [len(rows[1][1]), rows[1][-2], rows[2][1]] == [32_767, "ok", "好"]
    (reject,) = [json.loads(line) for line in (run.folder / "out.xlsx.rejects.jsonl").read_text("utf-8").splitlines()]
    assert (reject["line"], reject["row"], reject["id"]) == (2, 1, "1")
    assert reject["reason"] == "a cell of 40000 characters in text is cut to 32767, as a sheet has it"
    assert reject["content"]["text"] == long


def test_more_rows_than_a_sheet_has_are_refused_before_scoring(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xuncha.serve.tables.xlsx_output.SHEET_ROWS", 2)
    with pytest.raises(XunchaError) as error:
        run.output("in.csv", b"text\na\nb\nc\n", "out.xlsx")
    assert str(error.value) == f"{run.folder}/in.csv: 3 rows, and a sheet holds 2. Write Parquet, CSV or JSONL."
    assert run.scorer.calls == []


def test_the_first_sheet_with_rows_is_read_or_the_one_that_is_named(run: Run) -> None:
    data = book(run.folder / "make.xlsx", [["text"], ["加V"]], before=["说明"])
    assert run.statuses("in.xlsx", data) == ["ok"]
    assert run.statuses("in.xlsx", data, sheet="商品") == ["ok"]
    with pytest.raises(XunchaError) as error:
        run.rows("in.xlsx", data, sheet="商")
    assert str(error.value) == f'{run.folder}/in.xlsx: --sheet: there is no sheet "商".' + (
        ' Did you mean "商品"? It has: "说明", "商品".'
    )


def test_sheets_that_are_left_out_are_told(run: Run) -> None:
    data = book(run.folder / "make.xlsx", [["text"], ["加V"]], before=["说明"])
    run.rows("in.xlsx", data)
    assert not run.summary.notes
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    workbook.create_sheet("二").append(["x"])
    workbook.save(run.folder / "make.xlsx")
    data = (run.folder / "make.xlsx").read_bytes()
    run.rows("in.xlsx", data)
    assert run.summary.notes == (
        f'{run.folder}/in.xlsx: only its sheet "商品" is read, not "二"; --sheet names another.',
    )
    run.rows("in.xlsx", data, sheet="商品")
    assert not run.summary.notes


def test_lines_are_those_of_the_sheet_and_empty_rows_are_no_rows(run: Run) -> None:
    data = book(run.folder / "make.xlsx", [[], ["id", "text"], [], [1, "加V"], [None, None], [2, None, "旁注"]])
    rows = run.rows("in.xlsx", data)
    assert [(row["id"], row["text"], row["C"], row["status"]) for row in rows] == [
        (1, "加V", None, "ok"), (2, None, "旁注", "empty"),
    ]  # fmt: skip


def test_formulas_without_a_value_show_themselves(run: Run) -> None:
    data = book(run.folder / "make.xlsx", [["text"], ['=A1&"加V"']])
    assert run.rows("in.xlsx", data)[0]["text"] == '=A1&"加V"'


def replaced(source: Path, part: str, xml: bytes, target: Path) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, xml if item.filename == part else old.read(item.filename))
    return target


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + HEAD,
         "its XML defines a document type, as no workbook does. Save it anew."),
        (HEAD + b"<row><c><v>1</c></row>", "not a whole XLSX file (mismatched tag: line 1, column 102)"
         ". Fetch it again, or save it anew."),
        (b"", "not a whole XLSX file (no element found: line 1, column 0). Fetch it again, or save it anew."),
        (HEAD + b"</sheetData></worksheet>", "its sheets are empty. Check how it was written."),
    ],
)  # fmt: skip
def test_a_broken_or_hostile_sheet_is_one_sentence(xml: bytes, message: str, run: Run) -> None:
    book(run.folder / "good.xlsx", [["text"], ["a"]])
    data = replaced(run.folder / "good.xlsx", SHEET, xml, run.folder / "bad.xlsx").read_bytes()
    with pytest.raises(XunchaError) as error:
        run.output("in.xlsx", data, "out.csv")
    assert str(error.value) == f"{run.folder}/in.xlsx: {message}"


def test_rows_that_cannot_be_read_stay_in_place(run: Run) -> None:
    book(run.folder / "good.xlsx", [["text"], ["a"]])
    rows = b'<row r="1"><c t="inlineStr"><is><t>text</t></is></c></row><row r="2"><c t="s"><v>999</v></c></row>'
    xml = HEAD + rows + b'<row r="3"><c t="str"><v>ok</v></c></row></sheetData></worksheet>'
    data = replaced(run.folder / "good.xlsx", SHEET, xml, run.folder / "bad.xlsx").read_bytes()
    assert run.statuses("in.xlsx", data) == ["malformed: a cell cannot be read", "ok"]


def test_a_cell_that_would_fill_the_memory_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xuncha.serve.tables.xlsx_cells.CELL_LIMIT", 100_000)
    data = book(run.folder / "make.xlsx", [["text"], ["好"]])
    cell = b'<row r="1"><c t="inlineStr"><is><t>' + b"x" * 500_000 + b"</t></is></c></row>"
    data = replaced(run.folder / "make.xlsx", SHEET, HEAD + cell, run.folder / "big.xlsx").read_bytes()
    with pytest.raises(XunchaError) as error:
        run.output("in.xlsx", data, "out.csv")
    assert str(error.value) == (
        f"{run.folder}/in.xlsx: a cell of more than 100,000 characters, and a sheet holds 32,767. Save it anew."
    )
