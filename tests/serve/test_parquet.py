from __future__ import annotations

import datetime
import decimal
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xuncha.serve.batch import Options, score_file

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer, Run

COLUMNS = {
    "id": pa.array([1, None, 3], pa.int16()),
    "text": pa.array(["加V", "好", None], pa.large_string()),
    "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
    "price": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("2.00")], pa.decimal128(10, 2)),
    "at": pa.array([1_700_000_000_123_456_789, None, 0], pa.timestamp("ns", "Asia/Shanghai")),
    "day": pa.array([datetime.date(2021, 12, 14)] * 3),
    "tags": pa.array([["x", None], [], None], pa.list_(pa.string())),
    "deep": pa.array([{"a": [1], "b": {"c": "d"}}, None, {"a": None, "b": None}]),
    "pairs": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int32())),
    "raw": pa.array([b"\x00\xff", b"ok", None], pa.binary()),
    "ratio": pa.array([float("nan"), 0.5, None], pa.float32()),
    "took": pa.array([1, 2, None], pa.duration("us")),
    "nothing": pa.nulls(3),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    fields = [pa.field(name, column.type, metadata={"说明": name}) for name, column in COLUMNS.items()]
    schema = pa.schema(fields, metadata={"owner": "审核组"})
    table = pa.Table.from_arrays(list(COLUMNS.values()), schema=schema)
    pq.write_table(table, tmp_path / "in.parquet", compression="zstd")
    return tmp_path / "in.parquet"


def test_types_metadata_values_and_codec_are_kept(source: Path, scorer: FakeScorer) -> None:
    target = source.with_name("out.parquet")
    score_file(scorer, source, target)
    before, after = pq.read_table(source), pq.read_table(target)
    width = len(COLUMNS)
    kept = after.select(range(width))
    assert kept.schema.equals(before.schema, check_metadata=True)
    # NaN is not equal to itself, and Arrow compares as floats do.
    assert kept.drop_columns("ratio").equals(before.drop_columns("ratio"))
    assert str(kept["ratio"].to_pylist()) == str(before["ratio"].to_pylist())
    assert pq.ParquetFile(target).metadata.row_group(0).column(0).compression == "ZSTD"


def test_evidence_is_a_native_list_of_structs(source: Path, scorer: FakeScorer) -> None:
    target = source.with_name("out.parquet")
    score_file(scorer, source, target)
    table = pq.read_table(target)
    assert str(table.schema.field("evidence").type) == (
        "list<element: struct<label: string, reason: string, start: int64, end: int64, text: string, rule: string>>"
    )
    assert table["evidence"].to_pylist()[0] == [
        {"label": "off_platform", "reason": "contact", "start": 0, "end": 2, "text": "加V", "rule": "规则①"}
    ]
    assert table["score_off_platform"].to_pylist() == [0.912346, 0.1, None]
    assert table["status"].to_pylist() == ["ok", "ok", "empty"]


def test_every_type_reaches_jsonl_and_csv(source: Path, scorer: FakeScorer) -> None:
    score_file(scorer, source, source.with_name("out.jsonl"))
    row = json.loads(source.with_name("out.jsonl").read_text("utf-8").splitlines()[0])
    assert {name: row[name] for name in COLUMNS} == {
        "id": 1, "text": "加V", "kind": "a", "price": "1.50", "at": "2023-11-15 06:13:20.123456789+0800",
        "day": "2021-12-14", "tags": ["x", None], "deep": {"a": [1], "b": {"c": "d"}}, "pairs": [["k", 1]],
        "raw": "\x00\\xff", "ratio": None, "took": row["took"], "nothing": None,
    }  # fmt: skip
    score_file(scorer, source, source.with_name("out.csv"))
    assert "2021-12-14" in source.with_name("out.csv").read_text("utf-8")


def test_bytes_that_are_utf_8_are_text_and_others_are_not(tmp_path: Path, scorer: FakeScorer) -> None:
    pq.write_table(pa.table({"text": pa.array(["加V".encode(), b"\xff", None])}), tmp_path / "in.parquet")
    score_file(scorer, tmp_path / "in.parquet", tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["status"] for row in rows] == ["ok", "not_text", "empty"]


def test_strings_that_lie_about_being_utf_8_cost_their_row_only(tmp_path: Path, scorer: FakeScorer) -> None:
    broken = pa.array([b"\xff\xfe", "加V".encode()]).view(pa.string())
    pq.write_table(pa.table({"text": broken}), tmp_path / "in.parquet")
    for name in ("out.parquet", "out.csv", "out.jsonl"):
        summary = score_file(scorer, tmp_path / "in.parquet", tmp_path / name)
        assert summary.tally.statuses == {"not_text": 1, "ok": 1}


def test_numbers_in_the_text_column_are_not_text(tmp_path: Path, scorer: FakeScorer) -> None:
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "in.parquet")
    assert score_file(scorer, tmp_path / "in.parquet", tmp_path / "o.csv").tally.statuses == {"not_text": 2}


def test_a_table_without_rows_gives_one(tmp_path: Path, scorer: FakeScorer) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "in.parquet")
    score_file(scorer, tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_small_chunks_become_row_groups_of_a_good_size(tmp_path: Path, scorer: FakeScorer) -> None:
    pq.write_table(pa.table({"text": ["好"] * 1000}), tmp_path / "in.parquet", row_group_size=10)
    score_file(scorer, tmp_path / "in.parquet", tmp_path / "out.parquet", Options(chunk_rows=7))
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups == 1


def test_parquet_inside_gzip_is_read_and_written(source: Path, scorer: FakeScorer) -> None:
    packed = source.with_name("in.parquet.gz")
    packed.write_bytes(gzip.compress(source.read_bytes()))
    score_file(scorer, packed, source.with_name("out.parquet.gz"))
    unpacked = gzip.decompress(source.with_name("out.parquet.gz").read_bytes())
    assert pq.read_table(pa.BufferReader(unpacked)).num_rows == 3


def test_csv_becomes_strings(run: Run) -> None:
    run.output("in.csv", "编号,text\n007,好\n".encode(), "out.parquet")
    assert pq.read_table(run.folder / "out.parquet")["编号"].to_pylist() == ["007"]


def test_a_failure_on_the_way_writes_no_footer(
    source: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorer, "score", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        score_file(scorer, source, source.with_name("out.parquet"))
    assert [path.name for path in source.parent.iterdir()] == ["in.parquet"]
