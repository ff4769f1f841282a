"""Files that cannot be scored as a whole: one sentence, exit code 2, and nothing under the output's name."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.serve.conftest import Main

GZIPPED = gzip.compress(b"text\n" + b"abcdefgh\n" * 5000)


def parquet(**columns: object) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue().to_pybytes())


CASES = {
    "empty.csv": (b"", "the file is empty. Check how it was written."),
    "empty.jsonl": (b"", "the file is empty. Check how it was written."),
    "empty.parquet": (b"", "the file is empty. Check how it was written."),
    "empty.csv.gz": (gzip.compress(b""), "the file is empty. Check how it was written."),
    "none.csv.gz": (b"", "the file is empty. Check how it was written."),
    "blank.csv": (b"\n\r\n \n", "the file holds only blank lines. Check how it was written."),
    "bom.csv": (b"\xef\xbb\xbf", "the file holds only blank lines. Check how it was written."),
    "blank.jsonl": (
        b"\n \n",
        "no line is a JSON object (it holds only blank lines). Write one object a line, or name the format with "
        "--input-format.",
    ),
    "array.jsonl": (
        b'[\n{"text": 1},\n{"text": 2}\n]',
        "this is one JSON array. Write one object a line: jq -c '.[]'.",
    ),
    "inline.jsonl": (
        b'[{"text": 1}, {"text": 2}]',
        "no line is a JSON object (a JSON value, but not an object). Write one object a line, or name the format "
        "with --input-format.",
    ),
    "table.jsonl": (
        b"id,text\n1,a\n",
        "no line is a JSON object (not JSON: Expecting value at column 1). Write one object a line, or name the "
        "format with --input-format.",
    ),
    "commas.csv": (b",,,\n1,2,3,4\n", "the header cannot be read: all its names are blank. Mend that line."),
    "open.csv": (b'"id,text\n1,a\n', "the header cannot be read: a quote is not closed. Mend that line."),
    "headless.csv": (
        "1,加V看货\n2,好\n".encode(),
        'no column looks like text. Name one with --text-column; it has: "1", "加V看货". If that is a row and not a '
        "header, name the header's row with --header-row, or add a header line.",
    ),
    "textless.jsonl": (
        b'{"id": 1}\n',
        'no column looks like text. Name one with --text-column; it has: "id". If that is a row and not a header, '
        "add a header line.",
    ),
    "textless.parquet": (
        parquet(id=[1]),
        'no column looks like text. Name one with --text-column; it has: "id". If that is a row and not a header, '
        "add a header line.",
    ),
    "cut.csv.gz": (
        GZIPPED[:-20],
        "not a whole gzip file (Compressed file ended before the end-of-stream marker was reached). Fetch or compress "
        "it again.",
    ),
    "plain.csv.gz": (
        b"text\na\n",
        "not a whole gzip file (Not a gzipped file (b'te')). Fetch or compress it again.",
    ),
    "twice.csv.gz": (gzip.compress(GZIPPED), "this is gzip inside gzip; unpack it once."),
    "sheet.csv": (
        b"PK\x03\x04rest of a workbook",
        "this is a ZIP or XLSX file; give a workbook the ending .xlsx, or unpack it first.",
    ),
    "old.csv": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "this is an old Excel file or one with a password; save it as XLSX without a password.",
    ),
    "column.csv": (
        parquet(text=["a"]),
        "this is a Parquet file; give it that ending, or add --input-format parquet.",
    ),
    "big5.csv": (
        ("標題,text\n" + "1,古錢幣收藏 請加入好友 價格最優惠 歡迎來電洽詢 誠信經營\n" * 9).encode("big5"),
        "neither UTF-8 nor GB18030. Name its encoding, for example --encoding big5.",
    ),
    "nuls.csv": (
        b"\0" * 5000,
        "a quarter of it is NUL bytes, so it is no text. Fetch or write it again.",
    ),
    "twins.csv": (b"text,text\na,b\n", '2 columns are called "text". Rename one of them.'),
    "notes.txt": (
        b"text\na\n",
        'the ending ".txt" names no table format. Use a file that ends in .csv, .tsv, .jsonl, .xlsx, .parquet (.gz or '
        ".zst may follow), or name the format with --input-format.",
    ),
    "table": (
        b"text\na\n",
        "the name does not say which format it is. Use a file that ends in .csv, .tsv, .jsonl, .xlsx, .parquet (.gz "
        "or .zst may follow), or name the format with --input-format.",
    ),
    "book.xlsx": (
        b"PK\x03\x04",
        "not a whole XLSX file (File is not a zip file). Fetch it again, or save it anew.",
    ),
    "clash.csv": (
        b"text,status\na,b\n",
        'it already has "status", which scoring adds. Rename, or replace with --overwrite-columns.',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_broken_file_is_one_sentence_and_no_output(
    name: str, tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    data, message = CASES[name]
    source = tmp_path / name
    source.write_bytes(data)
    assert command("score", source, "-o", tmp_path / "out.csv") == 2
    told = capsys.readouterr()
    where = f"{source}:1" if message.startswith("the header") else str(source)
    assert told.err.splitlines()[-1] == f"{where}: {message}"
    assert told.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize("cut", [4, 30, 100, -8, -4, -1])
def test_a_parquet_file_cut_anywhere_is_one_sentence(
    cut: int, tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.parquet"
    source.write_bytes(parquet(text=["加V"] * 100, id=list(range(100)))[:cut])
    assert command("score", source, "-o", tmp_path / "out.csv") == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(f"{source}: not a whole Parquet file (")
    assert message.endswith("). Fetch or write it again.")
    assert not (tmp_path / "out.csv").exists()


def test_a_parquet_file_broken_inside_is_one_sentence(
    tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(parquet(text=[f"加V{at}" for at in range(20_000)]))
    data[60:2000] = b"\xff" * 1940
    (tmp_path / "in.parquet").write_bytes(data)
    assert command("score", tmp_path / "in.parquet", "-o", tmp_path / "out.csv") == 2
    assert "in.parquet: not a whole Parquet file (" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_missing_files_folders_and_places_are_one_sentence(
    tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\na\n", "utf-8")
    (tmp_path / "d.csv").mkdir()
    cases = {
        ("no.csv", "out.csv"): "no.csv: there is no such file or folder. Check the path.",
        ("d.csv", "out.csv"): "d.csv: there are no files. Check the path, or name the format with --input-format.",
        ("in.csv", "d.csv"): "d.csv: this is a folder. Name the file to write.",
        ("in.csv", "in.csv"): "in.csv: input and output are the same file. Choose another name for the output.",
    }
    for (given, wanted), message in cases.items():
        assert command("score", tmp_path / given, "-o", tmp_path / wanted) == 2
        assert capsys.readouterr().err.strip() == f"{tmp_path}/{message}"
    assert command("score", source, "-o", tmp_path / "x" / "out.csv") == 2
    wanted = f"{tmp_path}/x/out.csv: the folder {tmp_path}/x does not exist. Make it first: mkdir -p.\n"
    assert capsys.readouterr().err == wanted


def test_a_missing_column_is_one_sentence_with_a_hint(
    tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,title\n1,a\n", "utf-8")
    assert command("score", source, "-o", tmp_path / "o.csv", "--text-column", "titel") == 2
    assert capsys.readouterr().err == (
        f'{source}: --text-column: there is no column "titel". Did you mean "title"? It has: "id", "title".\n'
    )
    assert command("score", source, "-o", tmp_path / "o.csv", "--source-column", "来源") == 2
    assert capsys.readouterr().err == (
        f'{source}: --source-column: there is no column "来源". It has: "id", "title".\n'
    )


def test_unknown_formats_and_encodings_are_one_sentence(
    tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\na\n", "utf-8")
    target = tmp_path / "o.csv"
    assert command("score", source, "-o", target, "--input-format", "cvs") == 2
    assert capsys.readouterr().err == (
        '--input-format: there is no format "cvs". Did you mean "csv"? Choose csv, tsv, jsonl, xlsx, parquet.\n'
    )
    assert command("score", source, "-o", target, "--encoding", "utf8x") == 2
    assert capsys.readouterr().err == (
        '--encoding: there is no text encoding "utf8x". Did you mean "utf-8"? Try utf-8 or gb18030.\n'
    )


def test_an_output_that_exists_needs_force(tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\na\n", "utf-8")
    target.write_text("old", "utf-8")
    assert command("score", source, "-o", target) == 2
    assert capsys.readouterr().err == (
        f"{target}: the file exists. Choose another name, or add --force to replace it.\n"
    )
    assert target.read_text("utf-8") == "old"
    assert command("score", source, "-o", target, "--force") == 0
    assert target.read_text("utf-8").startswith("text,score_")
