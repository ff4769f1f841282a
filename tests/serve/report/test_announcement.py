"""The announcement states what the table holds, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.report.scored_rows import CASE, scored_row

if TYPE_CHECKING:
    from tests.serve.report.conftest import Report


def row(number: int, **cells: Any) -> dict[str, Any]:
    return scored_row(number, "加微信", ("contact", "加微信"), **cells)


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (("listing",), "平台对钱币类目的商品信息开展抽查。"),
        (("speech", "speech"), "平台对钱币类目的直播口播开展抽查。"),
        (("speech", "listing"), "平台对钱币类目的商品信息及直播口播开展抽查。"),
        (("comment", "speech", "listing"), "平台对钱币类目的商品信息、直播口播及评论开展抽查。"),
    ],
)
def test_the_sources_named_are_those_of_the_table(report: Report, sources: tuple[str, ...], said: str) -> None:
    _, folder = report([row(number, source=source) for number, source in enumerate(sources, 1)])
    assert said in (folder / "announcement.md").read_text("utf-8")


def test_a_table_without_categories_reads_well(report: Report) -> None:
    _, folder = report([row(1, category="")])
    text = (folder / "announcement.md").read_text("utf-8")
    assert text.startswith("# 关于平台违规信息抽查处理情况的公告（草稿）\n") and "平台对商品信息开展抽查。" in text


def test_rows_without_a_merchant_are_said_to_be_so(report: Report) -> None:
    _, folder = report([row(number, merchant_id="", merchant="") for number in (1, 2, 3)])
    text = (folder / "announcement.md").read_text("utf-8")
    assert "共检查 3 条内容（均没有商家信息），发现疑似违规的内容 3 条。" in text
    assert "抽查的内容都没有商家信息，无法提出对商家的处理。" in text and "没有商家达到" not in text
    assert "- 有 3 条内容没有商家信息，其中疑似违规 3 条，未计入上面的处理；商家列可用 --merchant-column 指明。" in text


def test_some_rows_without_a_merchant_are_counted_apart(report: Report) -> None:
    _, folder = report([row(1), row(2, merchant_id="", merchant=""), {**row(3, merchant_id="", merchant=""),
                        "flag_off_platform": False, "evidence": []}])  # fmt: skip
    text = (folder / "announcement.md").read_text("utf-8")
    assert "共检查 1 个商家的 3 条内容（其中 2 条没有商家信息），发现疑似违规的内容 2 条。" in text
    assert "- 有 2 条内容没有商家信息，其中疑似违规 1 条，未计入" in text


def test_the_case_names_listings_and_speech(report: Report) -> None:
    _, folder = report(CASE)
    assert "的商品信息及直播口播开展抽查。" in (folder / "announcement.md").read_text("utf-8")
