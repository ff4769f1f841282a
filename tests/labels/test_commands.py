"""The commands convert, dedup, agree, migrate and stats --picture, as a user calls them."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from xuncha.labels import Row, Span, Taxonomy, read_rows, write_rows
from xuncha.labels.cli import app

MakeRow = Callable[..., Row]
ROOT = Path(__file__).parents[2]


def run(*words: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


@pytest.fixture
def rows(tmp_path: Path, make_row: MakeRow) -> Path:
    path = tmp_path / "rows.jsonl"
    spans = (Span(0, 2, "off_platform", "contact"),)
    write_rows(path, [make_row("1", "加薇看", labels={"off_platform": True}, spans=spans), make_row("2", "=全新")])
    return path


@pytest.mark.parametrize("command", ["convert", "dedup", "agree", "migrate"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example: xuncha labels {command}" in result.stdout


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx", "a.parquet", "a.json"])
def test_convert_goes_there_and_back(tmp_path: Path, rows: Path, name: str) -> None:
    there, back = tmp_path / name, tmp_path / "back.jsonl"
    said = run("convert", rows, "-o", there).stdout
    assert said.startswith(f"{there}: 2 rows, 1 spans, rows to ")
    assert run("convert", there, "-o", back).exit_code == 0
    assert back.read_bytes() == rows.read_bytes()


def test_convert_goes_through_pipes(rows: Path) -> None:
    table = run("convert", rows, "-o", "-", "--to", "csv")
    assert "'=全新" in table.stdout and table.stderr == "-: 2 rows, 1 spans, rows to csv\n"
    back = run("convert", "-", "-o", "-", "--from", "csv", stdin=table.stdout)
    assert back.stdout == rows.read_text("utf-8")


def test_convert_reads_a_folder_and_writes_the_labeling_interface(tmp_path: Path, rows: Path) -> None:
    out, config = tmp_path / "tasks.json", tmp_path / "labeling.xml"
    done = run("convert", tmp_path, "-o", out, "--predictions", "--config", config, "--json")
    assert json.loads(done.stdout) == {
        "rows": 2,
        "spans": 1,
        "read_as": "rows",
        "write_as": "label-studio",
        "left_out": [],
    }
    assert "predictions" in json.loads(out.read_text("utf-8"))[0]
    assert config.read_text("utf-8").startswith("<View>")


def test_a_row_that_cannot_be_converted_stops_everything(tmp_path: Path, rows: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("old", "utf-8")
    with rows.open("a", encoding="utf-8") as stream:
        stream.write('{"id": "1", "text": "又", "source": "comment", "labels": {}}\n')
    failed = run("convert", rows, "-o", out, "--force")
    assert (failed.exit_code, failed.stdout) == (2, "")
    assert failed.stderr == f'{rows}:3: id "1" stood before, at {rows}:1. Rename one.\n'
    assert out.read_text("utf-8") == "old" and {one.name for one in tmp_path.iterdir()} == {"rows.jsonl", "out.csv"}


def test_bad_rows_are_left_out_and_named_on_demand(tmp_path: Path) -> None:
    table, out = tmp_path / "a.csv", tmp_path / "out.jsonl"
    table.write_text("text,source\n加薇,comment\n,comment\n", "utf-8")
    assert run("convert", table, "-o", out).exit_code == 2 and not out.exists()
    done = run("convert", table, "-o", out, "--skip-bad")
    assert done.exit_code == 0 and done.stdout.startswith(f"{out}: 1 rows, 0 spans")
    said = 'column "text" is empty. Give it a text, or take the row out (convert does with --skip-bad).'
    assert done.stderr == f"left out: {table}:3: {said}\n"


CONVERT = "Convert the table into rows first: xuncha labels convert {path} -o {stem}.jsonl"


@pytest.mark.parametrize("command", ["dedup", "validate", "stats", "agree", "split"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "商品标题,价格\n加薇看货,5\n",
            '{path}:1: there is no column "text". Columns: "商品标题", "价格". '
            f"{CONVERT} --text-column '商品标题' --source listing --other-columns meta.\n",
        ),
        ("text,source\n加薇看货,\n", f'{{path}}:2: field "source" is missing. {CONVERT} --source listing.\n'),
        ("text\n加薇看货\n", f'{{path}}:2: field "source" is missing. {CONVERT} --source listing.\n'),
        (
            "text,source,价格\n加薇看货,listing,5\n",
            f'{{path}}:1: unknown column "价格". Rename it, or c{CONVERT[1:]} --other-columns meta.\n',
        ),
        (
            "a\n1\n",
            '{path}:1: there is no column "text". Columns: "a". '
            f"{CONVERT} --text-column NAME --source listing --other-columns meta; NAME is the column of the text.\n",
        ),
    ],
)
def test_a_table_that_holds_no_rows_is_told_with_the_command_that_makes_rows_of_it(
    tmp_path: Path, command: str, content: str, said: str
) -> None:
    path = tmp_path / "listings.csv"
    path.write_text(content, "utf-8")
    failed = run(command, path)
    told = said.format(path=path, stem=tmp_path / "listings")
    assert failed.exit_code == 2 or command == "validate"
    assert told in (failed.stderr + failed.stdout)
    if "NAME" not in told:
        words = shlex.split(told.rsplit("xuncha labels ", 1)[1].strip().removesuffix("."))
        assert run(*words).exit_code == 0
        assert run(command, tmp_path / "listings.jsonl").exit_code in (0, 2 if command == "agree" else 0)


@pytest.mark.parametrize("command", ["validate", "stats", "dedup"])
def test_a_label_studio_file_is_told_with_the_command_that_makes_rows_of_it(
    tmp_path: Path, rows: Path, command: str
) -> None:
    tasks = tmp_path / "r.json"
    assert run("convert", rows, "-o", tasks).exit_code == 0
    failed = run(command, tasks)
    assert failed.exit_code == 2
    assert failed.stderr == (
        f"{tasks}: holds one JSON list, as Label Studio writes it, not a row a line. Convert it first: "
        f"xuncha labels convert {tasks} -o {tmp_path / 'r.jsonl'}.\n"
    )


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.xlsx"])
def test_the_row_of_a_header_below_a_title_is_told_and_taken(tmp_path: Path, name: str) -> None:
    table: list[list[str]] = [["双十一清单"], ["导出"], ["商品名", "价格"], ["加薇看货", "5"]]
    path = tmp_path / name
    if name == "a.xlsx":
        book = openpyxl.Workbook()
        assert book.active is not None
        for line in table:
            book.active.append(line)
        book.save(path)
    else:
        mark = "," if name == "a.csv" else "\t"
        path.write_text("".join(mark.join(line) + "\n" for line in table), "utf-8")
    words = ("convert", path, "-o", "-", "--text-column", "商品名", "--source", "listing", "--other-columns", "meta")
    assert run(*words).stderr == (
        f'{path}:1: there is no column "商品名". Columns: "双十一清单". Name the one with the text by --text-column. '
        "Row 3 names it: --header-row 3.\n"
    )
    row = json.loads(run(*words, "--header-row", 3).stdout)
    assert (row["text"], row["meta"]) == ("加薇看货", {"价格": "5"})
    assert run(*words, "--header-row", 9).stderr == (
        f"{path}: --header-row: there is nothing in row 9. Name the row of the header.\n"
    )


def test_commands_read_tables_in_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes("text,source,label_exaggerated\n加薇看货,listing,false\n".encode("gb18030"))
    assert run("validate", path).stdout == "1 rows: 0 errors, 0 warnings\n"
    path.write_bytes("text,source\n加微信看貨,listing\n".encode("big5"))
    assert run("stats", path).stderr == (
        f"{path}:2: not UTF-8 at byte 12 of the file. Save the file as UTF-8. Or turn it into rows: "
        f"xuncha labels convert {path} -o {tmp_path / 'odd.jsonl'} --encoding big5.\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("convert", "rows.jsonl", "-o", "there"),
        ("convert", "rows.jsonl", "-o", "-", "--config", "there"),
        ("dedup", "rows.jsonl", "-o", "there"),
        ("dedup", "rows.jsonl", "--evidence", "there"),
        ("agree", "rows.jsonl", "-o", "there"),
        ("stats", "rows.jsonl", "--picture", "there"),
        ("migrate", "plan.yaml", "rows.jsonl", "--taxonomy", "taxonomy.yaml", "--diff", "there"),
    ],
)
def test_a_file_that_exists_is_kept_unless_it_is_to_be_replaced(
    tmp_path: Path, rows: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.yaml").write_text(
        'from: "1"\nto: "2"\nsteps:\n  - rename_reason: {from: contact, to: handle}\n'
        "new:\n  handle: {name_zh: 账号, name_en: Handle}\n",
        "utf-8",
    )
    words = tuple(word.replace("there", "there.jsonl") for word in words)
    Path("there.jsonl").write_text("mine", "utf-8")
    failed = run(*words)
    assert failed.exit_code == 2
    assert failed.stderr == "there.jsonl: the file exists. Choose another name, or add --force to replace it.\n"
    assert Path("there.jsonl").read_text("utf-8") == "mine"


def test_force_replaces_a_file_and_written_rows_keep_its_splits(tmp_path: Path, rows: Path, make_row: MakeRow) -> None:
    out = tmp_path / "out.jsonl"
    write_rows(out, [make_row("1", "甲", split="dev")])
    written = '{"id": "1", "text": "甲", "source": "comment", "off_platform": 0, "exaggerated": 0, "spans": []}\n'
    (tmp_path / "w.jsonl").write_text(written, "utf-8")
    assert run("convert", tmp_path / "w.jsonl", "-o", out, "--origin", "H1", "--force").exit_code == 0
    assert [row.split for row in read_rows(out, Taxonomy.load())] == ["dev"]
    assert run("convert", rows, "-o", out, "--force").exit_code == 0
    assert out.read_bytes() == rows.read_bytes()


def test_written_rows_need_an_origin(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    path.write_text(
        '{"id": "1", "text": "甲", "source": "comment", "off_platform": 0, "exaggerated": 0, "spans": []}\n'
    )
    failed = run("convert", path, "-o", tmp_path / "out.jsonl")
    assert failed.exit_code == 2
    assert failed.stderr == f"{path}: written rows do not say where they come from. Give --origin NAME.\n"


def test_dedup_shows_what_is_like_what_and_writes_on_demand(tmp_path: Path, rows: Path, make_row: MakeRow) -> None:
    more, out, evidence = tmp_path / "more.jsonl", tmp_path / "out.csv", tmp_path / "matches.jsonl"
    write_rows(more, [make_row("3", "＝全新 ")])
    shown = run("dedup", rows, more)
    assert shown.stdout == (
        'dropped: 3 is like 2 (exact, similarity 1.00): "＝全新 " / "=全新"\n'
        "2 rows kept; dropped: 1 exact; conflicts: 0\nnothing written: add -o\n"
    )
    assert run("dedup", rows, more, "-o", out, "--evidence", evidence).exit_code == 0
    assert [row.id for row in read_rows(out, Taxonomy.load())] == ["1", "2"]
    (match,) = [json.loads(line) for line in evidence.read_text("utf-8").splitlines()]
    assert (match["id"], match["like"], match["similarity"], match["like_text"]) == ("3", "2", 1.0, "=全新")


def test_agree_compares_files_and_writes_what_must_be_settled(tmp_path: Path, make_row: MakeRow) -> None:
    anna, bo, out = tmp_path / "anna.jsonl", tmp_path / "bo.jsonl", tmp_path / "settle.jsonl"
    write_rows(anna, [make_row("1", "加薇"), make_row("2", "全新")])
    write_rows(bo, [make_row("1", "加薇", labels={"off_platform": True}), make_row("2", "全新")])
    shown = run("agree", anna, bo, "-o", out).stdout.splitlines()
    assert shown[1] == f"off_platform\t{anna} / {bo}\t2\t0.500\t0.000"
    assert shown[-2:] == [f'off_platform: {anna} false, {bo} true: "加薇"', "1 disagreements"]
    assert [row.id for row in read_rows(out, Taxonomy.load())] == [f"1@{anna}", f"1@{bo}"]


def test_migrate_shows_first_and_writes_on_demand(tmp_path: Path, rows: Path) -> None:
    plan, taxonomy, diff = tmp_path / "plan.yaml", tmp_path / "taxonomy.yaml", tmp_path / "diff.txt"
    plan.write_text('from: "1"\nto: "2"\nsteps:\n  - rename_label: {from: off_platform, to: off_site}\n', "utf-8")
    taxonomy.write_bytes((ROOT / "labels" / "taxonomy.yaml").read_bytes())
    before = rows.read_bytes()
    shown = run("migrate", plan, rows, "--taxonomy", taxonomy, "--diff", diff).stdout
    assert "-  - id: off_platform\n+  - id: off_site\n" in shown
    assert '  - off_platform true; "加薇" off_platform/contact\n  + off_site true; "加薇" off_site/contact\n' in shown
    assert shown.endswith("2 of 2 rows change; 0 files written\nnothing written: add --write\n")
    assert rows.read_bytes() == before
    changes: list[dict[str, Any]] = [json.loads(line) for line in diff.read_text("utf-8").splitlines()]
    assert changes[0]["after"]["labels"] == {"off_site": True}
    written = json.loads(run("migrate", plan, rows, "--taxonomy", taxonomy, "--write", "--json").stdout)
    assert written["written"] == [str(rows), str(taxonomy)] and written["counts"]["label off_site"] == [0, 1]
    assert next(row.labels for row in read_rows(rows, Taxonomy.load(taxonomy))) == {"off_site": True}


NOTE = 'reason "elsewhere" has the name, definition, rule of "redirect"; those of "private_deal" are dropped. '


@pytest.mark.parametrize(
    ("new", "note"),
    [
        ("", f"note: {NOTE}Write others in the plan, under new: elsewhere.\n"),
        (
            "new:\n  elsewhere: {name_zh: 站外, name_en: Elsewhere, definition_zh: 新, definition_en: New, rule: "
            "{id: A9, citation: 规则⑨, summary_zh: 新, summary_en: New}}\n",
            "",
        ),
    ],
)
def test_a_merge_says_which_names_definitions_and_rules_it_drops_unless_the_plan_gives_others(
    tmp_path: Path, rows: Path, new: str, note: str
) -> None:
    plan, taxonomy = tmp_path / "plan.yaml", tmp_path / "taxonomy.yaml"
    step = "  - merge_reasons: {from: [redirect, private_deal], to: elsewhere}\n"
    plan.write_text(f'from: "1"\nto: "2"\nsteps:\n{step}{new}', "utf-8")
    taxonomy.write_bytes((ROOT / "labels" / "taxonomy.yaml").read_bytes())
    words = ("migrate", plan, rows, "--taxonomy", taxonomy)
    told = run(*words).stdout
    assert note in told and (bool(note) or "note:" not in told)
    assert json.loads(run(*words, "--json", "--write").stdout)["notes"] == ([note[6:-1]] if note else [])
    (reason,) = [one for one in Taxonomy.load(taxonomy).labels[0].reasons if one.id == "elsewhere"]
    assert (reason.name_zh, reason.rule.id) == (("导流", "A3") if note else ("站外", "A9"))
    assert "note:" not in run(*words).stdout


def test_stats_draw_a_picture(tmp_path: Path, rows: Path) -> None:
    picture = tmp_path / "stats.svg"
    assert run("stats", rows, "--picture", picture).exit_code == 0
    assert picture.read_text("utf-8").startswith("<svg ")
