from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from xuncha.labels.column_names import guessed
from xuncha.labels.errors import XunchaError
from xuncha.serve.annotation import added_schema, score_batch
from xuncha.serve.batch import Options, score_file
from xuncha.serve.columns import added_names
from xuncha.serve.verdict import Verdict

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer, Run


def test_rows_keep_their_order_over_many_chunks(run: Run) -> None:
    data = b"id,text\n" + b"".join(f"{at},{'加V' if at % 3 else '好'}\n".encode() for at in range(5000))
    rows = run.rows("in.csv", data, chunk_rows=256)
    assert [int(row["id"]) for row in rows] == list(range(5000))
    assert [row["flag_off_platform"] for row in rows] == [at % 3 != 0 for at in range(5000)]
    assert set(run.scorer.calls) == {256, 5000 % 256}


def test_the_same_rows_come_out_of_every_format(run: Run) -> None:
    data = 'id,text\n1,"加V\n看货"\n2,\n3,全网最低\n'.encode()
    outs = {}
    for out in ("a.csv", "a.tsv", "a.jsonl", "a.parquet"):
        run.output("in.csv", data, out)
        again = run.folder / f"again-{out}.jsonl"
        score_file(run.scorer, run.folder / out, again, Options(overwrite_columns=True))
        outs[out] = again.read_bytes()
    assert len(set(outs.values())) == 1


def test_several_text_columns_give_the_highest_score_and_name_the_field(run: Run) -> None:
    data = "title,description,n\n加V,全网最低,1\n好,,2\n,,3\n".encode()
    rows = run.rows("in.csv", data)
    assert run.summary.text_columns == ("title", "description")
    assert (rows[0]["score_off_platform"], rows[0]["score_exaggerated"]) == (0.912346, 0.912346)
    assert [(one["field"], one["text"]) for one in rows[0]["evidence"]] == [
        ("title", "加V"), ("description", "最低"), ("description", "全网"),
    ]  # fmt: skip
    assert [row["status"] for row in rows] == ["ok", "ok", "empty"]


def test_each_of_several_fields_has_its_own_verdict(run: Run) -> None:
    rows = run.rows(
        "in.jsonl", '{"title": "加V", "desc": "好"}\n{"title": "全网", "desc": " "}\n{"desc": 5}\n'.encode()
    )
    found = [
        [(one["field"], one["flag_off_platform"], one["score_exaggerated"], one["status"]) for one in row["fields"]]
        for row in rows
    ]
    assert found == [
        [("title", True, 0.1, "ok"), ("desc", False, 0.1, "ok")],
        [("title", False, 0.912346, "ok"), ("desc", None, None, "empty")],
        [("title", None, None, "empty"), ("desc", None, None, "not_text")],
    ]
    assert "fields" not in run.rows("in.jsonl", b'{"text": "a", "title": "b"}\n')[0]


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_verdicts_of_fields_are_the_same_in_every_format(format: str, run: Run) -> None:
    data = '{"title": "加V", "desc": "好"}\n{"title": "全网"}\nbad\n'.encode()
    wanted = [row["fields"] for row in run.rows("in.jsonl", data)]
    run.output("in.jsonl", data, f"mid.{format}")
    back = run.rows(f"mid.{format}", (run.folder / f"mid.{format}").read_bytes(), text_columns=("title",),
                    overwrite_columns=True)  # fmt: skip
    assert [one if isinstance(one := row["fields"], list) else json.loads(one) for row in back] == wanted
    assert wanted[2] == []


def test_a_field_that_was_not_scored_is_named_in_the_status(run: Run) -> None:
    rows = run.rows("in.jsonl", '{"title": "加V", "desc": 5}\n{"title": null, "desc": [1]}\n'.encode())
    assert [row["status"] for row in rows] == ["not_text: desc", "not_text: desc"]
    assert [row["flag_off_platform"] for row in rows] == [True, None]
    assert run.summary.tally.statuses == {"not_text": 2}


def test_sources_are_handed_to_the_scorer(run: Run) -> None:
    run.rows(
        "in.jsonl", b'{"text": "a", "src": "speech"}\n{"text": "b"}\n{"text": "c", "src": 1}\n', source_column="src"
    )
    assert run.scorer.sources == ["speech", None, None]


def test_malformed_rows_are_not_put_to_the_scorer(run: Run) -> None:
    run.rows("in.csv", "id,text\n1\n2,好\n".encode())
    assert run.scorer.calls == [1]


def test_a_clash_of_columns_is_an_error_unless_they_may_be_overwritten(run: Run) -> None:
    data = b"status,text,model\nsold,a,x\n"
    with pytest.raises(XunchaError) as error:
        run.rows("in.csv", data)
    assert str(error.value) == (
        f'{run.folder}/in.csv: it already has "status", "model", which scoring adds. Rename, or replace with '
        "--overwrite-columns."
    )
    assert next(iter(run.rows("in.csv", data, overwrite_columns=True)[0])) == "text"


def test_a_scored_table_can_be_scored_again(run: Run) -> None:
    first = run.output("in.csv", "text\n加V\n".encode(), "out.csv")
    assert run.output("again.csv", first, "out2.csv", overwrite_columns=True) == first


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("id", "text"), ("text",)),
        (("标题", "内容"), ("内容",)),
        (("商品标题", "商品描述", "价格"), ("商品标题", "商品描述")),
        (("Item_Title", "Selling Points"), ("Item_Title", "Selling Points")),
        (("ＴＥＸＴ",), ("ＴＥＸＴ",)),
        (("弹幕内容 (content)", "time"), ("弹幕内容 (content)",)),
        (("merchant", "price"), ()),
    ],
)
def test_text_columns_are_guessed_from_chinese_and_english_names(columns: tuple[str, ...], expected: object) -> None:
    assert guessed(columns) == expected


def test_the_summary_counts_everything(run: Run) -> None:
    run.rows("in.csv", "id,text\n1,加V全网\n2,\n3\n4,好\n5,全网最低\n".encode())
    found = run.summary.to_json()
    assert found.pop("seconds") >= 0
    assert found.pop("rows_per_second") > 0
    assert found == {
        "input": f"{run.folder}/in.csv", "output": f"{run.folder}/out.jsonl", "rows": 5,
        "status": {"ok": 3, "empty": 1, "malformed": 1}, "flagged": 2,
        "flagged_by_label": {"off_platform": 1, "exaggerated": 2}, "reasons": {"absolute": 2, "contact": 1},
        "encoding": "utf-8", "text_columns": ["text"], "text_columns_guessed": True, "model": "fake@00000000",
        "operating_point": "balanced", "columns": {"id": "id"}, "resumed_rows": 0, "rejects": 1,
        "rejects_file": f"{run.folder}/out.jsonl.rejects.jsonl", "files": 1, "files_skipped": 0,
        "files_unreadable": [], "notes": [],
    }  # fmt: skip
    assert run.summary.lines()[1:] == [
        "read: text · utf-8 · model fake@00000000 · balanced",
        "status: ok 3 · empty 1 · malformed 1",
        "flagged: 2 rows (40.0%) · off_platform 1 · exaggerated 2",
        "reasons: absolute 2 · contact 1",
        f"rejects: 1 rows could not be read or scored → {run.folder}/out.jsonl.rejects.jsonl",
    ]


def test_a_header_without_rows_gives_a_header_without_rows(run: Run) -> None:
    assert run.output("in.csv", b"id,text\n", "out.csv").count(b"\n") == 1
    assert run.summary.lines()[2:] == ["status: no rows", "flagged: 0 rows · off_platform 0 · exaggerated 0"]


def test_memory_does_not_grow_with_the_table(
    tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xuncha.serve.tables.packing.BLOCK", 1 << 14)

    def peak(rows: int) -> int:
        source = tmp_path / f"{rows}.csv"
        with source.open("w", encoding="utf-8") as stream:
            stream.write("id,text\n")
            stream.writelines(f"{at},纪念币 评级 普通说明文字 若干\n" for at in range(rows))
        tracemalloc.start()
        try:
            score_file(scorer, source, tmp_path / f"{rows}.out.csv", Options(chunk_rows=100))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1000)  # what is loaded once
    assert peak(20_000) < 1.2 * peak(2000)


def test_a_failure_keeps_what_was_finished_and_the_old_output(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.folder.joinpath("out.csv").write_text("old", "utf-8")
    calls, real = iter(range(3)), run.scorer.score

    def score(texts: list[object], sources: list[str | None] | None = None) -> list[Verdict]:
        if next(calls) == 2:
            raise MemoryError
        return real(texts, sources)

    monkeypatch.setattr(run.scorer, "score", score)
    with pytest.raises(MemoryError):
        run.output("in.csv", b"text\n" + b"a\n" * 30, "out.csv", chunk_rows=10)
    assert sorted(path.name for path in run.folder.iterdir()) == [".out.csv.xuncha", "in.csv", "out.csv"]
    assert run.folder.joinpath("out.csv").read_text("utf-8") == "old"
    monkeypatch.undo()
    resumed = run.output("in.csv", b"text\n" + b"a\n" * 30, "out.csv", chunk_rows=10, resume=True)
    assert run.summary.resumed == 20
    assert resumed == run.output("in.csv", b"text\n" + b"a\n" * 30, "plain.csv", chunk_rows=10)


def test_kill_9_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n" + "加V\n" * 3000, "utf-8")
    script = """
import sys, time
from xuncha.serve.batch import Options, score_file
from xuncha.serve.verdict import Scored

class Slow:
    labels, model_id = ("off_platform",), "slow@0"
    def score(self, texts, sources=None):
        time.sleep(0.2)
        return [Scored({"off_platform": 0.1}, {"off_platform": False}, {}, ()) for _ in texts]
score_file(Slow(), "in.csv", "out.csv", Options(chunk_rows=10))
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path) as process:
        deadline = time.monotonic() + 20
        journal = tmp_path / ".out.csv.xuncha" / "journal.jsonl"
        while not (journal.exists() and journal.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "out.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.csv.xuncha", "in.csv"]


def test_the_old_permissions_stay_when_an_output_is_replaced(run: Run) -> None:
    run.folder.joinpath("out.csv").write_text("old", "utf-8")
    run.folder.joinpath("out.csv").chmod(0o640)
    run.output("in.csv", b"text\na\n", "out.csv")
    assert stat.S_IMODE(run.folder.joinpath("out.csv").stat().st_mode) == 0o640


def test_a_link_stays_a_link_to_the_new_output(run: Run) -> None:
    (run.folder / "real.csv").write_text("old", "utf-8")
    (run.folder / "out.csv").symlink_to("real.csv")
    run.output("in.csv", b"text\na\n", "out.csv")
    assert (run.folder / "out.csv").is_symlink()
    assert (run.folder / "real.csv").read_text("utf-8").startswith("text,score")


def test_long_output_names_have_room_for_the_temporary_name(run: Run) -> None:
    name = "名" * 80 + ".csv"
    assert run.output("in.csv", b"text\na\n", name)


def test_a_named_pipe_is_read_once(tmp_path: Path, scorer: FakeScorer) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    feed = threading.Thread(target=(tmp_path / "pipe.csv").write_text, args=("text\n加V\n", "utf-8"))
    feed.start()
    summary = score_file(scorer, tmp_path / "pipe.csv", tmp_path / "out.csv")
    feed.join()
    assert summary.tally.flagged == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "pipe.csv"]


def test_a_table_that_grows_while_it_is_scored_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    source, real = run.folder / "in.csv", run.scorer.score

    def score(texts: list[object], sources: list[str | None] | None = None) -> list[Verdict]:
        with source.open("a") as stream:
            stream.write("late\n")
        return real(texts, sources)

    monkeypatch.setattr(run.scorer, "score", score)
    with pytest.raises(XunchaError) as error:
        run.output("in.csv", b"text\na\nb\nc\n", "out.csv", chunk_rows=1)
    assert str(error.value).startswith(f"{source}: it had 3 rows, then ")
    assert not (run.folder / "out.csv").exists()


def test_score_batch_is_what_the_batch_scorer_writes(run: Run, scorer: FakeScorer) -> None:
    batch = pa.RecordBatch.from_pydict({"id": [1, 2, 3], "text": ["加V", None, "全网"]})
    scored = score_batch(batch, ["text"], scorer)
    assert scored.schema == pa.schema([*batch.schema, *added_schema(scorer.labels, ["text"])])
    assert scored.select(["id", "text"]).equals(batch)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist())
    assert scored.to_pylist() == run.rows("in.jsonl", lines.encode())


def test_score_batch_takes_no_rows(scorer: FakeScorer) -> None:
    batch = pa.RecordBatch.from_pydict({"text": pa.array([], pa.string())})
    assert score_batch(batch, ["text"], scorer).num_rows == 0


def test_added_columns_come_in_the_order_of_labels() -> None:
    assert added_names(["b", "a"]) == ("score_b", "score_a", "flag_b", "flag_a", "evidence", "status", "model")


def test_stdin_and_stdout_are_jsonl_unless_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scorer: FakeScorer, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "in").write_bytes("text\n加V\n".encode())
    with (tmp_path / "in").open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        score_file(scorer, "-", "-", Options(input_format="csv"))
    assert json.loads(capfdbinary.readouterr().out)["flag_off_platform"] is True


def test_parquet_can_be_written_to_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n加V\n", "utf-8")
    script = (
        "from xuncha.serve.batch import Options, score_file\n"
        "from xuncha.serve.verdict import Ruled, RuledReason\n"
        "class Never:\n"
        "    labels, model_id = ('a',), 'never@0'\n"
        "    def score(self, texts, sources=None): return [Ruled(RuledReason.EMPTY)] * len(texts)\n"
        "score_file(Never(), 'in.csv', '-', Options(output_format='parquet'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=True)
    import pyarrow.parquet as pq

    assert pq.read_table(pa.BufferReader(done.stdout)).num_rows == 1
    assert Path(tmp_path / "in.csv").exists()
