from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.delimited import sniffed
from xuncha.serve.tables.lines import CutLine, physical_lines
from xuncha.serve.tables.records import RecordReader

if TYPE_CHECKING:
    from tests.serve.conftest import Run


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def records(text: str, width: int | None = None) -> list[tuple[int, list[str], str | None]]:
    return [(one.line, one.cells, one.problem) for one in RecordReader(physical_lines([text]), ",", width)]


def test_every_cell_keeps_its_text_and_rows_their_order(run: Run) -> None:
    table = [
        ["id", "text", "备注"],
        ["0012", "第一行\n第二行,“引号”", '他说"好"'],
        ["007", " 前后空格 ", "1e5"],
        ["+8", "=SUM(A1)", "尾\r回车"],
        ["", "，", "\t制表"],
    ]
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(table)
    scored = cells(run.output("in.csv", buffer.getvalue().encode(), "out.csv", escape_formulas=False))
    assert [row[:3] for row in scored] == table
    assert scored[0][3:] == [
        "score_off_platform", "score_exaggerated", "flag_off_platform", "flag_exaggerated", "evidence", "status",
        "model",
    ]  # fmt: skip


def test_added_cells_are_scores_flags_evidence_status_and_model(run: Run) -> None:
    row = cells(run.output("in.csv", "text\n全网加V\n".encode(), "out.csv"))[1]
    assert row == [
        "全网加V", "0.912346", "0.912346", "true", "true",
        '[{"label": "off_platform", "reason": "contact", "start": 2, "end": 4, "text": "加V", "rule": "规则①"}, '
        '{"label": "exaggerated", "reason": "absolute", "start": 0, "end": 2, "text": "全网", "rule": "规则①"}]',
        "ok", "fake@00000000",
    ]  # fmt: skip


def test_line_ends_delimiter_and_byte_order_mark_are_those_of_the_input(run: Run) -> None:
    scored = run.output("in.csv", "\ufeffid;text\r\n1;好\r\n".encode(), "out.csv")
    assert scored.startswith("\ufeffid;text;score_off_platform".encode())
    assert scored.count(b"\r\n") == scored.count(b"\n") == 2


def test_old_macintosh_line_ends_are_read(run: Run) -> None:
    assert [row["text"] for row in run.rows("in.csv", "id,text\r1,甲\r2,乙\r".encode())] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b;c", ","), ("a;b", ";"), ("a\tb", "\t"), ('"a;b"', ","), ("标题", ","), ("a;b\tc", "\t")],
)
def test_the_comma_is_the_delimiter_unless_the_header_has_none(header: str, delimiter: str) -> None:
    assert sniffed(header) == delimiter


def test_ragged_rows_stay_in_place_with_a_status(run: Run) -> None:
    data = "id,text\n1,好\n2\n3,加V,多,出\n4,好\n".encode()
    rows = run.rows("in.csv", data)
    assert [row["status"] for row in rows] == [
        "ok", "malformed: 1 cell, the header has 2", "malformed: 4 cells, the header has 2", "ok",
    ]  # fmt: skip
    assert rows[2]["_extra"] == ["多", "出"]
    assert "_extra" not in rows[0]
    assert (rows[1]["text"], rows[1]["score_off_platform"], rows[1]["evidence"]) == ("", None, [])
    scored = cells(run.output("in.csv", data, "out.csv"))
    assert scored[0][2] == "_extra"
    assert [row[2] for row in scored[1:]] == ["", "", '["多", "出"]', ""]
    assert len({len(row) for row in scored}) == 1


def test_empty_cells_beyond_the_header_are_no_fault(run: Run) -> None:
    assert run.statuses("in.csv", "id,text\n1,好,,\n".encode()) == ["ok"]


def test_blank_lines_are_no_rows(run: Run) -> None:
    assert run.statuses("in.csv", "text,b\n\n好,1\n\n\n坏,2\n\n".encode()) == ["ok", "ok"]


def test_a_stray_quote_costs_its_own_line_only() -> None:
    text = 'id,text\n1,"开头没有结尾\n2,甲\n3,"乙"\n4,丙\n'
    assert records(text, 2)[1:] == [
        (2, ["1", '"开头没有结尾'], "malformed: a quote is not closed"),
        (3, ["2", "甲"], None),
        (4, ["3", "乙"], None),
        (5, ["4", "丙"], None),
    ]


def test_an_unclosed_quote_at_the_end_costs_its_own_line_only() -> None:
    found = records('id,text\n1,甲\n2,"乙\n3,丙\n', 2)
    assert [one[2] for one in found] == [None, None, "malformed: a quote is not closed", None]


def test_a_quoted_line_break_in_a_ragged_row_is_one_row() -> None:
    assert records('a,b,c\n1,"x\ny"\n2,3,4\n', 3)[1:] == [
        (2, ["1", "x\ny"], "malformed: 2 cells, the header has 3"),
        (4, ["2", "3", "4"], None),
    ]


def test_lenient_quotes_within_a_line_are_read_as_spreadsheets_do() -> None:
    assert records('a,b\n"5" 屏",5" 屏\n', 2)[1][1:] == (['5 屏"', '5" 屏'], None)


def test_line_numbers_are_physical() -> None:
    assert [one[0] for one in records('\n\na,b\n"1\n\n2",x\n\n3,y\n', 2)] == [3, 4, 8]


def test_a_nul_character_is_a_status_and_not_a_crash(run: Run) -> None:
    assert run.statuses("in.csv", b"id,text\n1,a\0b\n2,c\n") == ["malformed: a NUL character", "ok"]


def test_large_cells_pass_and_larger_ones_are_too_long(run: Run) -> None:
    data = f"id,text\n1,{'好' * 200_000}\n2,好\n3,{'x' * 10_000_001}\n4,加V\n".encode()
    rows = run.rows("in.csv", data)
    assert [row["status"] for row in rows] == ["ok", "ok", "too_long", "ok"]
    assert len(rows[2]["text"]) == 10_000_001
    assert rows[3]["flag_off_platform"] is True


def test_a_line_beyond_the_memory_bound_is_cut_and_says_so(run: Run) -> None:
    rows = run.rows("in.csv", b"id,text\n1," + b"x" * (1 << 24) + b"\n2,ok\n")
    assert [row["status"] for row in rows] == ["too_long: a line of 16777218 characters, cut to 1000", "ok"]


def test_long_lines_are_cut_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xuncha.serve.tables.lines.LINE_LIMIT", 10)
    monkeypatch.setattr("xuncha.serve.tables.lines.KEPT", 3)
    found = list(physical_lines(["ab\nabcde", "fgh", "ijklm", "no\nxy", "z\n", "1234567890", "12"]))
    assert found == ["ab\n", "abc", "xyz\n", "123"]
    assert [one.length for one in found if isinstance(one, CutLine)] == [15, 12]


def test_columns_of_one_name_pass_through_csv_but_make_no_object(run: Run) -> None:
    data = "a,text,a\n1,好,2\n".encode()
    assert cells(run.output("in.csv", data, "out.csv"))[1][:3] == ["1", "好", "2"]
    with pytest.raises(XunchaError) as error:
        run.rows("in.csv", data)
    assert str(error.value).endswith('in.csv: 2 columns are called "a". Rename one, or write CSV.')


def test_tsv_and_gzip_go_in_and_out(run: Run) -> None:
    packed = run.output("in.tsv.gz", gzip.compress("id\ttext\n1\t加V,看\n".encode()), "out.tsv.gz")
    assert gzip.decompress(packed).decode().splitlines()[1].startswith("1\t加V,看\t0.912346\t")


def test_gzip_output_is_the_same_bytes_each_time(run: Run) -> None:
    data = "text\n好\n".encode()
    assert run.output("in.csv", data, "a.csv.gz") == run.output("in.csv", data, "b.csv.gz")


def test_formulas_in_input_cells_are_inert_unless_they_are_to_be_kept(run: Run) -> None:
    data = "text,b\n=1+1,@x\n-5,- 好\n".encode()
    kept = cells(run.output("in.csv", data, "out.csv", escape_formulas=False))
    assert [row[:2] for row in kept[1:]] == [["=1+1", "@x"], ["-5", "- 好"]]
    assert [row[:2] for row in cells(run.output("in.csv", data, "out.csv"))[1:]] == [["'=1+1", "'@x"], ["-5", "'- 好"]]


def test_no_cell_that_scoring_adds_is_a_formula(run: Run) -> None:
    run.scorer.model_id = "=cmd()@1"
    for row in cells(run.output("in.csv", "text\n=加V最低\n\n@\n".encode(), "out.csv"))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row[1:])
