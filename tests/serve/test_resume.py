"""Runs that end before their time: the next one gives the bytes of an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.serve.batch import Options, score_file
from xuncha.serve.tables.journal import Journal
from xuncha.serve.tables.workplace import work_folder
from xuncha.serve.verdict import Verdict

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer, Main

ROWS = "".join(f"{at},{'加V' if at % 3 else '好'}\n" if at % 5 else f"{at}\n" for at in range(60))
FORMATS = ["csv", "tsv", "jsonl", "xlsx", "parquet", "csv.gz", "jsonl.zst", "parquet.gz", "xlsx.zst"]


class Killed(BaseException):
    """Stands for the end of the process."""


def write_input(folder: Path) -> Path:
    source = folder / "in.csv"
    source.write_text(f"id,text\n{ROWS}", "utf-8")
    return source


def break_off(monkeypatch: pytest.MonkeyPatch, scorer: FakeScorer, after: int) -> None:
    """Let the process end at call number `after` of the scorer."""
    left, real = [after], type(scorer).score

    def score(texts: Sequence[object], sources: Sequence[str | None] | None = None) -> list[Verdict]:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(scorer, texts, sources)

    monkeypatch.setattr(scorer, "score", score)


def run(scorer: FakeScorer, source: Path, target: Path, **options: Any) -> None:
    score_file(scorer, source, target, Options(chunk_rows=7, **options))


@pytest.mark.parametrize("format", FORMATS)
def test_a_run_that_is_cut_off_goes_on_to_the_same_bytes(
    format: str, tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_input(tmp_path)
    whole, target = tmp_path / f"whole.{format}", tmp_path / f"out.{format}"
    run(scorer, source, whole)
    for after in (0, 1, 2, 3):
        with monkeypatch.context() as patch:
            break_off(patch, scorer, after)
            with pytest.raises(Killed):
                run(scorer, source, target, resume=True)
        assert not target.exists()
    run(scorer, source, target, resume=True)
    assert target.read_bytes() == whole.read_bytes()
    rejects = [path.with_name(f"{path.name}.rejects.jsonl").read_bytes() for path in (whole, target)]
    assert rejects[0] == rejects[1]
    assert [json.loads(line)["line"] for line in rejects[0].splitlines()] == list(range(2, 62, 5))


def test_only_rows_that_are_not_finished_are_scored_again(
    tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = write_input(tmp_path), tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        break_off(patch, scorer, 5)
        with pytest.raises(Killed):
            run(scorer, source, target)
    scorer.calls.clear()
    summary = score_file(scorer, source, target, Options(chunk_rows=7, resume=True))
    assert summary.resumed == 35
    assert (summary.tally.rows, summary.tally.statuses) == (60, {"ok": 48, "malformed": 12})
    assert sum(scorer.calls) == 20


@pytest.mark.parametrize("part", ["rows", "rejects", "journal.jsonl"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_crash_leaves_of_the_files_the_bytes_are_the_same(
    part: str, seed: int, tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, whole = write_input(tmp_path), tmp_path / "out.csv.gz", tmp_path / "whole.csv.gz"
    run(scorer, source, whole)
    with monkeypatch.context() as patch:
        break_off(patch, scorer, 6)
        with pytest.raises(Killed):
            run(scorer, source, target)
    damaged = work_folder(str(target)) / part
    data, chance = bytearray(damaged.read_bytes()), random.Random(seed)
    place = chance.randrange(len(data))
    if seed % 2:
        del data[place:]  # not all of it had reached the disk
    else:
        data[place:] = bytes(len(data) - place)  # a file system that kept the size, not the contents
    damaged.write_bytes(data + b"\0torn" * (seed == 3))
    run(scorer, source, target, resume=True)
    assert target.read_bytes() == whole.read_bytes()


def test_another_run_needs_resume_or_force(tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = write_input(tmp_path), tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        break_off(patch, scorer, 2)
        with pytest.raises(Killed):
            run(scorer, source, target)
    with pytest.raises(XunchaError) as error:
        run(scorer, source, target)
    assert str(error.value) == (
        f"{target}: an unfinished run of it is kept here. Go on with --resume, or start again with --force."
    )
    run(scorer, source, target, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "out.csv.rejects.jsonl"]


def test_resume_is_refused_for_another_model_input_or_option(
    tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = write_input(tmp_path), tmp_path / "out.csv"
    with monkeypatch.context() as patch:
        break_off(patch, scorer, 2)
        with pytest.raises(Killed):
            run(scorer, source, target)

    def refused(**options: Any) -> str:
        with pytest.raises(XunchaError) as error:
            run(scorer, source, target, resume=True, **options)
        text = str(error.value)
        assert text.startswith(f"{target}: the unfinished run cannot go on: ")
        assert text.endswith(". Give it what it had, or start again with --force and without --resume.")
        return text.split("cannot go on: ")[1].split(". Give")[0]

    with monkeypatch.context() as patch:
        patch.setattr(scorer, "model_id", "other@1", raising=False)
        assert refused() == "the model changed (fake@00000000, now other@1)"
        patch.setattr(scorer, "operating_point", "strict", raising=False)
        assert refused() == (
            "the model changed (fake@00000000, now other@1), the operating point changed (balanced, now strict)"
        )
    assert refused(text_columns=("text", "id")) == "the text columns changed (text, now text, id)"
    assert refused(header_row=1) == "the header row changed (found, now 1)"
    assert refused(escape_formulas=False) == "the treatment of formulas changed (inert, now kept)"
    source.write_text(f"id,text\n{ROWS}x,y\n", "utf-8")
    assert refused() == "the input changed"
    write_input(tmp_path)
    run(scorer, source, target, resume=True)
    assert target.exists()


def test_a_finished_run_is_known_and_not_scored_again(tmp_path: Path, scorer: FakeScorer) -> None:
    source, target = write_input(tmp_path), tmp_path / "out.csv"
    run(scorer, source, target, resume=True)
    before = target.stat().st_mtime_ns
    scorer.calls.clear()
    run(scorer, source, target, resume=True)
    assert scorer.calls == []
    assert target.stat().st_mtime_ns == before
    source.write_text("id,text\n1,加V\n", "utf-8")
    with pytest.raises(XunchaError) as error:
        run(scorer, source, target, resume=True)
    assert str(error.value) == (
        f"{target}: it is finished, and this is another job: the input changed. Choose another output, or add --force "
        "to replace it."
    )
    run(scorer, source, target, resume=True, force=True)
    assert target.read_text("utf-8").count("\n") == 2


@pytest.mark.parametrize("step", ["rejects", "rows"])
def test_an_end_between_whole_and_named_is_made_up_for(
    step: str, tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = write_input(tmp_path), tmp_path / "out.csv"
    from xuncha.serve.tables.target import Target

    real = Target.take

    def take(self: Target, whole: Path) -> None:
        if whole.name.startswith(step):
            raise Killed
        real(self, whole)

    with monkeypatch.context() as patch:
        patch.setattr(Target, "take", take)
        with pytest.raises(Killed):
            run(scorer, source, target)
    assert not target.exists()
    scorer.calls.clear()
    run(scorer, source, target, resume=True)
    assert scorer.calls == []
    run(scorer, source, tmp_path / "whole.csv")
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert (tmp_path / "out.csv.rejects.jsonl").read_bytes() == (tmp_path / "whole.csv.rejects.jsonl").read_bytes()


def test_a_full_disk_keeps_what_is_finished(
    tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = write_input(tmp_path), tmp_path / "out.parquet"
    commits, real = [0], Journal.commit

    def commit(self: Journal, rows: bytes, rejects: bytes, state: dict[str, Any]) -> None:
        commits[0] += 1
        if commits[0] == 4:
            self._parts["rows"].write(rows[: len(rows) // 2])
            self._parts["rows"].flush()
            raise OSError(28, "No space left on device", str(target))
        real(self, rows, rejects, state)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "commit", commit)
        with pytest.raises(OSError, match="No space left"):
            run(scorer, source, target)
    summary = score_file(scorer, source, target, Options(chunk_rows=7, resume=True))
    assert summary.resumed == 21
    run(scorer, source, tmp_path / "whole.parquet")
    assert target.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_two_runs_never_write_one_output(tmp_path: Path, scorer: FakeScorer) -> None:
    from xuncha.serve.tables.journal import locked

    source, target = write_input(tmp_path), tmp_path / "out.csv"
    folder = work_folder(str(target))
    folder.mkdir()
    with locked(folder, str(target)), pytest.raises(XunchaError) as error:
        run(scorer, source, target)
    assert str(error.value) == (f"{target}: another run is writing it. Wait for that one, or choose another output.")


def test_a_folder_goes_on_after_the_files_that_are_finished(
    tmp_path: Path, scorer: FakeScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for at in range(6):
        (tmp_path / "in" / f"{at}.csv").write_text(f"id,text\n{ROWS}{at},x\n", "utf-8")
    whole, target = tmp_path / "whole", tmp_path / "out"
    run(scorer, tmp_path / "in", whole)
    with monkeypatch.context() as patch:
        break_off(patch, scorer, 22)
        with pytest.raises(Killed):
            run(scorer, tmp_path / "in", target)
    assert sorted(path.name for path in target.glob("*.csv")) == ["0.csv", "1.csv"]
    scorer.calls.clear()
    run(scorer, tmp_path / "in", target, resume=True)
    assert len(scorer.calls) == 6 * 9 - 22
    for at in range(6):
        assert (target / f"{at}.csv").read_bytes() == (whole / f"{at}.csv").read_bytes()


SCRIPT = """
import sys, time
from xuncha.labels.errors import user_errors
from xuncha.serve.batch import Options, score_file
from xuncha.serve.commands.stopping import stoppable
from xuncha.serve.verdict import Scored

class Slow:
    labels, model_id = ("off_platform",), "slow@0"
    def score(self, texts, sources=None):
        time.sleep(0.02)
        return [Scored({"off_platform": 0.1}, {"off_platform": False}, {}, ()) for _ in texts]

with stoppable(sys.argv[1]), user_errors():
    score_file(Slow(), "in.csv", sys.argv[1], Options(chunk_rows=1, resume=True))
"""


@pytest.mark.slow
def test_kill_9_at_random_moments_and_resume_give_the_same_bytes(tmp_path: Path) -> None:
    write_input(tmp_path)
    subprocess.run([sys.executable, "-c", SCRIPT, "whole.xlsx"], cwd=tmp_path, check=True)
    chance, kept = random.Random(7), []
    for _ in range(40):
        with subprocess.Popen([sys.executable, "-c", SCRIPT, "out.xlsx"], cwd=tmp_path) as process:
            journal = tmp_path / ".out.xlsx.xuncha" / "journal.jsonl"
            size = journal.stat().st_size if journal.exists() else 0
            while process.poll() is None and not (journal.exists() and journal.stat().st_size > size):
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.4))
            process.kill()
        if process.returncode == 0 or (tmp_path / "out.xlsx").exists():
            break
        kept.append(journal.stat().st_size)
    assert len(kept) >= 2
    assert kept == sorted(kept)
    assert (tmp_path / "out.xlsx").read_bytes() == (tmp_path / "whole.xlsx").read_bytes()


def test_sigterm_ends_with_143_and_can_be_resumed(tmp_path: Path) -> None:
    write_input(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "out.csv"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        journal = tmp_path / ".out.csv.xuncha" / "journal.jsonl"
        while process.poll() is None and not (journal.exists() and journal.stat().st_size):
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGTERM)
        told = process.communicate()[1]
    assert process.returncode == 143
    assert told == (
        "Ended by SIGTERM: nothing stands under out.csv yet; what is finished is kept. Go on with --resume.\n"
    )
    assert not (tmp_path / "out.csv").exists()
    subprocess.run([sys.executable, "-c", SCRIPT, "out.csv"], cwd=tmp_path, check=True)
    assert (tmp_path / "out.csv").read_text("utf-8").count("\n") == 61


def test_resume_needs_a_file(tmp_path: Path, command: Main, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("score", write_input(tmp_path), "-o", "-", "--resume") == 2
    assert capsys.readouterr().err == ("--resume needs a file to go on with; name one with -o instead of a stream.\n")
