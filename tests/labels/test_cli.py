import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from xuncha.labels import Row, Taxonomy, read_rows, write_rows
from xuncha.labels.cli import app

MakeRow = Callable[..., Row]


def run(*words: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.mark.parametrize("command", ["list", "validate", "stats", "split", "convert"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example: xuncha labels {command}" in result.stdout


def test_list_shows_reasons_and_rules(taxonomy: Taxonomy) -> None:
    lines = run("list").stdout.splitlines()
    assert lines[0] == "label\treason\t名称\tname\trule"
    assert lines[4] == "exaggerated\tabsolute\t绝对化用语\tAbsolute claim\t《广告法》第九条第三项"
    assert Taxonomy.from_json(json.loads(run("list", "--json").stdout)) == taxonomy


def test_validate_exits_0_for_good_rows_1_for_findings_2_for_no_file(tmp_path: Path, make_row: MakeRow) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [make_row("1", "甲", labels={"exaggerated": True})])
    good = run("validate", path)
    assert good.exit_code == 0
    assert good.stdout.endswith("1 rows: 0 errors, 1 warnings\n")
    assert run("validate", path, "--strict").exit_code == 1
    path.write_text("{}\n")
    bad = run("validate", path, "--json")
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["errors"][0]["message"] == f'{path}:1: field "id" is missing. Add it.'
    missing = run("validate", tmp_path / "no.jsonl")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert missing.stderr == f"{tmp_path / 'no.jsonl'}: there is no such file or folder. Check the path.\n"


def test_rows_may_come_from_stdin() -> None:
    row = '{"id": "1", "text": "甲", "source": "speech", "labels": {"exaggerated": false}}\n'
    counted = json.loads(run("stats", "-", "--json", stdin=row).stdout)
    assert counted["total"]["false"] == {"exaggerated": 1}
    assert list(counted["facets"]["source"]) == ["speech"]


def test_split_shows_first_and_writes_on_demand(tmp_path: Path, taxonomy: Taxonomy, make_row: MakeRow) -> None:
    old, new = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    write_rows(old, [make_row("P1a", "甲", split="dev")])
    write_rows(new, [make_row("P1b", "乙"), make_row("L1", "丙")])
    before = old.read_bytes()
    shown = run("split", tmp_path)
    assert shown.stdout.splitlines()[-1] == "nothing written: add --write"
    assert [row.split for row in read_rows(new, taxonomy)] == [None, None]
    written = json.loads(run("split", tmp_path, "--write", "--json").stdout)
    assert written["written"] == [str(new)]
    assert written["fresh"] == ["L1", "P1b"]
    assert [row.split for row in read_rows(new, taxonomy)] == ["dev", "train"]
    assert old.read_bytes() == before


def test_split_exits_1_on_a_leak_and_2_on_bad_ratios(tmp_path: Path, make_row: MakeRow) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [make_row("P1a", "甲", split="dev"), make_row("P1b", "乙", split="test")])
    leak = run("split", path)
    assert leak.exit_code == 1
    assert leak.stdout.startswith("leak: P1a in dev, P1b in test (contrast pair, similarity 1.00)\n")
    assert run("split", path, "--ratios", "1,2,3").exit_code == 2


def test_convert_writes_rows_and_names_repeated_evidence(tmp_path: Path, taxonomy: Taxonomy) -> None:
    source, out = tmp_path / "w.jsonl", tmp_path / "out.jsonl"
    span = '{"label": "off_platform", "reason": "contact", "text": "薇"}'
    source.write_text(
        '{"id": "1", "text": "薇和薇", "source": "comment", "off_platform": 1, "exaggerated": 0, '
        f'"spans": [{span}], "kind": "plain"}}\n',
        "utf-8",
    )
    result = run("convert", source, "-o", out, "--origin", "H1", "--pin-split", "test")
    assert result.exit_code == 0
    assert result.stdout == f'1: "薇" stands 2 times; took the one at 0\n{out}: 1 rows, 1 spans\n'
    (row,) = read_rows(out, taxonomy)
    assert (row.origin, row.split, row.annotator) == ("H1", "test", "llm-author")
    piped = run("convert", source, "-o", "-", "--origin", "H1")
    assert json.loads(piped.stdout)["id"] == "1"
    assert piped.stderr.endswith("-: 1 rows, 1 spans\n")


def test_another_taxonomy_may_be_used(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(json.dumps({**taxonomy.to_json(), "version": "mine"}), "utf-8")
    assert json.loads(run("list", "--taxonomy", path, "--json").stdout)["version"] == "mine"


def test_a_closed_pipe_is_one_line_without_a_traceback() -> None:
    code = "from xuncha.labels.cli import app; app()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == "The output was closed before all of it was written.\n"
    assert process.returncode == 2


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from xuncha.labels.cli import app; app(['--help'], standalone_mode=False); "
        "sys.exit(bool({'datasketch', 'rapidfuzz', 'numpy', 'yaml'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
