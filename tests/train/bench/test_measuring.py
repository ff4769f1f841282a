"""Limit, processes, environments, peers: what is measured with, and what is said where it cannot be."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.train.bench import environments, limit, peers, processes
from xuncha.train.bench.environments import HERE
from xuncha.train.bench.peers import Worker
from xuncha.train.bench.rounds import Contestant, measure


def test_without_a_compiler_the_limit_is_computed_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(limit, "megahertz", lambda: 2500.0)
    (found,) = limit.limits(("avx2", "avx_vnni", "avx512_vnni"), tmp_path)
    assert (found.name, found.rate) == ("AVX512 VNNI", 128 * 2.5e9)
    assert found.how.startswith("computed: 128 products a cycle (documented) at 2500 MHz")


def test_a_processor_without_int8_instructions_has_no_limit(tmp_path: Path) -> None:
    assert limit.limits(("avx2",), tmp_path) == []


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_measured_limit_is_that_of_a_processor_of_this_century(tmp_path: Path) -> None:
    from xuncha.train.bench.machine import describe

    for found in limit.limits(describe().instructions, tmp_path):
        assert 1e9 < found.rate < 1e14 and found.how.startswith(("measured: ", "computed: "))


def test_a_process_is_told_with_its_output_code_and_own_memory() -> None:
    ballast = b"x" * 200_000_000  # what starts a process must not count as its memory
    ran = processes.run([sys.executable, "-S", "-c", "print('a'); print('b'); raise SystemExit(3)"])
    assert len(ballast) and (ran.output, ran.code) == ("a\nb\n", 3)
    assert 1e6 < ran.peak_bytes < 100e6 and 0 < ran.seconds < 60


def test_a_process_that_is_not_there_is_an_error() -> None:
    with pytest.raises(XunchaError, match=r"^/nowhere … cannot be started\. Run it by itself to see why\.$"):
        processes.run(["/nowhere"])


def test_the_environments_have_the_versions_that_run_here() -> None:
    from importlib.metadata import version

    assert (
        environments.pins("current")[0] == environments.pins("optimum")[0] == f"torch=={version('torch').split('+')[0]}"
    )
    assert f"transformers=={version('transformers')}" in environments.pins("current")
    assert "transformers==4.57.6" in environments.pins("optimum")


def test_an_environment_that_cannot_be_installed_names_ways_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environments, "pins", lambda name: ("no such package!",))
    said: list[str] = []
    with pytest.raises(XunchaError) as error:
        environments.own_environments(tmp_path, {"current"}, said.append)
    assert str(error.value).startswith(f"{tmp_path / 'current'}: the peers' environment cannot be installed (")
    assert str(error.value).endswith(
        "). Put that right and run again, leave the peer out with --without, or compare with what is installed here: "
        "--here."
    )
    assert said == [f"Installing the peers' environment {tmp_path / 'current'}, once: no such package!"]
    assert not (tmp_path / "current" / ".installed").exists()


def test_an_environment_is_not_installed_twice(tmp_path: Path) -> None:
    folder = tmp_path / "current"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / ".installed").write_text("\n".join(environments.pins("current")) + "\n")
    made = environments.own_environments(tmp_path, {"current"}, pytest.fail)
    assert made["current"].python == folder / "bin" / "python"


def test_modules_are_looked_for_without_importing_them() -> None:
    assert HERE.has(("torch", "xml.etree"))
    assert not HERE.has(("torch", "no_such.module"))


def test_a_peer_that_is_none_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(XunchaError) as error:
        peers.chosen(["optimum"])
    assert str(error.value) == (
        'There is no peer "optimum". Did you mean "optimum-int8"? The peers are: transformers-32, transformers-1, '
        "optimum-int8, onnxruntime-fp32, onnxruntime-int8, openvino-int8."
    )


def test_sorted_batches_keep_to_their_tokens_and_lose_no_text() -> None:
    batches = runpy.run_path(peers.program("peer"))["_batches"]
    lengths = sorted([3, 3, 4, 9, 9, 40, 200, 3, 1])
    found = list(batches(lengths, 20))
    assert [place for start, end in found for place in range(start, end)] == list(range(len(lengths)))
    assert all((end - start) * lengths[end - 1] <= 20 or end - start == 1 for start, end in found)
    assert list(batches([], 20)) == []


def test_a_peer_that_breaks_is_named_with_its_last_words(tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"cores": 1}))
    with pytest.raises(XunchaError) as error:
        Worker("openvino-int8", HERE, job)
    assert str(error.value).startswith("openvino-int8: the process that scores ended early (")
    assert str(error.value).endswith("). Leave it out with --without openvino-int8.")


class FakeWorker(Worker):
    """Takes a second for a number of texts that depends on the tokens a batch."""

    def __init__(self, speeds: dict[int | None, float]) -> None:
        self.speeds = speeds
        self.asked: list[tuple[int, int | None]] = []

    def score(self, texts: Path, *, budget: int | None = None, scores: bool = False) -> dict[str, float]:
        count = len(json.loads(texts.read_text()))
        self.asked.append((count, budget))
        return {"texts": count, "seconds": count / self.speeds[budget], "peak_bytes": 1}


def test_every_contestant_scores_in_every_round_with_its_fastest_batches(tmp_path: Path) -> None:
    texts = tmp_path / "main.json"
    texts.write_text(json.dumps(["字" * (1 + place % 50) for place in range(1000)]))
    fast = FakeWorker({None: 100.0, 512: 500.0, 1024: 800.0})
    slow = FakeWorker({None: 20.0})
    found = measure(
        [Contestant("fast", fast, texts, (512, 1024)), Contestant("slow", slow, texts)], 3, 2.0, 50, lambda line: None
    )
    assert found.budgets == {"fast": 1024}
    assert found.by_round == {"fast": [800.0] * 3, "slow": [20.0] * 3}
    assert fast.asked[-3:] == [(1000, 1024)] * 3
    assert slow.asked[-3:] == [(50, None)] * 3  # 2 seconds would be 40 texts, but 50 is the least


@pytest.mark.parametrize(
    ("name", "content"),
    [("own.csv", "标题,价格\n加V看货,3\n,4\n老银元,5\n"), ("own.jsonl", '{"text": "加V看货"}\n{"text": "老银元"}\n')],
)
def test_texts_of_a_table_are_read_as_scoring_reads_them(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    target = tmp_path / "texts.json"
    command = [sys.executable, peers.program("texts"), str(tmp_path / name), str(target)]
    subprocess.run(command, check=True)
    assert json.loads(target.read_text()) == ["加V看货", "老银元"]
