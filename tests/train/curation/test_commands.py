"""`xuncha labels audit` and `xuncha labels suggest` stand beside the other commands of `xuncha labels`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from xuncha.labels import Row, Source, Span, write_rows
from xuncha.serve.cli import main


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    found = []
    for number in range(60):
        true = number % 2 == 0
        text = f"加薇信看图{number}" if true else f"全新商品包邮{number}"
        spans = (Span(0, 3, "off_platform", "contact"),) if true else ()
        found.append(
            Row(str(number), text, Source.COMMENT, {"off_platform": true, "exaggerated": false_one(number)}, spans)
        )
    write_rows(path, found)
    return path


def false_one(number: int) -> bool | None:
    return False if number % 3 else None


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


@pytest.mark.parametrize("command", ["audit", "suggest"])
def test_the_commands_have_help_with_an_example(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, _ = run(capsys, "labels", command, "--help")
    assert code == 0 and f"Example: xuncha labels {command}" in out


def test_help_names_them_without_loading_them() -> None:
    code = (
        "import sys; from xuncha.serve.cli import main\n"
        "try: main(['labels', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'sklearn', 'cleanlab', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "audit" in done.stdout and "suggest" in done.stdout


def test_audit_lists_and_writes_doubtful_rows(capsys: pytest.CaptureFixture[str], rows: Path, tmp_path: Path) -> None:
    code, out, _ = run(capsys, "labels", "audit", rows, "--top", 3, "--json", "-o", tmp_path / "doubts.csv")
    found = json.loads(out)
    assert code == 0
    assert len(found["doubts"]) == 3 and found["skipped"] == ["exaggerated"]
    assert "doubts" in (tmp_path / "doubts.csv").read_text("utf-8")


def test_suggest_learns_from_rows_and_writes_what_to_label(
    capsys: pytest.CaptureFixture[str], rows: Path, tmp_path: Path
) -> None:
    pool, out = tmp_path / "new.csv", tmp_path / "next.jsonl"
    pool.write_text("标题,价格\n加薇包邮,1\n全新薇信,2\n加薇信看图0,3\n", "utf-8")
    words = ("labels", "suggest", pool, "--rows", rows, "--text-column", "标题", "--source", "listing", "-o", out)
    assert run(capsys, *words)[:2] == (0, f"{out}: 2 rows to label\n")
    listed = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {row["text"] for row in listed} == {"加薇包邮", "全新薇信"}
    assert listed[0]["labels"] == {} and set(listed[0]["meta"]) == {"价格", "suggested"}


def test_suggest_writes_pre_annotations_of_the_released_model(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pool, out = tmp_path / "new.jsonl", tmp_path / "tasks.json"
    pool.write_text('{"text": "加V看货,全网最低价"}\n{"text": "全新包邮"}\n', "utf-8")
    assert run(capsys, "labels", "suggest", pool, "--source", "listing", "-o", out)[0] == 0
    tasks = {task["data"]["text"]: task for task in json.loads(out.read_text("utf-8"))}
    (prediction,) = tasks["加V看货,全网最低价"]["predictions"]
    assert prediction["model_version"].startswith("nano@")
    marked = {one["value"]["text"] for one in prediction["result"] if "text" in one["value"]}
    assert "全网最低价" in marked and any(words.startswith("加V") for words in marked)


def test_suggest_leaves_out_rows_without_a_text_and_counts_them(
    capsys: pytest.CaptureFixture[str], rows: Path, tmp_path: Path
) -> None:
    pool, out = tmp_path / "pool.csv", tmp_path / "tasks.json"
    pool.write_bytes("编号,宝贝详情\n1,加薇看货\n2,\n3,  \n4,全新未拆\n".encode("gb18030"))
    words = ("labels", "suggest", pool, "--rows", rows, "--text-column", "宝贝详情", "--source", "listing")
    code, said, left = run(capsys, *words, "-o", out)
    assert (code, said) == (0, f"{out}: 2 rows to label\n")
    assert left == f'{pool}: 2 rows without a text in "宝贝详情" left out\n'
    assert sorted(task["data"]["text"] for task in json.loads(out.read_text("utf-8"))) == ["全新未拆", "加薇看货"]
    pool.write_text("编号,宝贝详情\n1,\n", "utf-8")
    said = f'{pool}: its 1 rows have no text in "宝贝详情". Give a file of unlabelled rows.\n'
    assert run(capsys, *words) == (2, "", said)


def test_a_file_that_exists_is_kept_unless_it_is_to_be_replaced(
    capsys: pytest.CaptureFixture[str], rows: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine", "utf-8")
    said = f"{there}: the file exists. Choose another name, or add --force to replace it.\n"
    for words in (("audit", rows, "-o", there), ("suggest", rows, "-o", there), ("suggest", "--picture", there)):
        assert run(capsys, "labels", *words) == (2, "", said)
    assert there.read_text("utf-8") == "mine"


def test_without_a_pool_or_rows_to_replay_suggest_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "labels", "suggest")
    assert (code, err) == (2, "Name the file of unlabelled rows, or give --replay ROWS.\n")
