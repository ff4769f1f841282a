"""Folders, globs, URLs, zstd, and input that is out to do harm."""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xuncha.labels.errors import XunchaError
from xuncha.serve.batch import Options, score_file
from xuncha.serve.tables.formats import Packing
from xuncha.serve.tables.packing import packed

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer, Main, Run


def zstd(data: bytes) -> bytes:
    return packed(data, Packing.ZSTD)


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder of small files of every kind, and some that are no tables."""
    folder = tmp_path / "shop"
    (folder / "b" / ".hidden").mkdir(parents=True)
    (folder / "a.csv").write_text("id,text\n1,加V\n2\n", "utf-8")
    (folder / "b" / "c.jsonl.zst").write_bytes(zstd('{"text": "全网", "price": 3}\n'.encode()))
    pq.write_table(pa.table({"id": [7], "text": ["好"]}), folder / "b" / "d.parquet")
    (folder / "b" / "notes.txt").write_text("加V", "utf-8")
    (folder / "_SUCCESS").touch()
    (folder / "b" / ".hidden" / "x.csv").write_text("text\n加V\n", "utf-8")
    return folder


def test_a_folder_becomes_one_table_with_the_columns_of_all(shop: Path, scorer: FakeScorer) -> None:
    summary = score_file(scorer, shop, shop.parent / "out.jsonl")
    assert [(row.get("id"), row.get("price"), row["status"]) for row in objects(shop.parent / "out.jsonl")] == [
        ("1", None, "ok"), ("2", None, "malformed: 1 cell, the header has 2"), (None, 3, "ok"), (7, None, "ok"),
    ]  # fmt: skip
    assert (summary.files, summary.skipped, summary.tally.rejects) == (3, 1, 1)
    (reject,) = objects(shop.parent / "out.jsonl.rejects.jsonl")
    assert (reject["file"], reject["line"], reject["row"]) == (f"{shop}/a.csv", 3, 2)


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_a_folder_becomes_one_table_in_every_format(format: str, shop: Path, scorer: FakeScorer) -> None:
    score_file(scorer, shop, shop.parent / f"out.{format}")
    score_file(scorer, shop.parent / f"out.{format}", shop.parent / "o.csv", Options(overwrite_columns=True))
    lines = (shop.parent / "o.csv").read_text("utf-8").splitlines()
    assert lines[0].startswith("id,text,price,score_off_platform")
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["1", "加V", ""], ["2", "", ""], ["", "全网", "3"], ["7", "好", ""],
    ]  # fmt: skip


def test_a_folder_becomes_a_folder_of_the_same_names(shop: Path, scorer: FakeScorer) -> None:
    out = shop.parent / "out"
    summary = score_file(scorer, shop, f"{out}/")
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == [
        "a.csv", "a.csv.rejects.jsonl", "b/c.jsonl.zst", "b/d.parquet",
    ]  # fmt: skip
    assert (summary.tally.rows, summary.tally.flagged, summary.files, summary.target) == (4, 2, 3, f"{out}/")
    assert pq.read_table(out / "b" / "d.parquet")["flag_off_platform"].to_pylist() == [False]
    with pytest.raises(XunchaError) as error:
        score_file(scorer, shop, out)
    assert str(error.value) == f"{out}/a.csv: the file exists. Choose another name, or add --force to replace it."
    score_file(scorer, shop, out, Options(force=True, output_format="csv"))
    assert (out / "b" / "d.csv").read_text("utf-8").startswith("id,text,score_")


def test_a_glob_names_files_and_the_output_is_none_of_them(shop: Path, scorer: FakeScorer) -> None:
    score_file(scorer, shop / "**" / "*.csv", shop / "all.csv")
    assert score_file(scorer, shop / "*.csv", shop / "all.csv", Options(force=True)).tally.rows == 2
    with pytest.raises(XunchaError) as error:
        score_file(scorer, shop / "*.tsv", shop / "all.csv", Options(force=True))
    assert str(error.value) == (
        f"{shop}/*.tsv: there are no files. Check the path, or name the format with --input-format."
    )


def test_a_file_that_cannot_be_read_stops_no_other_and_is_listed(
    shop: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "b" / "bad.parquet").write_bytes(b"PAR1 and nothing more")
    why = f"{shop}/b/bad.parquet: not a whole Parquet file ("
    assert command("score", shop, "-o", shop.parent / "out.csv") == 1
    assert f"not read: {why}" in capsys.readouterr().err
    first = objects(shop.parent / "out.csv.rejects.jsonl")[0]
    assert (first["file"], first["line"], first["reason"].startswith(why)) == (f"{shop}/b/bad.parquet", None, True)
    assert command("score", shop, "-o", shop.parent / "out") == 1
    assert objects(shop.parent / "out" / "b" / "bad.parquet.rejects.jsonl")[0]["reason"].startswith(why)
    assert (shop.parent / "out" / "b" / "d.parquet").exists()
    assert not (shop.parent / "out" / "b" / "bad.parquet").exists()
    assert command("score", shop, "-o", shop.parent / "strict.csv", "--strict") == 3


def test_links_in_circles_and_to_folders_beside_cost_no_row_and_double_none(shop: Path, scorer: FakeScorer) -> None:
    other = shop.parent / "other"
    other.mkdir()
    (other / "e.csv").write_text("text\n全网\n", "utf-8")
    for name, where in {"up": "..", "self": ".", "b/again": "../b", "ext": str(other), "ext2": str(other)}.items():
        (shop / name).symlink_to(where)
    summary = score_file(scorer, shop, shop.parent / "out.jsonl")
    assert (summary.files, summary.tally.rows) == (4, 5)


def test_a_glob_through_a_link_that_leads_back_gives_each_file_once(shop: Path, scorer: FakeScorer) -> None:
    (shop / "self").symlink_to(".")
    assert score_file(scorer, f"{shop}/**/*.csv", shop.parent / "out.jsonl").tally.rows == 2


def test_what_cannot_be_listed_or_followed_is_told(shop: Path, command: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "gone.csv").symlink_to("nowhere.csv")
    (shop / "loop.csv").symlink_to("loop.csv")
    (shop / "shut").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    whys = {
        f"{shop}/gone.csv: there is no such file or folder. Check the path.",
        f"{shop}/loop.csv: Too many levels of symbolic links.",
        f"{shop}/shut: permission denied. Check who owns it, or choose another path.",
    }
    assert command("score", shop, "-o", shop.parent / "out.jsonl") == 1
    rejects = objects(shop.parent / "out.jsonl.rejects.jsonl")
    assert {one["reason"] for one in rejects if one["line"] is None} == whys
    assert command("score", shop, "-o", shop.parent / "out") == 1
    assert (shop.parent / "out" / "b" / "d.parquet").exists()
    found = [objects(path)[0]["reason"] for path in (shop.parent / "out").glob("*.rejects.jsonl")]
    assert whys <= set(found)


def test_a_file_without_the_text_column_stops_no_other_and_is_told(shop: Path, command: Main, capsys: Any) -> None:
    (shop / "a0.csv").write_text("id|text\n1|加V\n", "utf-8")
    assert command("score", shop, "-o", shop.parent / "out") == 1
    assert (shop.parent / "out" / "b" / "d.parquet").exists()
    (reject,) = objects(shop.parent / "out" / "a0.csv.rejects.jsonl")
    assert reject["reason"].startswith(f"{shop}/a0.csv: no column looks like text.")
    capsys.readouterr()
    assert command("score", shop, "-o", shop.parent / "out.jsonl") == 0
    note = f'note: {shop}/a0.csv: it has no column "text", so none of its rows is scored.\n'
    assert note in capsys.readouterr().err


def test_names_that_are_not_utf_8_are_read_and_shown(tmp_path: Path, command: Main, capsys: Any) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in (b"bad\xff.csv", b"b2\xfe.csv"):
        Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_text("id,text\n1,加V\n2\n", "utf-8")
    for flags in ((), ("--json",), ("--resume", "--force")):
        assert command("score", folder, "-o", tmp_path / "out.jsonl", "--force", *flags) == 0
        assert command("score", folder, "-o", tmp_path / "out", "--force", *flags) == 0
        capsys.readouterr()
    assert len(objects(tmp_path / "out.jsonl")) == 4
    assert (
        objects(tmp_path / "out.jsonl.rejects.jsonl")[1]["file"]
        .encode("utf-8", "surrogateescape")
        .endswith(b"bad\xff.csv")
    )


def test_a_thousand_small_files_become_one_table_in_order(tmp_path: Path, scorer: FakeScorer) -> None:
    (tmp_path / "in").mkdir()
    for at in range(1000):
        (tmp_path / "in" / f"{at:04}.csv").write_text(f"id,text\n{at},{'加V' if at % 2 else '好'}\n", "utf-8")
    summary = score_file(scorer, tmp_path / "in", tmp_path / "out.jsonl")
    assert [int(row["id"]) for row in objects(tmp_path / "out.jsonl")] == list(range(1000))
    assert (summary.tally.flagged, len(scorer.calls)) == (500, 1)


def outcome(scorer: FakeScorer, source: Path, target: Path) -> tuple[int, str]:
    """Rows that came out, or the sentence that refuses the file."""
    try:
        summary = score_file(scorer, source, target, Options(overwrite_columns=True, text_columns=("text",)))
    except XunchaError as error:
        return 0, str(error)
    return summary.tally.rows, ""


def test_two_hundred_broken_files_are_each_a_sentence_or_rows(tmp_path: Path, scorer: FakeScorer) -> None:
    """Bytes cut, flipped and mixed at random: no traceback, and every row that is read comes out."""
    base = tmp_path / "base"
    base.mkdir()
    (tmp_path / "good.csv").write_text("id,text\n" + "1,加V看货\n2,好\n" * 20, "utf-8")
    for format in ("csv", "tsv", "jsonl", "xlsx", "parquet", "csv.gz", "jsonl.zst"):
        score_file(scorer, tmp_path / "good.csv", base / f"x.{format}")
    chance = random.Random(5)
    outcomes = {"rows": 0, "refused": 0}
    for at in range(200):
        source = chance.choice(sorted(base.glob("x.*")))
        data = bytearray(source.read_bytes())
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(data) or 1)
            match chance.randrange(4):
                case 0:
                    del data[place:]
                case 1:
                    data[place : place + 1] = bytes([chance.randrange(256)])
                case 2:
                    data[place:place] = chance.randbytes(20)
                case _:
                    del data[place : place + 30]
        broken = tmp_path / f"{at}-{source.name}"
        broken.write_bytes(data)
        target = tmp_path / f"out-{at}.jsonl"
        rows, refused = outcome(scorer, broken, target)
        if refused:
            assert str(broken) in refused
            assert not target.exists()
        else:
            assert len(target.read_bytes().splitlines()) == rows
        outcomes["refused" if refused else "rows"] += 1
        assert not list(tmp_path.glob(".out-*"))
    assert min(outcomes.values()) > 20


def test_zstd_goes_in_and_out_in_several_frames(run: Run) -> None:
    data = zstd(b"text\n" + "加V\n".encode()) + zstd("好\n".encode())
    packed_rows = run.output("in.csv.zst", data, "out.csv.zst", chunk_rows=1)
    (run.folder / "again.csv.zst").write_bytes(packed_rows)
    score_file(run.scorer, run.folder / "again.csv.zst", run.folder / "o.csv", Options(overwrite_columns=True))
    assert (run.folder / "o.csv").read_text("utf-8").count("fake@") == 2
    assert pa.CompressedInputStream(pa.BufferReader(packed_rows), "zstd").read().count(b"\n") == 3
    for broken, reason in ((data[:-3], "Truncated compressed stream"), (b"text\na\n", "Unknown frame descriptor")):
        with pytest.raises(XunchaError) as error:
            run.output("in.csv.zst", broken, "out.csv")
        assert str(error.value).endswith("Fetch or compress it again.")
        assert str(error.value).startswith(f"{run.folder}/in.csv.zst: not a whole zstd file (")
        assert reason in str(error.value)


@pytest.mark.parametrize("name", ["in.csv.gz", "in.csv.zst", "in.parquet.gz"])
def test_a_bomb_is_refused_unless_it_is_trusted(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xuncha.serve.tables.packing.BOMB_SIZE", 1 << 18)
    data = b"text\n" + b"a" * (1 << 22)
    if name == "in.parquet.gz":
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"text": ["a" * (1 << 22)]}), sink, compression="none", use_dictionary=False)
        data = sink.getvalue().to_pybytes()
    bomb = zstd(data) if name.endswith("zst") else gzip.compress(data)
    with pytest.raises(XunchaError) as error:
        run.output(name, bomb, "out.csv")
    message = str(error.value)
    assert message.startswith(f"{run.folder}/{name}: it unpacks to more than 200 times its size (")
    assert message.endswith("as a zip bomb does. Look at where it comes from; if it is right, add --trust-input.")
    assert sorted(path.name for path in run.folder.iterdir()) == [name]
    run.output(name, bomb, "out.csv", trusted=True)


def test_a_bomb_of_many_rows_is_refused_before_they_are_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xuncha.serve.tables.packing.BOMB_SIZE", 1 << 18)
    monkeypatch.setattr("xuncha.serve.tables.delimited.DelimitedTable.__init__", lambda *_: pytest.fail("read"))
    with pytest.raises(XunchaError, match="as a zip bomb does"):
        run.output("in.csv.gz", gzip.compress(b"text\n" + b"a\n" * (1 << 21)), "out.csv")


def test_one_huge_cell_among_many_is_refused_by_its_row(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xuncha.serve.tables.parquet.CELL_LIMIT", 500_000)
    sink = pa.BufferOutputStream()
    texts = ["好"] * 9 + ["a" * 3_000_000, "好"]
    pq.write_table(pa.table({"text": texts}), sink, compression="none", use_dictionary=False)
    with pytest.raises(XunchaError) as error:
        run.output("in.parquet", sink.getvalue().to_pybytes(), "out.csv")
    assert str(error.value) == (
        f'{run.folder}/in.parquet: row 10: the cell of "text" takes 2 MiB, which no text does. Look at where it comes '
        "from; if it is right, add --trust-input."
    )
    assert not (run.folder / "out.csv").exists()
    run.output("in.parquet", sink.getvalue().to_pybytes(), "out.csv", trusted=True)


def test_a_parquet_bomb_and_huge_parquet_cells_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def table(codec: str) -> bytes:
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"text": ["a" * 5_000_000]}), sink, compression=codec, use_dictionary=False)
        return bytes(sink.getvalue().to_pybytes())

    monkeypatch.setattr("xuncha.serve.tables.parquet.CELL_LIMIT", 500_000)
    with pytest.raises(XunchaError) as error:
        run.output("in.parquet", table("none"), "out.csv")
    assert str(error.value) == (
        f'{run.folder}/in.parquet: cells of "text" take 4 MiB each, which no text does. Look at where it comes from; '
        "if it is right, add --trust-input."
    )
    monkeypatch.setattr("xuncha.serve.tables.packing.BOMB_SIZE", 1 << 20)
    with pytest.raises(XunchaError, match="as a zip bomb does"):
        run.output("in.parquet", table("zstd"), "out.csv")


def test_strict_scores_nothing_and_lists_every_reject(
    tmp_path: Path, command: Main, scorer: FakeScorer, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "好"}\n{broken\n{"text": 5}\n{"text": ""}\n', "utf-8")
    assert command("score", tmp_path / "in.jsonl", "-o", tmp_path / "out.csv", "--strict") == 3
    assert capsys.readouterr().err == (
        f"{tmp_path}/in.jsonl: 2 of 4 rows cannot be read or scored, the first at {tmp_path}/in.jsonl:2: malformed: "
        f"not JSON: Expecting property name enclosed in double quotes at column 2. {tmp_path}/out.csv.rejects.jsonl "
        "lists them. Mend them, or run without --strict.\n"
    )
    assert scorer.calls == []
    assert [(one["line"], one["reason"].split(":")[0]) for one in objects(tmp_path / "out.csv.rejects.jsonl")] == [
        (2, "malformed"), (3, "not_text"),
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.csv.rejects.jsonl"]
    (tmp_path / "in.jsonl").write_text('{"text": "好"}\n{"text": ""}\n', "utf-8")
    assert command("score", tmp_path / "in.jsonl", "-o", tmp_path / "out.csv", "--strict", "--force") == 0
    assert not (tmp_path / "out.csv.rejects.jsonl").exists()


def test_mended_input_takes_the_place_of_the_rejects_that_a_refused_run_left(
    shop: Path, command: Main, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    for _ in range(2):
        assert command("score", shop / "a.csv", "-o", out, "--strict") == 3
    (shop / "bad.csv").write_bytes(b"")
    assert command("score", shop, "-o", tmp_path / "out", "--resume") == 1
    for name in ("a", "bad"):
        (shop / f"{name}.csv").write_text("id,text\n1,加V\n", "utf-8")
    assert command("score", shop / "a.csv", "-o", out, "--strict") == 0
    assert command("score", shop, "-o", tmp_path / "out", "--resume", "--force") == 0
    left = [path.name for path in tmp_path.rglob("*.rejects.jsonl")]
    assert (left, (tmp_path / "out" / "bad.csv").exists()) == ([], True)


def test_columns_take_the_roles_that_are_given(run: Run) -> None:
    data = "商品ID,标题,店铺名称,渠道\n7,加V,甲,speech\n8\n".encode()
    run.rows("in.csv", data)
    assert run.summary.roles == {"id": "商品ID", "merchant": "店铺名称"}
    run.rows("in.csv", data, columns={"source": "渠道", "merchant": ""})
    assert run.summary.roles == {"source": "渠道", "id": "商品ID"}
    assert run.scorer.sources == [None, "speech"][-1:]
    assert objects(run.folder / "out.jsonl.rejects.jsonl")[0]["id"] == "8"
    with pytest.raises(XunchaError) as error:
        run.rows("in.csv", data, columns={"merchants": "店铺名称"})
    assert str(error.value) == (
        '--column: there is no role "merchants". Did you mean "merchant"? Choose source, id, merchant, category, time.'
    )


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real S3 server on loopback, and the file system that reaches it."""
    server_module = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
        "NO_PROXY": host, "no_proxy": host,
    }.items():  # fmt: skip
        patch.setenv(name, value)
    try:
        files = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
        files.mkdir("goods")
        yield files
    finally:
        patch.undo()
        server.stop()
        s3fs.S3FileSystem.clear_instance_cache()


def test_an_s3_url_goes_in_and_out_and_resumes(
    s3: Any, tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = "id,text\n" + "".join(f"{at},加V\n" for at in range(40)) + "41\n"
    s3.pipe_file("goods/day/in.csv", data.encode())
    (tmp_path / "in.csv").write_text(data, "utf-8")
    score_file(scorer, tmp_path / "in.csv", tmp_path / "out.csv", Options(chunk_rows=8))
    calls, real = iter(range(9)), scorer.score

    def score(texts: list[object], sources: list[str | None] | None = None) -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return real(texts, sources)

    with monkeypatch.context() as patch:
        patch.setattr(scorer, "score", score)
        with pytest.raises(KeyboardInterrupt):
            score_file(scorer, "s3://goods/day/in.csv", "s3://goods/out.csv", Options(chunk_rows=8))
    assert s3.ls("goods") == ["goods/day"]
    summary = score_file(scorer, "s3://goods/day/in.csv", "s3://goods/out.csv", Options(chunk_rows=8, resume=True))
    assert summary.resumed == 24
    assert s3.cat("goods/out.csv") == (tmp_path / "out.csv").read_bytes()
    assert json.loads(s3.cat("goods/out.csv.rejects.jsonl"))["line"] == 42
    with pytest.raises(XunchaError) as error:
        score_file(scorer, "s3://goods/day/in.csv", "s3://goods/out.csv")
    assert str(error.value) == "s3://goods/out.csv: the file exists. Choose another name, or add --force to replace it."


def test_a_folder_and_a_glob_at_a_url(s3: Any, scorer: FakeScorer) -> None:
    for at in range(3):
        s3.pipe_file(f"goods/many/{at}.jsonl", f'{{"text": "加V{at}"}}\n'.encode())
    assert score_file(scorer, "s3://goods/many/", "s3://goods/all.parquet").tally.rows == 3
    assert pq.read_table(pa.BufferReader(s3.cat("goods/all.parquet")))["text"].to_pylist() == ["加V0", "加V1", "加V2"]
    assert score_file(scorer, "s3://goods/many/[12].jsonl", "s3://goods/each/").files == 2
    assert s3.ls("goods/each") == ["goods/each/1.jsonl", "goods/each/2.jsonl"]


def test_a_url_that_is_not_there_or_needs_a_package_is_one_sentence(
    s3: Any, tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("score", "s3://goods/none.csv", "-o", tmp_path / "o.csv") == 2
    wanted = "s3://goods/none.csv: there is no such file or folder. Check the URL.\n"
    assert capsys.readouterr().err == wanted
    assert command("score", "oss://goods/none.csv", "-o", tmp_path / "o.csv") == 2
    assert capsys.readouterr().err.startswith("oss://goods/none.csv: reading oss:// needs another package (")
    assert command("score", "nope://goods/none.csv", "-o", tmp_path / "o.csv") == 2
    assert capsys.readouterr().err.startswith("nope://goods/none.csv: ")


def test_a_place_without_atomic_writes_gets_the_name_at_the_end(tmp_path: Path, scorer: FakeScorer) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe_file("/in/a.csv", "text\n加V\n".encode())
    score_file(scorer, "memory://in/a.csv", "memory://out/a.csv", Options(work_dir=tmp_path))
    assert files.cat("/out/a.csv").count(b"\n") == 2
    assert list(tmp_path.iterdir()) == []
