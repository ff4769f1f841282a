"""A title, a date or a note above the header: the header is found, or named; no row is lost."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import openpyxl
import pytest

from xuncha.labels.errors import XunchaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.serve.conftest import Main, Run

TITLED: list[list[object]] = [
    ["双十一抽查清单"],
    [],
    ["导出时间", "2026-11-25"],
    ["编号", "商品标题"],
    [1, "加V看货"],
    [2, "好"],
]
NOTE = "the header is row 4; the 2 rows above it are left out; --header-row names another."


def book(rows: list[list[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    for row in rows:
        workbook.active.append(row)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def table(rows: list[list[object]], mark: str = ",") -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=mark).writerows(rows)
    return stream.getvalue().encode()


KINDS: dict[str, Callable[[list[list[object]]], bytes]] = {
    "in.xlsx": book,
    "in.csv": table,
    "in.tsv": lambda rows: table(rows, "\t"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_header_below_a_title_is_found_and_told(run: Run, name: str) -> None:
    rows = run.rows(name, KINDS[name](TITLED))
    assert [(str(row["编号"]), row["商品标题"], row["flag_off_platform"]) for row in rows] == [
        ("1", "加V看货", True), ("2", "好", False),
    ]  # fmt: skip
    assert run.summary.notes == (f"{run.folder}/{name}: {NOTE}",)


@pytest.mark.parametrize("name", KINDS)
def test_the_header_can_be_named(run: Run, name: str) -> None:
    data = KINDS[name]([["商品标题"], ["说明"], ["标题"], ["加V"], ["好"]])
    assert [row["商品标题"] for row in run.rows(name, data)] == ["说明", "标题", "加V", "好"]
    assert [row["标题"] for row in run.rows(name, data, header_row=3)] == ["加V", "好"]
    with pytest.raises(XunchaError) as error:
        run.rows(name, data, header_row=9)
    assert str(error.value) == (
        f"{run.folder}/{name}: --header-row: there is nothing in row 9. Name the row of the header."
    )


@pytest.mark.parametrize("name", KINDS)
def test_a_text_column_that_is_named_is_looked_for_too(run: Run, name: str) -> None:
    data = KINDS[name]([["清单"], ["号", "宝贝说明"], [1, "加V"]])
    assert [row["宝贝说明"] for row in run.rows(name, data, text_columns=("宝贝说明",))] == ["加V"]
    with pytest.raises(XunchaError) as error:
        run.rows(name, data)
    assert str(error.value).endswith("name the header's row with --header-row, or add a header line.")


def test_a_first_row_that_names_a_text_column_is_the_header_whatever_follows(run: Run) -> None:
    data = table([["商品\n标题", "价格"], ["标题", "内容"], ["文本", "text"]])
    assert [row["商品\n标题"] for row in run.rows("in.csv", data)] == ["标题", "文本"]
    assert run.summary.notes == ()


@pytest.mark.parametrize(("name", "mark"), [("in.csv", ","), ("in.tsv", "\t")])
def test_rejects_name_the_lines_of_the_file(run: Run, name: str, mark: str) -> None:
    run.rows(name, table([*TITLED, [3, "好" * 1_000_001], [4, 5, 6]], mark))
    lines = (run.folder / "out.jsonl.rejects.jsonl").read_text("utf-8").splitlines()
    assert [(one["line"], one["row"]) for one in map(json.loads, lines)] == [(7, 3), (8, 4)]


def test_the_command_takes_the_row_of_the_header(run: Run, command: Main) -> None:
    source, target = run.folder / "in.csv", run.folder / "out.csv"
    source.write_bytes(table([["标题"], ["商品标题"], ["加V"], ["好"]]))
    assert command("score", source, "-o", target, "--header-row", 2, "--quiet") == 0
    assert [line.split(",")[0] for line in target.read_text("utf-8").splitlines()] == ["商品标题", "加V", "好"]
