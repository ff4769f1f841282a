"""What reviewers decided stands in the next report: states, prefilled cells, counts, penalties."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from tests.serve.report.scored_rows import scored_row
from xuncha.labels import write_rows
from xuncha.labels.decisions import read_decisions
from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from tests.serve.report.conftest import Report

TAXONOMY = Taxonomy.load()
ROWS = [
    scored_row(
        number, "全网最低,转账便宜", ("absolute", "全网最低"), ("private_deal", "转账便宜"), merchant_id=f"m{number}"
    )
    for number in range(1, 6)
]
SAID = {"r1": "确认违规", "r2": "存疑", "r3": "推翻", "r4": "仅确认：夸大宣传"}


def cells(sheet: Any) -> dict[str, dict[str, Any]]:
    heads = [cell.value for cell in sheet[1]]
    lines = [dict(zip(heads, line, strict=True)) for line in sheet.iter_rows(min_row=2, values_only=True)]
    return {line["编号"]: line for line in lines}


def decide(workbook: Path, said: dict[str, str], target: Path, who: str = "小李") -> Path:
    book = load_workbook(workbook)
    sheet = book["复核"]
    key = next(cell.column for cell in sheet[1] if cell.value == "编号")
    for line in range(2, sheet.max_row + 1):
        if decision := said.get(sheet.cell(line, key).value):
            sheet.cell(line, 1).value, sheet.cell(line, 2).value = decision, who
    book.save(target)
    return target


@pytest.fixture
def first(report: Report, tmp_path: Path) -> Path:
    """Four of five rows decided, as labelled rows."""
    _, folder = report(ROWS)
    rows = read_decisions([decide(folder / "review.xlsx", SAID, tmp_path / "first.xlsx")], TAXONOMY).rows
    write_rows(tmp_path / "first.jsonl", rows)
    return tmp_path / "first.jsonl"


def test_flags_say_what_reviewers_decided(report: Report, first: Path) -> None:
    _, folder = report(ROWS, decisions=(first,))
    with (folder / "flags.csv").open(encoding="utf-8-sig", newline="") as stream:
        states = {(line["id"], line["label"]): (line["state"], line["owner"]) for line in csv.DictReader(stream)}
    assert {key: states[key, "exaggerated"] for key in ("r1", "r2", "r3", "r4", "r5")} == {
        "r1": ("confirmed", "小李"), "r2": ("unsure", "小李"), "r3": ("overturned", "小李"),
        "r4": ("confirmed", "小李"), "r5": ("open", ""),
    }  # fmt: skip
    assert states["r4", "off_platform"] == ("overturned", "小李")


def test_decisions_stand_in_the_next_workbook_and_read_back_as_they_were(report: Report, first: Path) -> None:
    _, folder = report(ROWS, decisions=(first,))
    lines = cells(load_workbook(folder / "review.xlsx")["复核"])
    assert {key: (line["判定"], line["审核人"]) for key, line in lines.items()} == {
        **{key: (said, "小李") for key, said in SAID.items()}, "r5": (None, None),
    }  # fmt: skip
    before = {row.id: row for row in read_decisions([first], TAXONOMY).rows}
    after = read_decisions([folder / "review.xlsx"], TAXONOMY, "别人")
    assert {row.id: row for row in after.rows} == before and after.undecided == 1
    assert all(lines[row.id]["上次判定时间"] == row.judged_at for row in before.values())
    assert len(read_decisions([first, folder / "review.xlsx"], TAXONOMY).rows) == 4


def test_a_changed_decision_is_of_whoever_changed_it(report: Report, first: Path, tmp_path: Path) -> None:
    _, folder = report(ROWS, decisions=(first,))
    changed = decide(folder / "review.xlsx", {"r2": "推翻"}, tmp_path / "second.xlsx", "老张")
    rows = {row.id: row for row in read_decisions([changed], TAXONOMY).rows}
    assert (rows["r2"].annotator, set(rows["r2"].labels.values())) == ("老张", {False})
    assert rows["r1"].annotator == "小李"


def test_a_row_decided_label_by_label_comes_back_from_the_workbook(report: Report, first: Path) -> None:
    rows = [
        {**json.loads(line), "labels": {"exaggerated": True, "off_platform": None}}
        for line in first.read_text("utf-8").splitlines()
        if json.loads(line)["id"] == "r1"
    ]
    rows[0]["spans"] = [span for span in rows[0]["spans"] if span["label"] == "exaggerated"]
    first.write_text(json.dumps(rows[0]) + "\n", "utf-8")
    _, folder = report(ROWS, decisions=(first,))
    assert cells(load_workbook(folder / "review.xlsx")["复核"])["r1"]["判定"] == "站外引流：存疑；夸大宣传：确认违规"
    (row,) = read_decisions([folder / "review.xlsx"], TAXONOMY).rows
    assert dict(row.labels) == {"exaggerated": True, "off_platform": None}


def test_the_page_is_given_the_decisions(report: Report, first: Path) -> None:
    _, folder = report(ROWS, decisions=(first,))
    found = re.search(
        r'<script[^>]*id="data"[^>]*>(.*?)</script>', (folder / "report.html").read_text("utf-8"), re.DOTALL
    )
    assert found
    rows = {row[0]: row[9] for row in json.loads(found[1])["rows"]}
    assert [flag[4] and flag[4][:2] for flag in rows["r4"]] == [[0, "小李"], [1, "小李"]]
    assert [flag[4] for flag in rows["r5"]] == [0, 0]


def test_the_announcement_says_how_many_were_reviewed(report: Report, first: Path) -> None:
    built, folder = report(ROWS, decisions=(first,))
    text = (folder / "announcement.md").read_text("utf-8")
    assert "（复核确认 2 条、存疑 1 条、未复核 1 条）" in text
    assert "还有 1 条未复核、1 条存疑，仍计入上面的处理；只计已确认的：--confirmed-only。" in text
    assert built.to_json()["reviewed_rows"] == {
        "confirmed": 2, "unsure": 1, "open": 1, "overturned": 1, "suppressed": 0,
    }  # fmt: skip


def test_confirmed_only_counts_only_confirmed_flags_towards_penalties(report: Report, first: Path) -> None:
    built, folder = report(ROWS, decisions=(first,), confirmed_only=True)
    assert {(one.ladder.id, one.standing.merchant) for one in built.proposals} == {
        ("listing", "m1"), ("listing_claims", "m1"), ("listing_claims", "m4"),
    }  # fmt: skip
    assert "以下处理只计复核确认的内容" in (folder / "announcement.md").read_text("utf-8")
    with pytest.raises(
        XunchaError, match=r"^--confirmed-only counts what reviewers confirmed. Give --decisions FILE too.$"
    ):
        report(ROWS, confirmed_only=True)
