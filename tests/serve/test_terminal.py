from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from xuncha.serve.terminal import Line, Piece, View, marked, show, verdict_lines
from xuncha.serve.verdict import Evidence, Ruled, RuledReason, Scored
from xuncha.serve.visible import visible

if TYPE_CHECKING:
    from tests.serve.conftest import FakeScorer


def piece(label: str, reason: str, start: int, end: int, text: str) -> Evidence:
    return Evidence(label, reason, start, end, text[start:end], "规则①")


def plain(lines: list[Line]) -> str:
    return "\n".join("".join(one.text for one in line) for line in lines)


@pytest.fixture
def view(scorer: FakeScorer) -> View:
    return View(scorer.bundle.taxonomy, scorer.thresholds)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("全网最低价，好！", "全网最低价，好！"),
        ("a\u202eb\u2066c", "a‹U+202E›b‹U+2066›c"),
        ("加\u200b微\ufeff信", "加‹U+200B›微‹U+FEFF›信"),
        ("\x1b[31mred\x1b]0;title\x07", "‹U+001B›[31mred‹U+001B›]0;title‹U+0007›"),
        ("one\ntwo\r\tthree", "one↵two‹U+000D›‹U+0009›three"),
        ("\x9b2J\x7f", "‹U+009B›2J‹U+007F›"),
        ("\ud800\ue000\U000e0041", "‹U+D800›‹U+E000›‹U+E0041›"),
        ("\u3164\u2028", "‹U+3164›‹U+2028›"),
        ("[red]x[/red] :smile:", "[red]x[/red] :smile:"),
        ("é 𝐕𝐗 ❤️ 業", "é 𝐕𝐗 ❤️ 業"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_evidence_is_marked_in_place_in_the_colour_of_its_label() -> None:
    text = "好,加V看货,全网最低"
    found = [piece("off_platform", "contact", 2, 6, text), piece("exaggerated", "absolute", 5, 11, text)]
    assert marked(text, found) == [
        Piece("好,"),
        Piece("加V看", "bold red"),
        Piece("货", "bold red on yellow"),
        Piece(",全网最低", "bold yellow"),
    ]


def test_a_long_text_is_shown_around_its_evidence() -> None:
    text = "前" * 1000 + "加V" + "后" * 1000
    line = marked(text, [piece("off_platform", "contact", 1000, 1002, text)])
    assert [one.text for one in line] == [
        " …(940 characters)… ", "前" * 60, "加V", "后" * 60, " …(940 characters)… ",
    ]  # fmt: skip
    assert [one.text for one in marked("长" * 700, [])] == ["长" * 120, " …(580 characters)… "]


def test_a_flagged_text_comes_with_score_reason_and_rule(scorer: FakeScorer, view: View) -> None:
    text = "加V全网最低"
    assert plain(verdict_lines(text, scorer.score([text])[0], view)) == (
        "加V全网最低\n"
        "  站外引流 off_platform  0.912 ≥ 0.500\n"
        "    「加V」 联系方式 / Contact details · 规则①\n"
        "  夸大宣传 exaggerated  0.912 ≥ 0.400\n"
        f"    「最低」「全网」 {view.taxonomy.reason('absolute').name_zh} / "
        f"{view.taxonomy.reason('absolute').name_en} · 规则①"
    )


def test_a_flag_without_evidence_names_its_reason(view: View) -> None:
    verdict = Scored({"off_platform": 0.6}, {"off_platform": True}, {"off_platform": "redirect"}, ())
    assert plain(verdict_lines("某处见", verdict, view)).splitlines()[2] == (
        "    the text as a whole 导流 / Sending elsewhere · 快手小店《发布其他平台信息》专项治理③"
    )


def test_a_clean_text_comes_with_its_scores(scorer: FakeScorer, view: View) -> None:
    assert plain(verdict_lines("好", scorer.score(["好"])[0], view)) == (
        "好\n  nothing found  off_platform 0.100 < 0.500 · exaggerated 0.100 < 0.400"
    )


@pytest.mark.parametrize(
    ("reason", "words"),
    [(RuledReason.EMPTY, "the text is empty"), (RuledReason.NOT_TEXT, "this is not text"),
     (RuledReason.TOO_LONG, "the text is too long")],
)  # fmt: skip
def test_a_text_that_was_not_scored_says_why(reason: RuledReason, words: str, view: View) -> None:
    assert plain(verdict_lines("\x1b", Ruled(reason), view)) == f"‹U+001B›\n  not scored: {words}"


def test_bytes_are_shown_as_bytes(view: View) -> None:
    assert plain(verdict_lines(b"\xff", Ruled(RuledReason.NOT_TEXT), view)).startswith("b'\\xff'\n")


def test_a_pipe_gets_plain_text_without_loading_rich() -> None:
    script = (
        "import sys\n"
        "from xuncha.serve.terminal import Piece, show\n"
        "show([[Piece('加V', 'bold red'), Piece(' [red]')]])\n"
        "assert 'rich' not in sys.modules"
    )
    environ = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"} | {"PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environ)
    assert done.stdout.decode() == "加V [red]\n"


@pytest.mark.parametrize(("no_color", "expected"), [("", "\x1b[1;31m加V\x1b[0m"), ("1", "\x1b[1m加V\x1b[0m")])
def test_colour_is_obeyed_and_markup_is_inert(
    no_color: str, expected: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)
    if not no_color:
        monkeypatch.delenv("NO_COLOR")
    show([[Piece("加V", "bold red"), Piece(" [bold]x[/bold] :smile: 'q' 12")]])
    assert capsys.readouterr().out == f"{expected} [bold]x[/bold] :smile: 'q' 12\n"


def test_a_hostile_text_cannot_write_to_the_terminal(
    scorer: FakeScorer, view: View, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = "加V\x1b[2J\x1b]8;;http://x\x07全网\u202e\r\n[link=http://x]最低[/link]"
    show(verdict_lines(text, scorer.score([text])[0], view))
    out = capsys.readouterr().out
    assert re.sub(r"\x1b\[[0-9;]*m", "", out).count("\x1b") == 0
    assert "\u202e" not in out
    assert "\r" not in out
    assert "[link=http://x]" in re.sub(r"\x1b\[[0-9;]*m", "", out)
