"""Earlier penalties find their merchants by id or name, whatever the columns are called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.report.scored_rows import scored_row
from xuncha.labels.errors import XunchaError

if TYPE_CHECKING:
    from tests.serve.report.conftest import Report


def one(number: int, merchant: str, name: str) -> dict[str, Any]:
    return scored_row(number, "加微信", ("contact", "加微信"), merchant_id=merchant, merchant=name)


ROWS = [one(1, "m1", "甲店"), one(2, "m2", "乙店"), one(3, "m3", "同名"), one(4, "m4", "同名")]


def history(tmp_path: Path, text: str) -> str:
    path = tmp_path / "history.csv"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_penalty_given_by_name_counts_like_one_given_by_id(report: Report, tmp_path: Path) -> None:
    path = history(tmp_path, "商家,日期\nm1,2026-11-01\n乙店,2026-11-02\n丙店,2026-11-02\nm1,2020-01-01\n")
    built, folder = report(ROWS, history=path)
    assert {p.standing.merchant: p.prior for p in built.proposals} == {"m1": 1, "m2": 1, "m3": 0, "m4": 0}
    assert built.to_json()["history"] == {"used": 2, "unknown_merchants": 1, "outside_period": 1}
    said = (folder / "announcement.md").read_text("utf-8")
    assert "采用 2 条，期限之外不计 1 条；另有 1 条的商家不在本表，未采用（第一个：丙店）" in said


def test_a_name_of_several_merchants_is_refused(report: Report, tmp_path: Path) -> None:
    path = history(tmp_path, "商家,日期\n甲店,2026-11-01\n同名,2026-11-01\n")
    with pytest.raises(XunchaError) as failed:
        report(ROWS, history=path)
    assert str(failed.value) == (
        f'{path}: row 2: 2 merchants of the table are named "同名" (m3, m4). Write the merchant\'s id.'
    )
    assert not (tmp_path / "report" / "report.html").exists()


@pytest.mark.parametrize(
    "text",
    [
        "商家,处罚日期,阶梯\n甲店,2026-11-01,listing\n",
        "店铺名称,处罚时间,处罚类型\n甲店,2026-11-01 10:00,发布其他平台信息\n",
        "商家ID,店铺名称,执行日期,处罚措施\nm1,改名了,2026年11月1日,全部商品下架并限制上新3天\n",
        "商家ID,店铺名称,处置时间\n旧号,甲店,20261101\n",
    ],
)
def test_a_history_with_common_chinese_columns_is_read(report: Report, tmp_path: Path, text: str) -> None:
    built, _ = report(ROWS, history=history(tmp_path, text))
    assert {p.standing.merchant: p.prior for p in built.proposals if p.ladder.id == "listing"}["m1"] == 1


def test_columns_of_a_history_can_be_named(report: Report, tmp_path: Path) -> None:
    path = history(tmp_path, "谁,何时\n甲店,2026-11-01\n")
    with pytest.raises(XunchaError) as failed:
        report(ROWS, history=path)
    assert str(failed.value) == (
        f"{path}: a history needs a column of merchants (such as merchant_id, merchant, 商家ID, 商家, 店铺名称) and "
        "one of days (such as day, date, 处罚日期, 处罚时间, 执行日期). Rename one, or give --history-column "
        'merchant=NAME or day=NAME; it has: "谁", "何时".'
    )
    built, _ = report(ROWS, history=path, history_columns={"merchant": "谁", "day": "何时"})
    assert built.prior is not None and built.prior.used == 1
