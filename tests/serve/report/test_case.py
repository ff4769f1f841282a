"""The spot check of December 2021 comes out of the committed sample table."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.serve.report.scored_rows import CASE
from xuncha.serve.report.outcome import Built

if TYPE_CHECKING:
    from tests.serve.report.conftest import Report


def steps(built: Built) -> Counter[str]:
    return Counter(one.step.id for one in built.proposals)


def test_the_announcement_gives_the_totals_of_the_2021_case(report: Report) -> None:
    built, folder = report(CASE)
    assert steps(built) == {
        "delist_5": 1, "delist_3": 5, "warning": 105, "room_ban_1": 20, "room_ban_3": 8, "room_ban_7": 3,
    }  # fmt: skip
    text = (folder / "announcement.md").read_text("utf-8")
    for line in (
        "共 **111** 个商家的商品信息存在“发布其他平台信息”（站外引流）行为，其中：",
        "- 对 **1** 个商家处以**全部商品下架并限制上新5天**；",
        "- 对 **5** 个商家处以**全部商品下架并限制上新3天**；",
        "- 对 **105** 个商家处以**警告**。",
        "共 **31** 个商家的直播口播存在“直播间极限用词、夸大宣传、商品信息不合规”（夸大宣传）行为，其中：",
        "- 没有提供既往处罚记录（--history），再犯条件按零次计算。",
    ):
        assert line in text.splitlines()
    assert "所列处理均为建议" in text and "系统不会自动处罚任何商家" in text


def test_the_table_of_merchants_has_counts_worst_evidence_step_and_why(report: Report) -> None:
    _, folder = report(CASE)
    with (folder / "merchants.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 142
    first = lines[0]
    assert first["拟处理（建议）"] == "全部商品下架并限制上新5天"
    assert (first["被查条数"], first["违规条数"], first["违规占比"], first["最重程度"]) == ("8", "6", "0.7500", "严重")
    assert first["理由"] == "违规 6 条（不少于 5），占被查 75.0%（不低于 50.0%），最重一条为“严重”（达到“严重”）"
    assert first["最重依据"] and first["违反规则"] == "快手小店《发布其他平台信息》专项治理②"


def test_the_case_is_flagged_by_its_scored_columns_alone() -> None:
    with CASE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 667
    assert {row["model"].split("@")[0] for row in rows} == {"nano"}
    assert sum(row["flag_off_platform"] == "true" or row["flag_exaggerated"] == "true" for row in rows) == 200


def test_what_if_shows_who_moves_when_a_step_or_a_threshold_moves(report: Report) -> None:
    built, folder = report(CASE, what_if=("delist_3[1].min_rows=4", "off_platform=0.91"))
    assert built.found_moves is not None
    moved = Counter(
        (one.before.step.id if one.before else "", one.after.step.id if one.after else "") for one in built.found_moves
    )
    assert moved == {("delist_3", "warning"): 4, ("warning", ""): 2}
    lines = (folder / "what_if.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "阶梯,商家,商家名称,现拟处理,变动后拟处理,现理由,变动后理由"
    assert len(lines) == 7
    assert "推演（6）" in (folder / "report.html").read_text("utf-8")


def test_earlier_penalties_raise_a_step_only_within_the_period(report: Report, tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("商家,处罚日期,阶梯\n", "utf-8")
    plain, _ = report(CASE)
    warned = [one.standing.merchant for one in plain.proposals if one.step.id == "warning"][:2]
    history.write_text(
        f"商家,日期,阶梯\n{warned[0]},2026-11-01,listing\n{warned[1]},2025-11-01,发布其他平台信息\n", "utf-8"
    )
    built, folder = report(CASE, history=str(history))
    assert steps(built)["delist_3"] == 6
    raised = next(one for one in built.proposals if one.standing.merchant == warned[0])
    assert (raised.step.id, raised.prior) == ("delist_3", 1)
    assert "既往处罚 1 次（不少于 1）" in raised.why
    assert "--history" not in (folder / "announcement.md").read_text("utf-8")


def test_overturned_flags_leave_the_roll_up_and_stay_in_the_tables(report: Report, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    _, folder = report(CASE)
    book = load_workbook(folder / "review.xlsx")
    sheet = book["复核"]
    key = next(cell.column for cell in sheet[1] if cell.value == "编号")
    merchant = next(cell.column for cell in sheet[1] if cell.value == "商家")
    overturned = 0
    for line in range(2, sheet.max_row + 1):
        if "（s0001）" in str(sheet.cell(line, merchant).value):
            sheet.cell(line, 1).value = "推翻"
            sheet.cell(line, 2).value = "小李"
            overturned += 1
            assert sheet.cell(line, key).value
    book.save(tmp_path / "reviewed.xlsx")
    built, folder = report(CASE, decisions=(tmp_path / "reviewed.xlsx",))
    assert overturned == 6
    assert steps(built)["delist_5"] == 0 and sum(steps(built).values()) == 141
    with (folder / "flags.csv").open(encoding="utf-8-sig", newline="") as stream:
        gone = [line for line in csv.DictReader(stream) if line["state"] == "overturned"]
    assert len(gone) == 6 and {line["owner"] for line in gone} == {"小李"}
