"""The review sample: drawn as planned, written for every program, and estimates that the truth bears out."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.serve.report.scored_rows import CASE, scored_row
from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.report.roles import find_roles
from xuncha.serve.report.scored import ScoredTable, find_texts, scored_labels
from xuncha.serve.sampling import Plan, Sample, draw
from xuncha.serve.sampling_estimate import ANY, Judged, estimate
from xuncha.serve.sampling_files import read_reviewed, write_sample
from xuncha.serve.tables import open_table

LABELS = ("off_platform", "exaggerated")


def drawn(plan: Plan, target: Path | None = None, source: Path = CASE) -> Sample:
    with open_table(str(source)) as table:
        labels = scored_labels(table)
        scored = ScoredTable(table, labels, find_texts(table, labels, ()), find_roles(table, {}))
        found = draw(scored, plan)
        if target is not None:
            with target.open("wb") as stream:
                write_sample(stream, target.suffix, scored, found, Taxonomy.load())
        return found


def judged(stratum: str, rows: int, verdict: bool | None, group: str = "risk") -> Judged:
    flagged = stratum.startswith("flagged")
    return Judged(stratum, rows, group, {"off_platform": flagged}, {"off_platform": verdict})


def test_the_same_seed_draws_the_same_rows_and_another_seed_others() -> None:
    assert drawn(Plan(seed=3)) == drawn(Plan(seed=3))
    assert set(drawn(Plan(seed=3)).drawn) != set(drawn(Plan(seed=4)).drawn)


def test_each_group_gets_its_number_and_no_stratum_is_left_out() -> None:
    found = drawn(Plan(risk=60, merchant=45, control=50))
    counts = Counter(one.group for one in found.drawn.values())
    assert (counts["control"], counts["risk"], counts["merchant"]) == (50, 60, 45)
    assert sum(rows for rows, _ in found.strata.values()) == found.rows == 667
    assert all(taken >= min(2, rows) for rows, taken in found.strata.values())
    assert sum(one.weight for one in found.drawn.values()) == pytest.approx(667)


def test_a_table_smaller_than_the_sample_is_drawn_whole() -> None:
    found = drawn(Plan(risk=1000, merchant=1000, control=1000))
    assert len(found.drawn) == 667 and {one.weight for one in found.drawn.values()} == {1.0}


def fill(path: Path, rows: list[dict[str, str]]) -> None:
    """Judge every row of a sample as its flags say."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        sheet = book["抽检"]
        header = [str(cell.value) for cell in sheet[1]]
        places = {label: (header.index(f"flag_{label}"), at) for at, label in enumerate(LABELS)}
        for line in sheet.iter_rows(min_row=2):
            for flag, at in places.values():
                line[at].value = "是" if line[flag].value == "true" else "否"
        book.save(path)
        return
    for row in rows:
        row.update({f"judged_{label}": "yes" if row[f"flag_{label}"] == "true" else "no" for label in LABELS})
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(rows)


def rows_of(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".xlsx":
        return []
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t" if path.suffix == ".tsv" else ","))


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".tsv", ".jsonl"])
def test_a_reviewed_sample_of_every_format_gives_the_rates(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sample{suffix}"
    drawn(Plan(risk=1000), path)
    fill(path, rows_of(path))
    rows, labels, total = read_reviewed(path)
    found = estimate(str(path), rows, labels, total)
    assert (labels, found.rows, found.judged, found.blank) == (LABELS, 667, 667, 0)
    shares = {one.label: one.rate for one in found.estimates}
    assert shares["off_platform"].value == pytest.approx(143 / 667)
    assert (shares["off_platform"].low, shares["off_platform"].high) == pytest.approx((143 / 667, 143 / 667))
    assert shares[ANY].value == pytest.approx(200 / 667)


def test_times_nested_values_and_damaged_bytes_survive_in_every_format(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = scored_row(1, "加微信", ("contact", "加微信"))
    table = pa.Table.from_pylist([{**row, "at": datetime(2026, 1, 5, 8), "tags": [{"a": 1}]}])
    pq.write_table(table, tmp_path / "scored.parquet")
    damaged = b"id,text,score_x,flag_x,evidence,status,model\n1,\xff\xfe,,,[],not_text,m\n2,ok,0.1,false,[],ok,m\n"
    (tmp_path / "scored.csv").write_bytes(damaged + "3,好的,0.1,false,[],ok,m\n".encode() * 4)
    for source in ("scored.parquet", "scored.csv"):
        for suffix in (".jsonl", ".csv", ".xlsx"):
            drawn(Plan(), tmp_path / f"out{suffix}", tmp_path / source)
    (first, *_) = rows_of(tmp_path / "out.jsonl")
    assert first["text"] == "\\xff\\xfe"
    drawn(Plan(), tmp_path / "out.jsonl", tmp_path / "scored.parquet")
    (only,) = rows_of(tmp_path / "out.jsonl")
    assert only["at"] == "2026-01-05T08:00:00"
    assert json.dumps(only["tags"]) == '[{"a": 1}]'


def test_the_workbook_hides_the_models_word(tmp_path: Path) -> None:
    path = tmp_path / "sample.xlsx"
    drawn(Plan(), path)
    sheet = load_workbook(path)["抽检"]
    header = [str(cell.value) for cell in sheet[1]]
    assert header[:3] == ["站外引流（judged_off_platform）", "夸大宣传（judged_exaggerated）", "text"]
    shown = [name for at, name in enumerate(header) if not _hidden(sheet, at)]
    assert not any(name.startswith(("score_", "flag_", "sample_", "evidence")) for name in shown)


def _hidden(sheet: object, at: int) -> bool:
    from openpyxl.utils import get_column_letter

    letter = get_column_letter(at + 1)
    for one in sheet.column_dimensions.values():  # type: ignore[attr-defined]
        if one.min <= at + 1 <= one.max or one.index == letter:
            return bool(one.hidden)
    return False


def test_a_stratified_estimate_weighs_each_stratum_by_its_share_of_the_table() -> None:
    sample = [judged("flagged_sure/large", 100, at < 8) for at in range(10)]
    sample += [judged("quiet/small", 900, at < 1, "control") for at in range(20)]
    (whole, _) = estimate("s", sample, ("off_platform",), 1000).estimates
    assert whole.rate.value == pytest.approx(0.1 * 0.8 + 0.9 * 0.05)
    assert whole.precision is not None and whole.precision.value == pytest.approx(0.8)
    assert whole.missed is not None and whole.missed.value == pytest.approx(0.05)
    assert whole.recall == pytest.approx(80 / (80 + 45))
    assert whole.control is not None and (whole.control.value, whole.control.judged) == (0.05, 20)


def test_the_interval_holds_the_truth_at_least_as_often_as_it_says() -> None:
    dice = random.Random(7)
    tables = [
        {"flagged_sure/large": (50, 48), "flagged/large": (80, 56), "near/large": (400, 20), "quiet/large": (9470, 60)},
        {"flagged_sure/large": (500, 475), "flagged/large": (800, 560), "near/large": (1200, 60),
         "quiet/large": (7500, 0)},
    ]  # fmt: skip
    held = 0
    for turn in range(200):
        table = tables[turn % 2]
        total = sum(rows for rows, _ in table.values())
        sample = [
            judged(name, rows, number < bad)
            for name, (rows, bad) in table.items()
            for number in dice.sample(range(rows), 40)
        ]
        rate = estimate("s", sample, ("off_platform",), total).estimates[0].rate
        held += rate.low <= sum(bad for _, bad in table.values()) / total <= rate.high
    assert held >= 190


def test_unsure_rows_are_left_out_and_bounded() -> None:
    sample = [judged("quiet/small", 10, verdict) for verdict in (True, False, None, False)]
    one = estimate("s", sample, ("off_platform",), 10).estimates[1]
    assert (one.unsure, one.rate.judged) == (1, 3)
    assert (one.at_least, one.at_most) == (0.25, 0.5)


def test_a_missing_stratum_or_one_without_verdicts_is_refused() -> None:
    sample = [judged("quiet/small", 10, False), judged("near/small", 5, True)]
    with pytest.raises(XunchaError) as failed:
        estimate("s.csv", sample, ("off_platform",), 20)
    assert str(failed.value) == (
        "s.csv: its strata hold 15 rows, the table it was drawn from had 20: a whole stratum is missing. Estimate from "
        "the whole sample."
    )
    blank = [sample[0], replace(sample[1], verdicts={"off_platform": None}, blank=True)]
    with pytest.raises(XunchaError, match=r"^s.csv: no row of the stratum near/small is judged. Judge at least two"):
        estimate("s.csv", blank, ("off_platform",), 15)


def test_a_word_that_is_no_verdict_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    drawn(Plan(), path)
    rows = rows_of(path)
    with pytest.raises(
        XunchaError, match=r"no row is judged. Fill in judged_off_platform, judged_exaggerated with yes"
    ):
        read_reviewed(path)
    fill(path, rows)
    rows[4]["judged_exaggerated"] = "nope"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(XunchaError) as failed:
        read_reviewed(path)
    assert str(failed.value) == (
        f'{path}: row 5, judged_exaggerated: "nope" is no verdict. Did you mean "no"? '
        "Write 是, 否, 存疑, yes, no, unsure."
    )


def test_another_table_is_no_sample(tmp_path: Path) -> None:
    with pytest.raises(XunchaError, match="the column sample_group is missing, so this is no sample. Draw one with"):
        read_reviewed(CASE)
