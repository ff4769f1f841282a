from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xuncha.serve import cli

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer, Main


def python(*code: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, *code], capture_output=True, check=False)


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from xuncha.serve.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'onnxruntime', 'pyarrow', 'tokenizers', 'rich', 'yaml', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = python("-c", script)
    assert done.stderr == b""
    assert all(name.encode() in done.stdout for name in cli.COMMANDS)


def test_no_arguments_is_help_and_an_unknown_command_gets_a_hint(
    command: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 2
    assert command("scroe") == 2
    assert capsys.readouterr().err.splitlines()[-1] == "Error: No such command 'scroe'. Did you mean 'score'?"


def test_version_is_one_line(command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--version") == 0
    assert capsys.readouterr().out.startswith("xuncha ")


@pytest.mark.parametrize("name", ["check", "score", "demo"])
def test_every_command_has_help_with_an_example(name: str, command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(name, "--help") == 0
    assert f"Example: xuncha {name}" in capsys.readouterr().out


def test_a_command_whose_package_is_missing_names_the_pip_line(
    command: Main, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert command("train", "nano") == 2
    assert capsys.readouterr().err == "xuncha train needs torch: pip install 'xuncha[train]'\n"


def test_check_exits_1_when_something_is_flagged(command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("check", "好", "加V看货") == 1
    out = capsys.readouterr().out
    assert "nothing found" in out
    assert "「加V」 联系方式 / Contact details · 规则①" in out


def test_check_exits_0_when_nothing_is_flagged(command: Main) -> None:
    assert command("check", "好") == 0


def test_check_exits_2_on_usage_and_errors(
    command: Main, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from xuncha.labels.errors import XunchaError
    from xuncha.serve.scorer import Scorer

    assert command("check", "--point", "best") == 2

    def refuse(*_: object, **__: object) -> None:
        raise XunchaError("no such model")

    monkeypatch.setattr(Scorer, "load", refuse)
    assert command("check", "好") == 2
    assert capsys.readouterr().err.splitlines()[-1] == "no such model"


def test_check_reads_lines_from_stdin_and_prints_one_object_each(
    command: Main, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = "\ufeff加V\r\n\n".encode() + b"\xff\n" + "好".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert command("check", "--json", "--source", "comment") == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["text"] for one in found] == ["加V", "", "b'\\xff'", "好"]
    assert [one["status"] for one in found] == ["ok", "empty", "not_text", "ok"]
    assert found[0] == {
        "text": "加V", "status": "ok", "scores": {"off_platform": 0.912346, "exaggerated": 0.1},
        "flags": {"off_platform": True, "exaggerated": False}, "reasons": {"off_platform": "contact"},
        "evidence": [
            {"label": "off_platform", "reason": "contact", "start": 0, "end": 2, "text": "加V", "rule": "规则①"},
        ],
        "model": "fake@00000000", "point": "balanced",
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_check_tells_the_encoding_of_stdin(
    encoding: str, command: Main, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = "ascii\n\n加V看货\r\n全新未拆".encode(encoding)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert command("check", "--json") == 1
    told = capsys.readouterr()
    assert [json.loads(line)["text"] for line in told.out.splitlines()] == ["ascii", "", "加V看货", "全新未拆"]
    assert told.err == ""


def test_check_does_not_say_that_nothing_is_flagged_of_what_it_could_not_read(
    command: Main, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("好\n".encode() + b"\xff\xff\n\n")))
    assert command("check") == 2
    told = capsys.readouterr()
    assert "not scored: this is not text" in told.out
    assert told.err == "1 text was not scored. Give texts in UTF-8 or GB18030, of 1,000,000 characters at most.\n"


def test_check_hands_its_source_to_the_scorer(command: Main, scorer: FakeScorer) -> None:
    command("check", "好", "--source", "speech")
    assert scorer.sources == ["speech"]


def test_score_tells_the_guess_and_the_summary_on_stderr(
    command: Main, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("id,标题\n1,加V\n", "utf-8")
    assert command("score", tmp_path / "in.csv", "-o", tmp_path / "out.jsonl") == 0
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert lines[0] == "text columns, guessed from their names: 标题 (or name them: --text-column)"
    assert lines[1] == "other columns: id = id (or name them: --column ROLE=NAME)"
    assert lines[2].startswith(f"{tmp_path}/in.csv → {tmp_path}/out.jsonl: 1 rows in ")
    assert lines[3:] == [
        "read: 标题 · utf-8 · model fake@00000000 · balanced",
        "status: ok 1",
        "flagged: 1 rows (100.0%) · off_platform 1 · exaggerated 0",
        "reasons: contact 1",
    ]


def test_score_quiet_says_nothing_and_json_one_object(
    command: Main, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("text\n加V\n", "utf-8")
    assert command("score", tmp_path / "in.csv", "-o", tmp_path / "a.csv", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert command("score", tmp_path / "in.csv", "-o", tmp_path / "b.csv", "--json") == 0
    told = capsys.readouterr()
    events = [json.loads(line) for line in told.err.splitlines()]
    assert [one["event"] for one in events] == ["started", "progress"]
    assert (events[1]["rows"], events[1]["rows_total"], events[1]["flagged"]) == (1, 1, 1)
    assert json.loads(told.out)["flagged"] == 1
    assert command("score", tmp_path / "in.csv", "-o", tmp_path / "c.csv", "--json", "--quiet") == 0
    told = capsys.readouterr()
    assert (told.err, json.loads(told.out)["rows"]) == ("", 1)


def test_score_passes_its_options_on(command: Main, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes("a;b;status\n=加V;x;sold\n".encode("gb18030"))
    options = ["--input-format", "csv", "--text-column", "a", "--text-column", "b", "--encoding", "gbk"]
    more = ["--overwrite-columns", "--escape-formulas", "--output-format", "tsv", "--point", "strict", "--quiet"]
    assert command("score", tmp_path / "in", "-o", tmp_path / "out", *options, *more) == 0
    assert (tmp_path / "out").read_text("utf-8").splitlines()[1].startswith("'=加V\tx\t0.912346\t")


def test_demo_scores_both_tables_and_shows_verdicts(
    command: Main, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command("demo", "-o", tmp_path / "out") == 0
    out = capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "scored_listings.csv",
        "scored_live_room.jsonl",
    ]
    assert "listings.csv: 303 rows" in out
    assert "live_room.jsonl: 262 rows" in out
    assert "「最低」 绝对化" in out or "「全网」 绝对化" in out
    assert str(tmp_path / "out" / "scored_listings.csv") in out


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n" + "好\n" * 50_000, "utf-8")
    script = (
        "from xuncha.labels.errors import user_errors\n"
        "from xuncha.serve.batch import Options, score_file\n"
        "from xuncha.serve.verdict import Ruled, RuledReason\n"
        "class Never:\n"
        "    labels, model_id = ('a',), 'never@0'\n"
        "    def score(self, texts, sources=None): return [Ruled(RuledReason.EMPTY)] * len(texts)\n"
        "with user_errors(): score_file(Never(), 'in.csv', '-', Options())\n"
    )
    shell = ["bash", "-c", f'"{sys.executable}" -c "{script}" | head -1']
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.startswith(b'{"text": "')
    assert b"The output was closed before all of it was written." in done.stderr


def test_progress_is_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scorer: FakeScorer, tmp_path: Path
) -> None:
    from xuncha.serve.batch import score_file
    from xuncha.serve.commands.progress import Bar, progress_for

    (tmp_path / "in.csv").write_text("text\n加V\n", "utf-8")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_for(quiet=False) as bar:
        assert isinstance(bar, Bar)
        score_file(scorer, tmp_path / "in.csv", tmp_path / "out.csv", progress=bar)
    assert "1 flagged" in capsys.readouterr().err
