"""`xuncha report`, `xuncha sample` and `xuncha labels decisions` at the prompt."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serve.report.scored_rows import CASE, ROOT, scored_row

if TYPE_CHECKING:
    from tests.serve.conftest import Main
    from tests.serve.report.conftest import Write

FILES = ["announcement.md", "flags.csv", "merchants.csv", "report.html", "review.xlsx"]


@pytest.mark.parametrize(
    ("name", "example"), [("report", "xuncha report scored.csv -o report"), ("sample", "xuncha sample scored.csv")]
)
def test_help_has_an_example(name: str, example: str, command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(name, "--help") == 0
    assert f"Example: {example}" in capsys.readouterr().out


def test_report_says_columns_counts_and_proposals(
    command: Main, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command("report", CASE, "-o", tmp_path / "r", "--what-if", "warning.min_rows=2") == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0].startswith("columns: text=text · id=item_id · merchant=shop_id · merchant_name=shop_name · ")
    assert lines[1:4] == [
        "rows: 667, 667 scored · merchants: 217",
        "flagged: 200 rows (30.0%) · off_platform 143 · exaggerated 57",
        "proposals for review, no penalties:",
    ]
    assert lines[4].startswith("  发布其他平台信息 (listing): 111 = 1 全部商品下架并限制上新5天 (delist_5) + 5 ")
    assert "what if: 90 merchants would move" in lines and "  and 70 more, in what_if.csv" in lines
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == sorted([*FILES, "what_if.csv"])


def test_report_prints_json_for_machines(command: Main, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert command("report", CASE, "-o", tmp_path / "r", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["proposals"]["listing"] == {"delist_5": 1, "delist_3": 5, "warning": 105}
    assert found["rows"] == 667 and found["moves"] is None


def test_a_report_is_not_replaced_without_force(
    command: Main, capsys: pytest.CaptureFixture[str], write_scored: Write, tmp_path: Path
) -> None:
    path = write_scored([scored_row(1, "加微信", ("contact", "加微信"))])
    folder = tmp_path / "r"
    assert command("report", path, "-o", folder, "--quiet", "--what-if", "off_platform=0.95") == 0
    assert command("report", path, "-o", folder) == 2
    assert capsys.readouterr().err == (
        f"{folder}/report.html: the file exists. Choose another folder, or add --force to replace the report in it.\n"
    )
    assert command("report", path, "-o", folder, "--force", "--quiet") == 0
    assert sorted(one.name for one in folder.iterdir()) == FILES


def test_a_bad_table_writes_nothing(command: Main, write_scored: Write, tmp_path: Path) -> None:
    path = write_scored([scored_row(1, "好"), scored_row(2, "加微信", ("contact", "加微信")) | {"evidence": "[{"}])
    assert command("report", path, "-o", tmp_path / "r") == 2
    assert not (tmp_path / "r").exists()


def test_a_table_without_merchants_or_flags_still_gives_a_report(
    command: Main, capsys: pytest.CaptureFixture[str], write_scored: Write, tmp_path: Path
) -> None:
    row = {
        key: value for key, value in scored_row(1, "好").items() if key not in ("merchant", "merchant_id", "listed_on")
    }
    assert command("report", write_scored([row]), "-o", tmp_path / "r") == 0
    assert "  none: no merchant reaches a step" in capsys.readouterr().out
    assert "本次抽查没有商家达到处置阶梯的任何一步。" in (tmp_path / "r" / "announcement.md").read_text("utf-8")
    assert "用 --merchant-column 指明" in (tmp_path / "r" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--as-of", "heute"], '--as-of: "heute" is no day. Write it as 2026-11-25.'),
        (["--policy", "nothing.yaml"], "nothing.yaml: there is no such file or folder. Check the path."),
        (["--category-column", "catgory"], '--category-column: there is no column "catgory". Did you mean "category"?'),
    ],
)
def test_a_bad_option_is_one_sentence(
    option: list[str], said: str, command: Main, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command("report", CASE, "-o", tmp_path / "r", *option) == 2
    assert said in capsys.readouterr().err


def test_a_merchants_name_cannot_act_on_the_announcement_or_a_spreadsheet(
    command: Main, write_scored: Write, tmp_path: Path
) -> None:
    name = "=1+1|**x**<img>\n# 新标题\u202e"
    path = write_scored([scored_row(1, "加微信", ("contact", "加微信"), merchant_id=name, merchant=name)])
    assert command("report", path, "-o", tmp_path / "r", "--quiet") == 0
    text = (tmp_path / "r" / "announcement.md").read_text("utf-8")
    assert "=1+1\\|\\*\\*x\\*\\*\\<img\\>↵\\# 新标题‹U+202E›" in text
    for file in ("merchants.csv", "flags.csv"):
        assert "'=1+1|" in (tmp_path / "r" / file).read_text("utf-8-sig")


def test_sample_draws_and_estimates(command: Main, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    assert (
        command("sample", CASE, "-o", path, "--risk", "30", "--merchants", "30", "--control", "40", "--seed", "5") == 0
    )
    assert capsys.readouterr().out.splitlines()[0] == f"{path}: 100 of 667 rows drawn"
    assert command("sample", CASE, "-o", path) == 2
    assert "the file exists" in capsys.readouterr().err
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "judged_off_platform": "no", "judged_exaggerated": "否"} for row in rows)
    assert command("sample", "--estimate", path) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "100 rows judged of a table of 667; 95 % intervals"
    assert out[1].startswith("any: violates 0.00% (0.00% to ")
    assert out[-1].startswith("estimator: stratified by risk and merchant size (Cochran 1977, §5.3); Wilson interval")


def test_sample_says_what_it_needs(command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("sample") == 2
    assert capsys.readouterr().err == (
        "Give SCORED and -o FILE to draw a sample, or --estimate REVIEWED to estimate from one.\n"
    )
    assert command("sample", CASE, "-o", "x.txt") == 2
    assert capsys.readouterr().err == 'x.txt: the ending ".txt" names no format. Use .xlsx, .csv, .tsv, .jsonl.\n'


def test_decisions_become_rows_that_validate(
    command: Main, capsys: pytest.CaptureFixture[str], write_scored: Write, tmp_path: Path
) -> None:
    from openpyxl import load_workbook

    path = write_scored([scored_row(1, "加微信", ("contact", "加微信")), scored_row(2, "加薇", ("contact", "加薇"))])
    assert command("report", path, "-o", tmp_path / "r", "--quiet") == 0
    book = load_workbook(tmp_path / "r" / "review.xlsx")
    book["复核"]["A2"] = "确认违规"
    book.save(tmp_path / "r" / "review.xlsx")
    rows = tmp_path / "rows.jsonl"
    assert command("labels", "decisions", tmp_path / "r" / "review.xlsx", "-o", rows, "--annotator", "小王") == 0
    assert capsys.readouterr().out == f"{rows}: 1 rows; 1 confirmed, 0 overturned, 0 unsure, 1 undecided\n"
    assert json.loads(rows.read_text("utf-8"))["annotator"] == "小王"
    assert command("labels", "validate", rows) == 0
    before = rows.read_bytes()
    assert command("labels", "decisions", tmp_path / "r" / "review.xlsx", "-o", rows, "--annotator", "老张") == 2
    said = f"{rows}: the file exists. Choose another name, or add --force to replace it.\n"
    assert said in capsys.readouterr().err and rows.read_bytes() == before
    assert (
        command("labels", "decisions", tmp_path / "r" / "review.xlsx", "-o", rows, "--annotator", "老张", "--force")
        == 0
    )
    assert json.loads(rows.read_text("utf-8"))["annotator"] == "老张"


def test_rows_beyond_the_limit_are_told_at_the_prompt(
    command: Main, capsys: pytest.CaptureFixture[str], write_scored: Write, tmp_path: Path
) -> None:
    path = write_scored([scored_row(number, "加微信", ("contact", "加微信")) for number in (1, 2, 3)])
    assert command("report", path, "-o", tmp_path / "r", "--limit", "1") == 0
    assert (
        "left out of page and workbook: 2 flagged rows that need review least (--limit 1); flags.csv has all"
        in capsys.readouterr().out.splitlines()
    )


def test_a_taxonomy_that_the_packaged_policy_does_not_fit_says_what_to_do(
    command: Main, capsys: pytest.CaptureFixture[str], write_scored: Write, tmp_path: Path
) -> None:
    path = write_scored([scored_row(1, "加微信", ("contact", "加微信"))])
    taxonomy = tmp_path / "taxonomy.yaml"
    packaged = (ROOT / "labels" / "taxonomy.yaml").read_text("utf-8")
    taxonomy.write_text(packaged.replace(": redirect", ": diverted"), "utf-8")
    assert command("report", path, "-o", tmp_path / "r", "--taxonomy", taxonomy) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        'the packaged policy does not fit this taxonomy: policy.yaml: reasons: reason "redirect" is '
    )
    assert said.endswith("policy.yaml, adapt the copy and give it with --policy FILE.\n")


def test_a_full_disk_leaves_no_part_of_a_report(
    command: Main, write_scored: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_scored([scored_row(1, "加微信", ("contact", "加微信"))])

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28), "x")

    monkeypatch.setattr("xuncha.serve.report.build.write_workbook", full)
    assert command("report", path, "-o", tmp_path / "r") == 2
    assert list((tmp_path / "r").iterdir()) == []
