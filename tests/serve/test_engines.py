"""Engines give the bytes of the local one, whatever happens to their workers."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from xuncha.labels.errors import XunchaError
from xuncha.serve.annotation import TextScorer, score_batch
from xuncha.serve.batch import Options, score_file
from xuncha.serve.columns import columns_of
from xuncha.serve.engines import Task
from xuncha.serve.engines.arrow import Loader, score_batches, scored_schema
from xuncha.serve.engines.local import LocalEngine
from xuncha.serve.tables import open_table

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer, Main

ROWS = 300


def write_input(path: Path) -> Path:
    lines = [
        f"{at},{'加V' * (at % 3)}{at},{'全网' if at % 4 else ''}\n" if at % 29 else f"{at}\n" for at in range(ROWS)
    ]
    path.write_text("id,title,描述\n" + "".join(lines), "utf-8")
    return path


def loader_in(folder: Path) -> Callable[[], TextScorer]:
    """Loads a slow scorer that notes its process; local, so that Ray carries the code itself to its workers."""

    def load() -> Any:
        import os as system
        import time as clock
        from types import SimpleNamespace

        from xuncha.serve.verdict import Evidence, Ruled, RuledReason, Scored

        (folder / f"{system.getpid()}.pid").touch()

        def verdict(text: object) -> Scored | Ruled:
            if not isinstance(text, str):
                return Ruled(RuledReason.EMPTY if text is None else RuledReason.NOT_TEXT)
            if not text.strip():
                return Ruled(RuledReason.EMPTY)
            found = tuple(
                Evidence("off_platform", "contact", at, at + 2, "加V", "规则①") for at in [text.find("加V")] if at >= 0
            )
            return Scored({"off_platform": 0.123456789 + len(text) / 100}, {"off_platform": bool(found)}, {}, found)

        def score(texts: Sequence[object], sources: Sequence[str | None] | None = None) -> list[Scored | Ruled]:
            clock.sleep(0.05)
            return [verdict(text) for text in texts]

        return SimpleNamespace(labels=("off_platform",), model_id="slow@1", score=score)

    return load


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
    for attempt in range(3):  # Ray gives its processes half a minute to start, which a busy machine may not keep
        try:
            ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
            break
        except Exception:
            ray.shutdown()
            if attempt == 2:
                raise
    yield
    ray.shutdown()


@pytest.mark.slow
def test_ray_gives_the_bytes_of_the_local_engine_with_one_model_an_actor(tmp_path: Path, cluster: None) -> None:
    from xuncha.serve.engines.ray import Cluster, RayEngine

    load = loader_in(tmp_path)
    score_file(load(), write_input(tmp_path / "in.csv"), tmp_path / "in.parquet", Options(chunk_rows=50))
    source, options = tmp_path / "in.parquet", Options(chunk_rows=16, overwrite_columns=True)
    score_file(load(), source, tmp_path / "local.parquet", options)
    score_file(load(), source, tmp_path / "ray.parquet", options, engine=RayEngine(load, Cluster()))
    assert (tmp_path / "ray.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()
    assert len(list(tmp_path.glob("*.pid"))) - 1 in (1, 2)  # one an actor, and the test's own


@pytest.mark.slow
def test_ray_finishes_what_was_begun_and_a_killed_worker_costs_no_row(
    tmp_path: Path, cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xuncha.serve.engines.ray import Cluster, RayEngine
    from xuncha.serve.tables.journal import Journal

    for name in ("local", "ray"):
        (tmp_path / name).mkdir()
    load = loader_in(tmp_path / "local")
    source, options = write_input(tmp_path / "in.csv"), Options(chunk_rows=8, resume=True)
    score_file(load(), source, tmp_path / "local.csv", options)
    real, left = Journal.commit, [3]

    def commit(self: Journal, rows: bytes, rejects: bytes, state: dict[str, Any]) -> None:
        real(self, rows, rejects, state)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "commit", commit)
        with pytest.raises(KeyboardInterrupt):
            score_file(load(), source, tmp_path / "ray.csv", options)
    journal = tmp_path / ".ray.csv.xuncha" / "journal.jsonl"
    killed, size = [], journal.stat().st_size

    def kill_one() -> None:
        end = time.monotonic() + 200
        while time.monotonic() < end and not (journal.exists() and journal.stat().st_size > size):
            time.sleep(0.01)
        pid = int(next((tmp_path / "ray").glob("*.pid")).stem)
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    killer = threading.Thread(target=kill_one)
    killer.start()
    engine = RayEngine(loader_in(tmp_path / "ray"), Cluster(actors=2))
    summary = score_file(load(), source, tmp_path / "ray.csv", options, engine=engine)
    killer.join()
    assert (len(killed), summary.resumed) == (1, 24)
    assert (tmp_path / "ray.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    assert (tmp_path / "ray.csv.rejects.jsonl").read_bytes() == (tmp_path / "local.csv.rejects.jsonl").read_bytes()


@pytest.mark.slow
def test_what_goes_wrong_on_a_worker_is_one_sentence(tmp_path: Path, cluster: None) -> None:
    from xuncha.serve.engines.ray import Cluster, RayEngine

    engine = RayEngine(Loader(model_id="other@0"), Cluster(actors=1))
    with pytest.raises(XunchaError) as error:
        score_file(loader_in(tmp_path)(), write_input(tmp_path / "in.csv"), tmp_path / "o.csv", engine=engine)
    assert str(error.value).endswith(", and other@0 is wanted. Install the same there.")
    assert not list(tmp_path.glob("*o.csv*"))


def test_actors_fit_on_small_and_large_machines() -> None:
    pytest.importorskip("ray")
    from xuncha.serve.engines.ray import Cluster

    assert [Cluster().sized(cpus) for cpus in (1.0, 2.0, 4.0, 64.0)] == [(1, 0.25), (2, 0.5), (3, 1.0), (63, 1.0)]
    assert Cluster(actors=5, actor_cpus=0.1).sized(2.0) == (5, 0.1)


def test_what_an_actor_gives_is_what_the_local_engine_gives(tmp_path: Path, scorer: FakeScorer) -> None:
    """Without a cluster: chunks to the actor's tables and back, with several text columns and rows of every kind."""
    from xuncha.serve.engines.ray import _Actor, _Results, _text_tables

    source = tmp_path / "in.jsonl"
    source.write_text('{"title": "加V", "desc": "好"}\n{"title": 5}\nbad\n{"desc": "全网"}\n{}\n', "utf-8")
    with open_table(str(source)) as table:
        task = Task(table, columns_of(table, (), {}), 2)
        actor = _Actor(lambda: scorer, task.columns.text)
        results = _Results((b for one in _text_tables(task) for b in actor(one).to_batches()), 0)
        for rows, wanted in LocalEngine(scorer).annotated(task):
            got = results.take(len(rows))
            assert (got.shape, got.table) == (wanted.shape, list(wanted.table))


def test_options_of_ray_need_ray(tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_input(tmp_path / "in.csv")
    assert command("score", source, "-o", tmp_path / "out.csv", "--address", "auto") == 2
    assert capsys.readouterr().err == (
        "--address, --actors and --actor-cpus belong to --engine ray. Add that, or leave them out.\n"
    )


def test_batches_go_through_the_seam_with_the_schema_it_names(scorer: FakeScorer) -> None:
    batches = [pa.RecordBatch.from_pydict({"id": [at, at + 1], "text": ["加V", None]}) for at in (1, 3)]
    scored = list(score_batches(iter(batches), ["text"], lambda: scorer))
    assert [batch.to_pylist() for batch in scored] == [
        score_batch(batch, ["text"], scorer).to_pylist() for batch in batches
    ]
    assert {batch.schema for batch in scored} == {scored_schema(batches[0].schema, ["text"], scorer.labels)}


@pytest.mark.slow
def test_spark_gives_the_verdicts_of_the_local_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        pytest.skip("needs Java")
    import sys

    from pyspark.sql.pandas.types import from_arrow_schema

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    spark = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    try:
        texts = ["加V看货", "好", None, "全网最低"]
        frame = spark.createDataFrame([(at, text) for at, text in enumerate(texts)], "id long, text string")
        schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
        wanted = from_arrow_schema(scored_schema(schema, ["text"], ("off_platform",)))
        load = loader_in(tmp_path)
        found = frame.mapInArrow(lambda batches: score_batches(batches, ["text"], load), wanted).collect()
        batch = pa.RecordBatch.from_pydict({"id": [0, 1, 2, 3], "text": texts}, schema)
        local = score_batch(batch, ["text"], load()).to_pylist()
        assert [row.asDict(recursive=True) for row in sorted(found, key=lambda row: row["id"])] == local
    finally:
        spark.stop()
