"""The report page in a real browser, from disk: filter, highlight, decide, download; hostile rows stay text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.serve.report.scored_rows import scored_row
from xuncha.labels.decisions import decide, read_decisions
from xuncha.labels.taxonomy import Taxonomy
from xuncha.labels.validate import validate_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

    from tests.serve.report.conftest import Report

ROWS = [
    scored_row(1, "😀😀加微信 abc123 看图", ("contact", "加微信 abc123"), score=0.97),
    scored_row(2, "全网最低价的袁大头,加V聊", ("absolute", "全网最低价"), ("contact", "加V聊"), score=0.6,
               category="翡翠", merchant_id="m2", merchant="乙店", listed_on="2026-11-05"),
    scored_row(3, "品相一般,实物拍摄"),
    scored_row(4, "祖传国家级工艺,世界第一", ("absolute", "世界第一"), score=0.8, merchant_id="m3", merchant="丙店"),
]  # fmt: skip


class Opened:
    """A page from disk that notes every error, dialog and request."""

    def __init__(self, browser: Browser, file: Path) -> None:
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(accept_downloads=True, viewport={"width": 1280, "height": 900})
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        self.page.on("dialog", self._refuse)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri() + "#review")

    def _refuse(self, dialog: Dialog) -> None:
        self.troubles.append("dialog")
        dialog.dismiss()

    def items(self) -> list[str]:
        return self.page.locator(".item .words").all_inner_texts()

    def shows(self, count: int) -> None:
        """Wait until the list has `count` rows: typing is applied after a pause."""
        from playwright.sync_api import expect

        expect(self.page.locator("#shown")).to_have_text(re.compile(f"^显示 {count} /"))


@pytest.fixture
def opened(browser: Browser, report: Report) -> Iterator[Any]:
    pages: list[Opened] = []

    def open_rows(rows: Sequence[dict[str, Any]], **options: Any) -> Opened:
        _, folder = report(rows, **options)
        pages.append(Opened(browser, folder / "report.html"))
        return pages[-1]

    yield open_rows
    for one in pages:
        one.context.close()


def test_the_page_shows_flagged_rows_and_loads_nothing_but_itself(opened: Any) -> None:
    one = opened(ROWS)
    assert sorted(one.items()) == sorted(
        ["😀😀加微信 abc123 看图", "全网最低价的袁大头,加V聊", "祖传国家级工艺,世界第一"]
    )
    assert one.page.inner_text("#shown") == "显示 3 / 3 条"
    assert [url for url in one.requests if not url.startswith("file:")] == []
    assert one.troubles == []


def test_evidence_is_highlighted_in_place_after_characters_beyond_the_first_plane(opened: Any) -> None:
    one = opened(ROWS)
    one.page.fill("#q", "abc123")
    one.shows(1)
    assert one.page.inner_text("#detail mark") == "加微信 abc123"
    assert one.page.inner_text("#detail .text") == "😀😀加微信 abc123 看图"
    assert "联系方式 · 规则甲" in one.page.inner_text("#detail .finding")


def test_filters_narrow_the_list(opened: Any) -> None:
    one = opened(ROWS)
    for field, value, expected in (
        ("#f-label", "off_platform", 2),
        ("#f-reason", "absolute", 2),
        ("#f-category", "翡翠", 1),
        ("#f-state", "hidden", 0),
        ("#f-state", "todo", 3),
    ):
        one.page.select_option(field, value)
        assert len(one.items()) == expected, (field, value)
        one.page.click("#reset")
    for field, value, expected in (("#f-merchant", "乙", 1), ("#q", "世界 丙店", 1), ("#q", "没有这样的", 0)):
        one.page.fill(field, value)
        one.shows(expected)
        one.page.click("#reset")
    one.page.fill("#f-from", "2026-11-03")
    assert one.page.inner_text("#shown") == "显示 1 / 3 条"


def test_keys_decide_and_the_download_reads_back_as_labelled_rows(opened: Any, tmp_path: Path) -> None:
    one = opened(ROWS)
    one.page.select_option("#f-sort", "table")
    one.page.focus("#list")
    for key in ("Home", "1", "2", "3"):
        one.page.keyboard.press(key)
    assert one.page.inner_text("#progress") == "已判定 3 / 3（确认 1，推翻 1，存疑 1）"
    one.page.fill("#who", "小李")
    with one.page.expect_download() as download:
        one.page.click("#download")
    assert download.value.suggested_filename == "判定-scored.csv.jsonl"
    file = tmp_path / "decided.jsonl"
    download.value.save_as(file)
    assert validate_files([file], Taxonomy.load()).findings == ()
    found = read_decisions([file], Taxonomy.load())
    assert (found.confirmed, found.overturned, found.unsure) == (1, 2, 1)
    assert [row.id for row in found.rows] == ["r1", "r2", "r4"]
    first, second, third = found.rows
    assert [(span.start, span.end, span.reason) for span in first.spans] == [(2, 12, "contact")]
    assert first.text[2:12] == "加微信 abc123"
    assert dict(second.labels) == {"off_platform": False, "exaggerated": False} and second.spans == ()
    assert dict(third.labels) == {"exaggerated": None}
    assert {row.annotator for row in found.rows} == {"小李"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(first.judged_at))
    assert one.troubles == []


def test_the_page_makes_the_rows_that_the_workbook_makes(opened: Any, report: Report, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    one = opened(ROWS)
    one.page.fill("#who", "小李")
    one.page.focus("#list")
    for _ in range(3):
        one.page.keyboard.press("1")
    with one.page.expect_download() as download:
        one.page.click("#download")
    download.value.save_as(tmp_path / "page.jsonl")
    book = load_workbook(tmp_path / "report" / "review.xlsx")
    for line in range(2, 5):
        book["复核"].cell(line, 1).value = "确认违规"
    book.save(tmp_path / "book.xlsx")
    taxonomy = Taxonomy.load()
    verdicts = dict.fromkeys(taxonomy.label_ids, True)
    sides = [
        {
            row.id: (decide(row, verdicts), row.merchant, row.group)
            for row in read_decisions([path], taxonomy, "小李").rows
        }
        for path in (tmp_path / "page.jsonl", tmp_path / "book.xlsx")
    ]
    page, book_rows = (
        {key: (row.text, row.labels, row.spans, row.origin, *rest) for key, (row, *rest) in side.items()}
        for side in sides
    )
    assert page == book_rows


def test_decisions_of_an_earlier_round_stand_in_the_page_and_keep_their_reviewer(opened: Any, tmp_path: Path) -> None:
    def downloaded(one: Opened, name: str, who: str) -> Path:
        one.page.fill("#who", who)
        with one.page.expect_download() as download:
            one.page.click("#download")
        download.value.save_as(tmp_path / name)
        return tmp_path / name

    one = opened(ROWS)
    one.page.select_option("#f-sort", "table")
    one.page.focus("#list")
    for key in ("Home", "1", "2"):
        one.page.keyboard.press(key)
    first = downloaded(one, "first.jsonl", "小李")
    two = opened(ROWS, decisions=(first,))
    assert two.page.inner_text("#progress") == "已判定 2 / 3（确认 1，推翻 1，存疑 0）"
    two.page.select_option("#f-state", "todo")
    two.page.focus("#list")
    two.page.keyboard.press("3")
    second = read_decisions([downloaded(two, "second.jsonl", "老张")], Taxonomy.load()).rows
    before = {row.id: row for row in read_decisions([first], Taxonomy.load()).rows}
    assert {row.id: row for row in second if row.annotator == "小李"} == before
    assert {row.annotator for row in second} == {"小李", "老张"}
    assert one.troubles == two.troubles == []


def test_one_label_of_a_row_can_be_decided_alone(opened: Any, tmp_path: Path) -> None:
    one = opened(ROWS)
    one.page.fill("#q", "袁大头")
    one.shows(1)
    buttons = one.page.locator(".decide button")
    assert buttons.count() == 6
    buttons.nth(0).click()
    one.page.locator(".decide button").nth(4).click()
    one.page.fill("#who", "a")
    with one.page.expect_download() as download:
        one.page.click("#download")
    download.value.save_as(tmp_path / "one.jsonl")
    (row,) = read_decisions([tmp_path / "one.jsonl"], Taxonomy.load()).rows
    assert dict(row.labels) == {"off_platform": True, "exaggerated": False}


def test_equal_texts_are_decided_together_unless_switched_off(opened: Any) -> None:
    rows = [scored_row(number, "加微信 abc123", ("contact", "加微信"), merchant_id=f"m{number}") for number in range(4)]
    one = opened(rows)
    one.page.focus("#list")
    one.page.keyboard.press("2")
    assert one.page.inner_text("#progress").startswith("已判定 4 / 4（确认 0，推翻 4")
    one.page.uncheck("#fan")
    one.page.focus("#list")
    one.page.keyboard.press("1")
    assert one.page.inner_text("#progress").startswith("已判定 4 / 4（确认 1，推翻 3")


def test_nothing_is_downloaded_without_a_reviewer(opened: Any) -> None:
    one = opened(ROWS)
    one.page.click("#download")
    assert one.page.inner_text("#say") == "请先填写审核人，再下载。"


def test_decisions_outlive_the_page(opened: Any) -> None:
    one = opened(ROWS)
    one.page.focus("#list")
    one.page.keyboard.press("1")
    one.page.reload()
    assert one.page.inner_text("#progress").startswith("已判定 1 / 3")


HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script><!--{{js}}\u202e\x07=1+1&lt;"


def test_hostile_rows_run_nothing_and_are_shown_as_they_are(opened: Any) -> None:
    text = f"加微信{HOSTILE}"
    cells: dict[str, Any] = {
        "id": HOSTILE, "merchant": HOSTILE, "merchant_id": f'"{HOSTILE}', "category": HOSTILE, "listed_on": HOSTILE,
    }  # fmt: skip
    row = scored_row(1, text, ("contact", "加微信<img"), **cells)
    row["evidence"][0]["rule"] = HOSTILE
    one = opened([row])
    for tab in ("overview", "merchants", "draft", "review"):
        one.page.click(f"#tab-{tab}")
    one.page.wait_for_timeout(100)
    assert one.troubles == []
    assert one.page.locator("img").count() == 0
    assert one.page.locator("script").count() == 2
    shown = one.page.inner_text("#detail .text")
    assert "<img src=x onerror=alert(1)></script><script>" in shown
    assert "‹U+202E›" in shown and "‹U+0007›" in shown
    assert "\u202e" not in one.page.evaluate("document.body.innerText")
    assert one.page.inner_text("#detail mark") == "加微信<img"


def test_tabs_and_the_merchant_button_lead_to_the_evidence(opened: Any) -> None:
    one = opened(ROWS)
    one.page.click("#tab-merchants")
    one.page.locator("[data-merchant=m2]").first.click()
    assert one.page.locator("#panel-review").is_visible()
    assert one.items() == ["全网最低价的袁大头,加V聊"]
    one.page.click("#tab-draft")
    assert "（草稿）" in one.page.inner_text("#draft")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_part_of_the_page_is_wider_than_a_phone(opened: Any, scheme: str) -> None:
    one = opened(ROWS)
    one.page.emulate_media(color_scheme=scheme)
    one.page.set_viewport_size({"width": 390, "height": 800})
    for tab in ("overview", "review", "merchants", "draft"):
        one.page.click(f"#tab-{tab}")
        assert one.page.evaluate("document.documentElement.scrollWidth") <= 390, tab


def test_suppressed_flags_are_shown_apart_with_their_entry(opened: Any, tmp_path: Path) -> None:
    allow = tmp_path / "allow.yaml"
    allow.write_text(
        "version: '1'\nentries:\n"
        "- {id: A1, owner: 王五, reason: 有授权, expires: 2027-01-01, scope: {merchants: [m3]}}\n",
        "utf-8",
    )
    one = opened(ROWS, allow=allow)
    assert one.page.inner_text("#shown") == "显示 2 / 3 条"
    one.page.select_option("#f-state", "hidden")
    assert one.items() == ["祖传国家级工艺,世界第一"]
    assert "已豁免：A1（王五，至 2027-01-01）有授权" in one.page.inner_text("#detail .finding")
    assert one.page.locator(".decide").count() == 0
    one.page.click("#tab-allow")
    assert "A1" in one.page.inner_text("#panel-allow")


@pytest.mark.slow
def test_fifty_thousand_flagged_rows_stay_usable(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xuncha.serve.report.build.write_workbook", lambda *_: None)
    words = ["加微信", "全网最低", "转账便宜", "某宝同名"]
    rows = [
        scored_row(
            number, f"第{number}件老银元 {words[number % 4]} 随拍随发,品相看图,售后找客服",
            ("contact", words[number % 4]), merchant_id=f"m{number % 5000}", score=0.5 + (number % 500) / 1000,
        )
        for number in range(50_000)
    ]  # fmt: skip
    one = opened(rows)
    assert one.page.inner_text("#shown") == "显示 50,000 / 50,000 条"
    assert one.page.locator(".item").count() < 40
    one.page.fill("#q", "第49999件")
    one.shows(1)
    assert one.page.inner_text("#detail mark") == "某宝同名"
    one.page.click("#reset")
    one.page.focus("#list")
    one.page.keyboard.press("End")
    assert one.page.get_attribute(".item[aria-selected=true]", "aria-posinset") == "50000"
    one.page.keyboard.press("2")
    assert one.page.inner_text("#progress").startswith("已判定 1 / 50,000")
    assert one.troubles == []


def test_the_page_is_one_file_whose_policy_allows_nothing_else(report: Report) -> None:
    _, folder = report(ROWS)
    text = (folder / "report.html").read_text("utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)=["'](?!#)""", text)
    assert json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])["rows"]  # type: ignore[index]
