"""Scored tables of every format read alike; what is no scored table is told so."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serve.report.scored_rows import scored_row
from xuncha.labels.errors import XunchaError
from xuncha.serve.batch import Options, score_file
from xuncha.serve.report.roles import find_roles, guessed_roles
from xuncha.serve.report.scored import ScoredTable, find_texts, scored_labels
from xuncha.serve.report.values import day_of
from xuncha.serve.tables import open_table

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer
    from tests.serve.report.conftest import Report, Write


def read(path: Path, **given: str) -> list[object]:
    with open_table(str(path)) as table:
        labels = scored_labels(table)
        scored = ScoredTable(table, labels, find_texts(table, labels, ()), find_roles(table, given))
        return list(scored.rows())


@pytest.mark.parametrize("columns", [("标题",), ("标题", "描述")], ids=["one text", "two texts"])
def test_every_output_format_of_score_reads_back_the_same(
    tmp_path: Path, scorer: FakeScorer, columns: tuple[str, ...]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(
        "商品ID,店铺,类目,上架日期,标题,描述\n1,甲,钱币,2026/1/5,😀加V聊,全网都说好\n2,乙,玉石,2026-01-06,好,\n3,,,,,\n",
        "utf-8",
    )
    read_back = []
    for name in ("out.csv", "out.tsv", "out.jsonl", "out.parquet", "out.csv.gz"):
        score_file(scorer, source, tmp_path / name, Options(text_columns=columns))
        read_back.append(read(tmp_path / name))
    first = read_back[0]
    assert all(one == first for one in read_back)
    flagged = first[0]
    assert flagged.merchant == "甲" and flagged.category == "钱币" and flagged.day == "2026-01-05"  # type: ignore[attr-defined]
    piece = flagged.evidence[0]  # type: ignore[attr-defined]
    assert (piece.field, piece.start, piece.end, piece.text, piece.placed) == ("标题", 1, 3, "加V", True)


def test_the_text_column_is_the_one_in_which_the_evidence_stands(write_scored: Write) -> None:
    row = scored_row(1, "加微信看图", ("contact", "微信"))
    row = {"content": "别的东西", "说明文字": row.pop("text"), **row}
    with open_table(str(write_scored([row]))) as table:
        assert find_texts(table, scored_labels(table), ()) == ("说明文字",)


def test_an_apostrophe_of_escape_formulas_does_not_shift_evidence(tmp_path: Path, scorer: FakeScorer) -> None:
    (tmp_path / "in.csv").write_text("text\n=加V\n", "utf-8")
    score_file(scorer, tmp_path / "in.csv", tmp_path / "out.csv", Options(escape_formulas=True))
    (row,) = read(tmp_path / "out.csv")
    assert row.texts == {"text": "=加V"} and row.evidence[0].placed  # type: ignore[attr-defined]


def test_evidence_that_its_text_no_longer_has_is_kept_and_said(report: Report) -> None:
    row = scored_row(1, "加微信看图", ("contact", "微信"))
    row["text"] = "改过的文本"
    built, folder = report([row])
    assert built.counted.totals.unplaced == 1
    assert "有 1 处依据在原文中找不到位置" in (folder / "report.html").read_text("utf-8")


def test_roles_are_guessed_from_chinese_and_english_names_and_can_be_overridden(write_scored: Write) -> None:
    assert guessed_roles(["Shop_ID", "店铺名称", "品类", "发布时间", "商品标题(必填)", "goods-id", "来源"]) == {
        "id": "goods-id", "merchant": "Shop_ID", "merchant_name": "店铺名称", "category": "品类", "day": "发布时间",
        "title": "商品标题(必填)", "source": "来源",
    }  # fmt: skip
    path = write_scored([scored_row(1, "加微信", ("contact", "微信"))])
    with open_table(str(path)) as table:
        roles = find_roles(table, {"merchant": "merchant", "category": "-"})
        assert (roles.merchant, roles.category) == ("merchant", None)
        with pytest.raises(XunchaError) as failed:
            find_roles(table, {"merchant": "merchnt"})
    assert str(failed.value).startswith(
        f'{path}: --merchant-column: there is no column "merchnt". Did you mean "merchant"? It has: '
    )


def test_a_table_that_was_not_scored_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("id,text\n1,好\n", "utf-8")
    with open_table(str(path)) as table, pytest.raises(XunchaError) as failed:
        scored_labels(table)
    assert str(failed.value) == (
        f"{path}: this is no scored table: it lacks the column score_<label> with flag_<label>. Write one with "
        'xuncha score INPUT -o OUTPUT. It has: "id", "text".'
    )


def test_live_events_are_told_what_to_report_instead(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    event = {"id": "e1", "room": "r", "merchant": "m1", "label": "off_platform", "evidence": [], "peak": 0.9}
    path.write_text(json.dumps({**event, "repeats": 1}) + "\n", "utf-8")
    with pytest.raises(XunchaError) as failed:
        report(path)
    assert str(failed.value) == (
        f"{path}: these are events of xuncha live, violations only; a report needs everything that was said. Score the "
        "turns as a table with columns for text, merchant and day (xuncha score turns.csv -o scored.csv), then run "
        "xuncha report scored.csv -o DIR --source speech."
    )


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (
            "score_off_platform", "1.5",
            'score_off_platform: "1.5" is no score from 0 to 1. Score the table again with xuncha score.',
        ),
        (
            "flag_off_platform", "maybe",
            'flag_off_platform: "maybe" is no flag. Write true or false, or score the table again.',
        ),
        ("score_off_platform", "", "flag_off_platform is true but score_off_platform is empty. Score the table again."),
    ],
)  # fmt: skip
def test_cells_that_scoring_never_writes_are_named(write_scored: Write, column: str, value: str, said: str) -> None:
    path = write_scored([scored_row(1, "加微信", ("contact", "微信")) | {column: value}])
    with pytest.raises(XunchaError) as failed:
        read(path)
    assert str(failed.value) == f"{path}: row 1" + (": " if "is true" in said else ", ") + said


def test_a_cut_evidence_cell_is_named(write_scored: Write) -> None:
    path = write_scored([scored_row(1, "加微信", ("contact", "微信")) | {"evidence": '[{"label": "off'}])
    with pytest.raises(XunchaError, match="row 1, evidence: .* is no JSON list of evidence. Was the cell cut"):
        read(path)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-1-5", "2026-01-05"), ("2026年01月05日 23:00", "2026-01-05"), ("20260105", "2026-01-05"),
        ("2026-01-05T23:30:00Z", "2026-01-06"), ("2026-01-05 10:00:00+00:00", "2026-01-05"),
        (1767571200000, "2026-01-05"),
        (date(2026, 1, 5), "2026-01-05"), (datetime(2026, 1, 5, 20, tzinfo=UTC), "2026-01-06"), ("2026-13-45", ""),
        ("4.2", ""), ("inf", ""), (None, ""), ("<b>", ""),
    ],
)  # fmt: skip
def test_days_are_read_from_what_people_write(value: object, day: str) -> None:
    assert day_of(value) == day
