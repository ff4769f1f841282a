"""Streams: no line is lost, a restart goes on, a bad line is told of."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.serve.live.conftest import WordJudge, final
from xuncha.labels.errors import XunchaError
from xuncha.serve.live.events import Event
from xuncha.serve.live.follow import Follower, Reader
from xuncha.serve.live.lines import arriving
from xuncha.serve.live.monitor import Monitor
from xuncha.serve.live.state import Position, Resumption, State
from xuncha.serve.live.zones import zone_of


def lines_of(seed: int, count: int = 150) -> list[bytes]:
    rng = random.Random(seed)
    words = ["好看", "1", "多少钱", "加微信abc123", "全网最低", "加微", "信xyz789", "来看这件衣服的面料啊"]
    return [
        json.dumps(
            {"time": at, "user": f"u{rng.randint(0, 6)}", "text": rng.choice(words), "room": f"r{rng.randint(0, 1)}",
             "source": rng.choice(["speech", "comment"])},
            ensure_ascii=False,
        ).encode()
        for at in range(count)
    ]  # fmt: skip


class Run:
    """A follower whose events are kept."""

    def __init__(self, path: Path | None = None, clock: list[float] | None = None) -> None:
        self.events: list[Event] = []
        self.said: list[str] = []
        self.clock = clock or [0.0]
        state = State(path, "words", "balanced") if path else None
        self.follower = Follower(
            Monitor(WordJudge()), Reader("stdin", self.said.append), self.events.extend, state, lambda: self.clock[0]
        )


def record(lines: Sequence[bytes]) -> list[Event]:
    run = Run()
    run.follower.run([list(lines)])
    return final(run.events)


def test_batches_do_not_matter() -> None:
    lines = lines_of(1)
    run = Run()
    run.follower.run([one] for one in lines)
    assert final(run.events) == record(lines) != []


@pytest.mark.parametrize("again", ["from the start", "the last lines", "straight on"])
@pytest.mark.parametrize("seed", range(4))
def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path, seed: int, again: str) -> None:
    lines, rng = lines_of(seed), random.Random(seed)
    found: list[Event] = []
    at = 0
    while at < len(lines):
        run = Run(tmp_path / "state")
        begin = {"from the start": 0, "the last lines": max(0, at - 10), "straight on": at}[again]
        stop = min(len(lines), at + rng.randint(5, 60))
        run.follower.take(lines[begin:at] + lines[at : at + 1])
        for one in lines[at + 1 : stop]:
            run.follower.take([one])
        at = max(stop, at + 1)
        found += run.events  # the process is killed here: nothing is saved on the way out
    run = Run(tmp_path / "state")
    run.follower.run([lines[-3:]])
    assert final(found + run.events) == record(lines)
    assert len(found) == len({(event.id, event.repeats) for event in found})  # nothing was given out twice


def test_a_stream_that_ends_gives_out_what_it_has_and_goes_on_later(tmp_path: Path) -> None:
    lines = lines_of(3)
    first, second = Run(tmp_path / "state"), None
    first.follower.run([lines[:70]])
    second = Run(tmp_path / "state")
    second.follower.run([lines[70:]])
    assert {event.id for event in record(lines)} <= {event.id for event in first.events + second.events}


def test_the_same_stream_again_gives_nothing_new(tmp_path: Path) -> None:
    lines = lines_of(4)
    Run(tmp_path / "state").follower.run([lines])
    again = Run(tmp_path / "state")
    again.follower.run([lines])
    assert again.events == []


@pytest.mark.parametrize("overlap", [0, 1, 7])
def test_lines_that_only_look_like_a_repetition_are_kept(overlap: int) -> None:
    position = Position()
    old = [b"a", b"b", b"a", b"c", b"a", b"b"]
    for line in old:
        position.add(line)
    new = [b"a", b"x", b"a", b"b", b"y"]
    assert list(Resumption(position).new([*old[len(old) - overlap :], b"z"] if overlap < 6 else [*old, b"z"])) in (
        [b"z"], [b"b", b"z"]
    )  # fmt: skip
    assert list(Resumption(position).new(new)) == new


def test_silence_ends_what_a_room_was_saying() -> None:
    run = Run()
    run.follower.take([json.dumps({"time": 5, "user": "a", "text": "加微信abc123"}).encode()])
    assert run.events == []
    run.clock[0] = 41.0
    run.follower.take([])
    assert len(run.events) == 1
    run.clock[0] = 1000.0
    run.follower.take([])
    assert run.follower.monitor.rooms == {}


def test_a_line_that_cannot_be_read_is_told_of_and_the_stream_goes_on() -> None:
    run = Run()
    run.follower.run(
        [[b"{", b'{"time": 1, "user": "a", "text": "\xe5\x8a\xa0\xe5\xbe\xae\xe4\xbf\xa1"}', b"", b"\xff\t?"]]
    )
    assert len(run.events) == 1
    assert run.said == [
        "stdin:1: not valid JSON: Expecting property name enclosed in double quotes at column 2. "
        "Write one whole object on one line. The line is left out.",
        'stdin:4: "\\xff\\x09?" is neither a JSON object nor a time, a tab and text. '
        "Write 12.5, a tab and what was said. The line is left out.",
    ]


def test_a_room_whose_times_are_of_two_clocks_is_told_of() -> None:
    run = Run()
    run.follower.run(
        [[b'{"time": 1795608007000, "user": "a", "text": "x"}',
          b'{"time": "2026-11-25 12:00:09", "user": "b", "text": "x"}',
          b'{"time": 9, "user": "c", "text": "x"}']]
    )  # fmt: skip
    assert run.said == [
        'stdin:2: the clock of room "stdin" goes back 7:59:58.0 here: a new broadcast begins. '
        "If it is the same, say with --zone where its dates are from.",
        'stdin:3: room "stdin" has seconds of a record here and had a date before: these are not joined. '
        "Write one kind of time in a room.",
    ]


def test_dates_of_a_stream_are_of_the_zone_given() -> None:
    lines = [b'{"time": "2026-11-25 12:00:07", "user": "a", "text": "\xe5\x8a\xa0\xe5\xbe\xae\xe4\xbf\xa1"}']
    run = Run()
    zone = zone_of("UTC")
    assert zone
    run.follower.reader.zone = zone
    run.follower.run([lines])
    assert run.events[0].start == 1795608007.0


def test_an_event_is_counted_once_however_often_it_is_given_out() -> None:
    run = Run()
    lines = [json.dumps({"time": at, "user": f"u{at}", "text": "加微信abc123"}).encode() for at in range(0, 90, 10)]
    run.follower.run([one] for one in lines)
    assert (len(run.events), run.follower.events) == (2, 1)


def test_a_csv_stream_with_a_header() -> None:
    run = Run()
    run.follower.run([[b"time,user,text", '1,甲,"加微信abc,好"'.encode()]])
    assert [event.user for event in run.events] == ["甲"]


def test_a_state_of_another_model_or_no_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    Run(path).follower.run([lines_of(1)])
    with pytest.raises(XunchaError) as error:
        State(path, "other", "balanced").load()
    assert str(error.value) == (
        f"{path}: it was written with model words, this run has other. Run as before, or remove the file to begin anew."
    )
    path.write_text('{"version": 1, "model": "words", "point": "balanced", "lines": 0}')
    with pytest.raises(XunchaError) as error:
        State(path, "words", "balanced").load()
    assert str(error.value) == (
        f"{path}: it was written with version 1, this run has 2. Run as before, or remove the file to begin anew."
    )
    path.write_text("[]")
    with pytest.raises(XunchaError, match="this is no state of xuncha live. Name another file with --state."):
        State(path, "words", "balanced").load()


def test_a_burst_into_a_slow_reader_loses_no_line() -> None:
    reading, writing = os.pipe()
    wanted = [f"line {number} {'x' * (number % 400)}".encode() for number in range(20_000)]

    def write() -> None:
        with os.fdopen(writing, "wb") as out:
            out.write(b"\r\n".join(wanted))

    threading.Thread(target=write).start()
    found: list[bytes] = []
    for batch in arriving(reading, 0.01):
        found += batch
        time.sleep(0.001)
    os.close(reading)
    assert found == wanted


@pytest.mark.slow
def test_a_killed_process_goes_on(tmp_path: Path) -> None:
    lines = [line + b"\n" for line in lines_of(7, 80)]
    command = [
        str(Path(sys.executable).with_name("xuncha")),
        "live",
        "-",
        "--follow",
        "--json",
        "--threads",
        "1",
        "--quiet",
    ]
    whole = subprocess.run(command, input=b"".join(lines), capture_output=True, check=True).stdout
    state = ["--state", str(tmp_path / "state"), "-o", str(tmp_path / "out.jsonl")]
    process = subprocess.Popen([*command, *state], stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(b"".join(lines[:50]))
    process.stdin.flush()
    journal = tmp_path / "state.journal"
    deadline = time.monotonic() + 120
    while not (journal.exists() and journal.read_bytes().count(b"\nL") == 50) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run([*command, *state], input=b"".join(lines), check=True)

    def last(output: bytes) -> dict[str, object]:
        return {one["id"]: one for one in map(json.loads, output.splitlines())}

    assert last((tmp_path / "out.jsonl").read_bytes()) == last(whole)
