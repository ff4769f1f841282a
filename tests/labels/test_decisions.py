"""Decisions read back as labelled rows, from a download and from a workbook made by hand."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuncha.labels import Row, Source, Span, Taxonomy, XunchaError, read_rows, write_rows
from xuncha.labels.decisions import choices, decide, read_decisions, row_parts
from xuncha.labels.record import row_to_json

if TYPE_CHECKING:
    from tests.labels.conftest import MakeRow

ASKED = Row(
    "r1", "加V看,全网最低", Source.LISTING, {"off_platform": True, "exaggerated": True},
    (Span(0, 2, "off_platform", "contact"), Span(4, 8, "exaggerated", "absolute")), "scored.csv", group="r1",
)  # fmt: skip


def workbook(path: Path, decision: str, reviewer: str = "小李", saved_by: str = "") -> Path:
    from openpyxl import Workbook

    book = Workbook()
    review = book.active
    assert review is not None
    review.title = "复核"
    review.append(["判定", "审核人", "编号"])
    review.append([decision, reviewer, "r1"])
    hidden = book.create_sheet("_rows")
    for part in row_parts(json.dumps([row_to_json(ASKED)]), 40):
        hidden.append(["r1", part])
    book.properties.creator = saved_by
    book.properties.modified = datetime(2026, 11, 25, 8, 0, 0)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("decision", "labels", "spans"),
    [
        ("确认违规", {"off_platform": True, "exaggerated": True}, 2),
        ("confirm", {"off_platform": True, "exaggerated": True}, 2),
        ("推翻", {"off_platform": False, "exaggerated": False}, 0),
        (" 存疑 ", {"off_platform": None, "exaggerated": None}, 0),
        ("仅确认：夸大宣传", {"off_platform": False, "exaggerated": True}, 1),
        ("仅确认:夸大宣传", {"off_platform": False, "exaggerated": True}, 1),
    ],
)
def test_each_choice_of_the_drop_down_has_its_labels(
    tmp_path: Path, taxonomy: Taxonomy, decision: str, labels: dict[str, bool | None], spans: int
) -> None:
    (row,) = read_decisions([workbook(tmp_path / "r.xlsx", decision)], taxonomy).rows
    assert dict(row.labels) == labels and len(row.spans) == spans
    assert (row.text, row.annotator, row.group) == (ASKED.text, "小李", "r1")


def test_who_judged_is_the_row_then_the_option_then_who_saved(tmp_path: Path, taxonomy: Taxonomy) -> None:
    def annotator(reviewer: str, option: str | None, saved_by: str) -> str | None:
        path = workbook(tmp_path / "r.xlsx", "推翻", reviewer, saved_by)
        return read_decisions([path], taxonomy, option).rows[0].annotator

    assert annotator("小李", "小王", "老张") == "小李"
    assert annotator("", "小王", "老张") == "小王"
    assert annotator("", None, "老张") == "老张"
    with pytest.raises(XunchaError, match="复核, row 2: nobody is named. Fill in 审核人, or give --annotator."):
        annotator("", None, "")


def test_rows_of_a_download_come_back_as_they_are(tmp_path: Path, taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [make_row("a", "好", annotator="小李", judged_at="2026-11-25T08:00:00Z"), make_row("b", "加V", labels={})]
    write_rows(tmp_path / "d.jsonl", rows)
    assert list(read_decisions([tmp_path / "d.jsonl"], taxonomy).rows) == rows


@pytest.mark.parametrize("time", ["gestern", "2026-11-25", "2026-11-25T08:00:00"])
def test_a_time_without_zone_is_refused(tmp_path: Path, taxonomy: Taxonomy, make_row: MakeRow, time: str) -> None:
    write_rows(tmp_path / "d.jsonl", [make_row("a", "好", judged_at=time)])
    with pytest.raises(XunchaError) as failed:
        list(read_rows(tmp_path / "d.jsonl", taxonomy))
    assert str(failed.value) == (
        f'{tmp_path}/d.jsonl:1: field "judged_at" is "{time}". Write a time with its zone, such as '
        "2026-11-25T08:00:00Z."
    )


def test_other_files_are_refused(tmp_path: Path, taxonomy: Taxonomy) -> None:
    with pytest.raises(XunchaError) as failed:
        read_decisions([tmp_path / "scored.parquet"], taxonomy)
    assert str(failed.value) == (
        f"{tmp_path}/scored.parquet: decisions are read from the report page's .jsonl, a review .xlsx, or a judged "
        "sample (.xlsx, .csv, .tsv, .jsonl)."
    )


def test_the_drop_down_names_every_label(taxonomy: Taxonomy) -> None:
    assert choices(taxonomy) == ("确认违规", "推翻", "存疑", "仅确认：站外引流", "仅确认：夸大宣传")


@given(verdicts=st.fixed_dictionaries({label: st.sampled_from([True, False, None]) for label in ASKED.labels}))
def test_evidence_stays_exactly_where_a_flag_is_confirmed(verdicts: dict[str, bool | None]) -> None:
    row = decide(ASKED, verdicts)
    assert dict(row.labels) == verdicts
    assert {span.label for span in row.spans} == {label for label, said in verdicts.items() if said}


@given(text=st.text(max_size=200), size=st.integers(1, 50))
def test_parts_put_together_are_the_text(text: str, size: int) -> None:
    parts = row_parts(text, size)
    assert "".join(parts) == text and all(len(part) <= size for part in parts)
