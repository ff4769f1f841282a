"""A table that xuncha has scored reads as it was before, in every command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from xuncha.labels import Source, Taxonomy
from xuncha.labels.interchange import Format, Others, Reading, read_any
from xuncha.labels.rows import Row
from xuncha.serve.batch import Options, score_file
from xuncha.serve.live.csv_log import read_csv
from xuncha.serve.live.intake import Intake
from xuncha.serve.report.scored import find_texts, scored_labels
from xuncha.serve.tables import open_table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.serve.conftest import FakeScorer, Run

TEXTS = [
    "=加V看货",
    "-全网最低价",
    "+加V",
    "@加V",
    "\t加V",
    "＝加V",
    "'=加V",
    "''-加V",
    "'加V",
    "-5.50",
    "'-5.50",
    "好",
]
NAMES = ["scored.csv", "scored.tsv", "scored.csv.gz", "scored.xlsx", "scored.parquet", "scored.jsonl"]


@pytest.fixture(params=NAMES)
def scored(request: pytest.FixtureRequest, tmp_path: Path, scorer: FakeScorer) -> Path:
    lines = [json.dumps({"-详情": text, "n": number}) + "\n" for number, text in enumerate(TEXTS)]
    (tmp_path / "in.jsonl").write_text("".join(lines), "utf-8")
    target = tmp_path / str(request.param)
    score_file(scorer, tmp_path / "in.jsonl", target, Options(text_columns=("-详情",)))
    return target


def test_scoring_it_again_gives_the_same_texts_scores_and_evidence(scored: Path, scorer: FakeScorer) -> None:
    target = scored.with_name(f"again.{scored.name.split('.', 1)[1]}")
    score_file(scorer, scored, target, Options(text_columns=("-详情",), overwrite_columns=True))
    with open_table(str(scored)) as once, open_table(str(target)) as twice:
        assert once.columns == twice.columns and "-详情" in once.columns
        for column in once.columns:
            first, second = ([v for rows in table.chunks(5) for v in rows.values(column)] for table in (once, twice))
            assert first == second
        assert [v for rows in twice.chunks(99) for v in rows.values("-详情")] == TEXTS


@pytest.mark.parametrize("name", [name for name in NAMES if "gz" not in name])
def test_no_row_drops_out_of_pre_annotations(name: str, tmp_path: Path, scorer: FakeScorer) -> None:
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), "utf-8")
    score_file(scorer, tmp_path / "in.jsonl", tmp_path / name, Options())
    reading = Reading(source=Source.LISTING, others=Others.META)
    form = Format.RECORDS if name.endswith(".jsonl") else None
    found = [row for _, row in read_any(tmp_path / name, Taxonomy.load(), reading, form)]
    assert [row.text for row in found if isinstance(row, Row)] == TEXTS
    assert sum(bool(row.spans) for row in found if isinstance(row, Row)) == 9


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx", "out.parquet", "out.jsonl"])
def test_of_several_text_columns_each_gives_rows_with_its_own_scores(
    name: str, tmp_path: Path, scorer: FakeScorer
) -> None:
    lines = [{"title": "加V看货", "description": "好货"}, {"title": "好", "description": "全网最低"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), "utf-8")
    score_file(scorer, tmp_path / "in.jsonl", tmp_path / name, Options())
    form = Format.RECORDS if name.endswith(".jsonl") else None
    for column in ("title", "description"):
        reading = Reading(source=Source.LISTING, text_column=column, others=Others.DROP)
        rows = [row for _, row in read_any(tmp_path / name, Taxonomy.load(), reading, form) if isinstance(row, Row)]
        verdicts = scorer.score([row.text for row in rows])
        assert [row.text for row in rows] == [one[column] for one in lines]
        for row, verdict in zip(rows, verdicts, strict=True):
            said = verdict.to_json()
            assert (row.meta["scores"], row.labels) == (said["scores"], said["flags"])
            assert [row.text[one.start : one.end] for one in row.spans] == [one["text"] for one in said["evidence"]]


def test_the_report_finds_evidence_in_its_place(scored: Path) -> None:
    with open_table(str(scored)) as table:
        assert find_texts(table, scored_labels(table), ()) == ("-详情",)


def test_a_scored_log_of_a_live_room_reads_as_it_was() -> None:
    head = "time,text,flag_off_platform,evidence,status,model\n"
    (turn,) = read_csv("a.csv", f"{head}1,'=加V,true,[],ok,m\n", Intake())
    assert turn.text == "=加V"
    (turn,) = read_csv("a.csv", "time,text\n1,'=加V\n", Intake())
    assert turn.text == "'=加V"


@pytest.mark.parametrize("name", ["in.csv", "in.tsv"])
def test_a_table_that_xuncha_did_not_write_is_left_as_it_is(run: Run, name: str) -> None:
    mark = "," if name == "in.csv" else "\t"
    assert run.rows(name, f"text{mark}status\n'=加V{mark}ok\n".encode(), overwrite_columns=True)[0]["text"] == "'=加V"
