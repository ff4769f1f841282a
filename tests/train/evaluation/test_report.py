import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from xuncha.labels.rows import Row, Span
from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference
from xuncha.train.evaluation.evaluation import Evaluation, evaluate, evaluate_inference
from xuncha.train.evaluation.markup import attribute, escaped
from xuncha.train.evaluation.report import SHOWN, highlighted, page, write_report

MakeRow = Callable[..., Row]
OFF = "off_platform"

# What a text may not do to the page: end its element, run, load, hide, turn the reading direction round.
HOSTILE = (
    "微</p></div><script>alert(1)</script><img src=//evil.example/x onerror=alert(2)>"
    "\u202e\u2066\u200b\x1b[31m\x00\n\"'&lt;<style>*{display:none}</style>微"
)
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Checker(HTMLParser):
    """Which elements and attributes there are, and whether every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def evaluation(bundle: Bundle, rows: list[Row], make_row: MakeRow) -> Evaluation:
    train = [make_row(f"t{n}", f"加微{n}", [OFF], [("加微", OFF, "contact")]) for n in range(12)]
    train += [make_row(f"f{n}", f"手串{n}", ["exaggerated"] * (n % 2)) for n in range(24)]
    hostile = make_row(
        "<b>id", HOSTILE, kind="<i>kind", origin='"><script>origin</script>\u202e', annotator="llm-author"
    )
    return evaluate(bundle, [*rows, hostile], baselines=True, train_rows=train)


@pytest.fixture(scope="module")
def html(evaluation: Evaluation) -> str:
    return page(evaluation)


def test_hostile_text_is_inert_and_visible(html: str) -> None:
    found = Checker(html)
    assert found.open == []
    assert not found.elements & {"script", "img", "iframe", "link", "object", "embed", "form", "i", "b", "base"}
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in {"style", "src", "action"}]
    assert {value[:1] for name, value in found.attributes if name in {"href", "xlink:href"}} == {"#"}
    words = "".join(found.words)
    assert "<script>alert(1)</script>" in words
    for shown in (r"\u202e", r"\u2066", r"\u200b", r"\x1b[31m", r"\x00", r"\x0a"):
        assert shown in words
    assert not re.search("[\x00-\x09\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", html)


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(html: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    css = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert policy
    assert css
    digest = base64.b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert html.index("Content-Security-Policy") < html.index("<style>")
    assert "url(" not in css[1]
    assert "@import" not in css[1]
    assert html.count("<style>") == 1


def test_the_page_names_nothing_to_fetch(html: str) -> None:
    assert "http:" not in html
    assert "https:" not in html


def test_every_section_is_there_and_can_be_reached(html: str) -> None:
    anchors = re.findall(r'<a href="#(\w+)">', html)
    assert anchors == ["main", "curves", "baselines", "slices", "evidence", "reasons", "robustness", "mistakes"]
    assert re.findall(r'<h2 id="(\w+)">', html) == anchors
    assert html.count("<svg") == 4
    assert "were written and labelled by language models" in html


def test_the_page_is_made_for_phones_and_for_the_dark(html: str) -> None:
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    assert "prefers-color-scheme: dark" in html
    assert html.count("<table>") == html.count('<div class="wide"')


def test_evidence_is_coloured_and_marks_are_underlined() -> None:
    evidence, marked = [Span(0, 2, OFF, "contact")], [Span(1, 3, OFF, "contact")]
    assert highlighted("加微信&", evidence, marked) == (
        '<mark class="model">加</mark><mark class="model marked">微</mark><mark class="marked">信</mark>&amp;'
    )


def test_a_very_long_text_is_cut_and_says_so() -> None:
    assert highlighted("字" * (SHOWN + 5), [], []).endswith("字 … and 5 more characters")


def test_blanks_that_no_font_draws_are_shown() -> None:
    assert escaped("a\u3164\u2800") == 'a<span class="seen">\\u3164</span><span class="seen">\\u2800</span>'
    assert attribute('"\u202e>') == "&quot;\\u202e&gt;"


def test_a_model_name_cannot_leave_the_title_or_a_picture(evaluation: Evaluation) -> None:
    name = "</title><script>"
    labels = {name: evaluation.labels[OFF], **evaluation.labels}
    hostile = replace(evaluation, model=name, names={**evaluation.names, name: name}, labels=labels)
    hostile = replace(hostile, robustness=(), baselines=())
    assert "script" not in Checker(page(hostile)).elements


def test_writing_gives_both_files_and_replaces_older_ones(tmp_path: Path, evaluation: Evaluation) -> None:
    folder = tmp_path / "a" / "report"
    assert write_report(evaluation, folder) == (folder / "evaluation.json", folder / "report.html")
    write_report(evaluation, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["evaluation.json", "report.html"]
    written = (folder / "evaluation.json").read_text("ascii")
    assert json.loads(written) == json.loads(json.dumps(evaluation.to_json()))
    assert (folder / "report.html").read_text("utf-8") == page(evaluation)


def test_an_evaluation_with_nothing_in_it_still_makes_a_page(inference: Inference, make_row: MakeRow) -> None:
    rows = [make_row("1", "字", unjudged=["exaggerated"])]
    found = Checker(page(evaluate_inference(inference, rows, with_baselines=False, with_robustness=False)))
    assert found.open == []
