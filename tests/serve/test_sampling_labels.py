"""A judged sample becomes labelled rows, from every format it is written in."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.serve.report.scored_rows import CASE
from tests.serve.test_sampling import drawn
from xuncha.labels.decisions import read_decisions
from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.labels.validate import validate_rows
from xuncha.serve.sampling import Plan

TAXONOMY = Taxonomy.load()
WORDS = [("是", "否"), ("存疑", ""), ("", "")]
PLAN = Plan(risk=6, merchant=0, control=3, seed=2)


def fill(path: Path, encoding: str = "utf-8-sig") -> None:
    """Judge the first three rows."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        for line, (first, second) in enumerate(WORDS, 2):
            book["抽检"].cell(line, 1).value, book["抽检"].cell(line, 2).value = first or None, second or None
        book.save(path)
    elif path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for row, (first, second) in zip(rows, WORDS, strict=False):
            row.update(judged_off_platform=first or None, judged_exaggerated=second)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    else:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline=""), delimiter=delimiter))
        for row, (first, second) in zip(rows, WORDS, strict=False):
            row.update(judged_off_platform=first, judged_exaggerated=second)
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)


def texts() -> dict[str, str]:
    with CASE.open(encoding="utf-8", newline="") as stream:
        return {row["item_id"]: row["text"] for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", ["s.xlsx", "s.csv", "s.tsv", "s.jsonl", "gbk.csv"])
def test_a_judged_sample_reads_back_as_labelled_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    sample = drawn(PLAN, path)
    fill(path, "gb18030" if name == "gbk.csv" else "utf-8-sig")
    found = read_decisions([path], TAXONOMY, "小李")
    assert [dict(row.labels) for row in found.rows] == [
        {"off_platform": True, "exaggerated": False}, {"off_platform": None},
    ]  # fmt: skip
    assert (found.confirmed, found.overturned, found.unsure) == (1, 1, 1)
    assert found.undecided == len(sample.drawn) - 2
    known = texts()
    assert all(row.text == known[row.id] and row.annotator == "小李" and row.judged_at for row in found.rows)
    assert validate_rows(found.rows).errors == ()


def test_a_verdict_that_is_none_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    drawn(PLAN, path)
    fill(path)
    path.write_text(path.read_text("utf-8-sig").replace("存疑", "也许"), "utf-8")
    with pytest.raises(XunchaError) as failed:
        read_decisions([path], TAXONOMY, "小李")
    assert str(failed.value) == (
        f'{path}: row 2, judged_off_platform: "也许" is no verdict. Write 是, 否, 存疑, yes, no, unsure.'
    )


def test_a_sample_without_a_reviewer_asks_for_one(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    drawn(PLAN, path)
    fill(path)
    with pytest.raises(XunchaError) as failed:
        read_decisions([path], TAXONOMY)
    assert str(failed.value) == (
        f"{path}: nobody is named. Name who judged: xuncha labels decisions FILE --annotator NAME -o ROWS."
    )


def test_a_table_that_is_no_sample_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id,text\n1,加V\n", "utf-8")
    with pytest.raises(XunchaError) as failed:
        read_decisions([path], TAXONOMY, "小李")
    assert str(failed.value) == (
        f"{path}: row 1: judged_<label> is missing, so this is no whole sample. Draw one with "
        "xuncha sample SCORED -o FILE."
    )
