"""`xuncha live` at the prompt."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Main = Callable[..., int]
LINES = (
    '{"time": 1, "user": "甲", "text": "加V看货", "room": "a"}\n'
    + '{"time": 2, "user": "乙", "text": "好看", "room": "a"}\n'
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    path = tmp_path / "room.jsonl"
    path.write_text(LINES, "utf-8")
    return path


def test_a_record_goes_into_every_output(command: Main, room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = [room.with_name(f"e.{ending}") for ending in ("jsonl", "txt", "srt", "vtt", "html")]
    assert command("live", room, *(part for one in targets for part in ("-o", one))) == 0
    assert [json.loads(line)["user"] for line in targets[0].read_text("utf-8").splitlines()] == ["甲"]
    assert all("加V" in one.read_text("utf-8") for one in targets)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "1 rooms, 2 turns: 1 events · off_platform 1\n")


def test_without_an_output_events_are_shown_and_json_is_asked_for(
    command: Main, room: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("live", room, "--quiet") == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "0:00:01.0  站外引流 off_platform  联系方式 / Contact details  0.912  a",
        "    viewer 甲 「加V」",
    ]
    assert command("live", room, "--quiet", "--json") == 0
    assert json.loads(capsys.readouterr().out)["label"] == "off_platform"


def test_bad_lines_are_told_of_and_counted_and_strict_refuses_them(
    command: Main, room: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(room.parent)
    room.write_text(LINES + "{\n" * 23, "utf-8")
    assert command("live", "room.jsonl", "-o", "e.jsonl") == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == (
        "room.jsonl:3: not valid JSON: Expecting property name enclosed in double quotes at column 2. "
        "Write one whole object on one line. It is left out."
    )
    assert len(said) == 22
    assert said[20:] == ["… and 3 more.", "1 rooms, 2 turns, 23 left out: 1 events · off_platform 1"]
    Path("e.jsonl").unlink()
    assert command("live", "room.jsonl", "-o", "e.jsonl", "--strict") == 2
    assert capsys.readouterr().err == said[0].removesuffix(" It is left out.") + "\n"
    assert not Path("e.jsonl").exists()


def test_clocks_are_of_the_zone_given(command: Main, room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    room.write_text('{"time": "2026-11-25 20:00:07", "user": "甲", "text": "加V看货"}\n', "utf-8")
    for zone, clock in (((), "20:00:07+08:00"), (("--zone", "UTC"), "20:00:07+00:00")):
        assert command("live", room, "--quiet", "--json", *zone) == 0
        assert json.loads(capsys.readouterr().out)["clock"] == f"2026-11-25 {clock}"


def test_a_file_is_replaced_only_when_asked(
    command: Main, room: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(room.parent)
    Path("e.jsonl").write_text("mine", "utf-8")
    assert command("live", "room.jsonl", "-o", "new.html", "-o", "e.jsonl") == 2
    assert capsys.readouterr().err == ("e.jsonl: the file exists. Choose another name, or add --force to replace it.\n")
    assert Path("e.jsonl").read_text("utf-8") == "mine" and not Path("new.html").exists()
    assert command("live", "room.jsonl", "-o", "e.jsonl", "--force") == 0
    assert json.loads(Path("e.jsonl").read_text("utf-8"))["user"] == "甲"


def test_json_is_printed_beside_outputs_too(command: Main, room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("live", room, "-o", room.with_name("e.txt"), "--json", "--quiet") == 0
    assert json.loads(capsys.readouterr().out)["user"] == "甲"
    assert command("live", room, "-o", "-", "--json", "--quiet") == 0
    assert json.loads(capsys.readouterr().out)["user"] == "甲"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["room.jsonl", "--state", "s"], "--state: a record needs no state. Add --follow, or leave --state out."),
        (["room.jsonl", "--follow"],
         "--follow reads one stream from stdin: tail -F room.jsonl | xuncha live - --follow."),
        (["room.jsonl", "-o", "e.pdf"],
         "e.pdf: events are written as .jsonl, .txt, .srt, .vtt, .html. Give OUTPUT one of these endings."),
        (["-", "--follow", "-o", "e.html"],
         "e.html: a stream is written as .jsonl or .txt. Make .html from the record later."),
        (["room.jsonl", "--start", "noon"], '--start: "noon" is no date and time. Write "2026-11-25 20:00:00".'),
        (["room.jsonl", "--shift", "room.jsonl"],
         '--shift: "room.jsonl" does not say how far. Write comments.jsonl=-12.5.'),
        (["room.jsonl", "--shift", "rooms.jsonl=1"],
         '--shift: "rooms.jsonl" is not among the inputs. Did you mean "room.jsonl"?'),
        (["room.jsonl", "--format", "srtt"],
         '--format: "srtt" is unknown. Did you mean "srt"? Use srt, vtt, json, jsonl, csv, tsv, txt.'),
        (["room.jsonl", "--zone", "Mars"], '--zone: "Mars" is no time zone. Write Asia/Shanghai, UTC or +08:00.'),
        (["-", "--follow", "--start", "2026-11-25 20:00:00"],
         "--start belongs to records: a stream is read as it comes. Leave it out."),
        (["-", "--follow", "--strict"], "--strict belongs to records: a stream is read as it comes. Leave it out."),
        (["none.srt"], "none.srt: there is no such file or folder. Check the path."),
        (["."], ".: this is a folder; a file is needed here. Name the files in it."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(
    command: Main, room: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(room.parent)
    assert command("live", *arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", message + "\n")
    assert sorted(one.name for one in room.parent.iterdir()) == ["room.jsonl"]
