"""The review workbook: flagged rows in order of need, evidence in red, a drop-down for the decision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from xuncha.labels.decisions import DECISION, EARLIER, KEY, REVIEW_SHEET, REVIEWER, ROWS_SHEET, choices, row_parts
from xuncha.labels.record import row_to_json
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.report.names import label_name, merchant_name, reason_name
from xuncha.serve.report.read import Reviewed
from xuncha.serve.report.review import decided, decision_cell, labelled, segments
from xuncha.serve.visible import visible

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

LIMIT = 1_048_575
"""Rows that a sheet can hold below its header."""

_WHOLE, _AROUND = 2_000, 300  # characters of a text that a cell shows whole, and around evidence of a longer one
_CELL = 32_000
_LIST = 255  # characters that a drop-down may name itself
_PLAIN = 3  # choices that any row can take
_AND = "、"  # between the labels of a row
_DECIDE = ((DECISION, 15), (REVIEWER, 10), (EARLIER, 12))
_HIDDEN = (("豁免条目", 16), ("负责人", 12))
_FACTS = (
    ("违规标签", 11), ("原因", 13), ("违反规则", 26), ("得分", 8), ("复核需要度", 11), ("商家", 18), ("类目", 12),
    ("日期", 11),
)  # fmt: skip
_GUIDE = (
    "怎样使用本表",
    f"1. “{REVIEW_SHEET}”表按复核需要度从高到低排列：越严重、模型越拿不准、所属商家拟处理越重的越靠前。",
    f"2. 在“{DECISION}”列用下拉选择：确认违规、推翻、存疑；一行有两种违规而只有一种成立时选“仅确认：…”。",
    f"3. 在“{REVIEWER}”列填姓名；不填则记为最后保存本文件的人。判定时间记为保存本文件的时间；读入过的判定已填好，"
    f"不改则保留原审核人和“{EARLIER}”。",
    "4. 文本中红色部分是模型给出的违规依据；看不见的控制字符、方向字符显示为 ‹U+…›。",
    f"5. 可以排序、筛选、删行；不要改“{KEY}”列，不要删隐藏的工作表，否则无法读回。",
    "6. 读回为标注数据：xuncha labels decisions 本文件.xlsx -o 判定.jsonl",
    "7. 本表是供人工复核的建议，不是处罚决定。",
)


@dataclass(frozen=True, slots=True)
class Sheets:
    """What goes into the workbook: the rows to decide with their keys, and those whose flags are all hidden."""

    rows: Sequence[Reviewed]
    keys: Sequence[str]
    hidden: Sequence[Reviewed]
    fields: Sequence[str]
    origin: str
    taxonomy: Taxonomy


def write_workbook(stream: BinaryIO, sheets: Sheets) -> None:
    """Write the workbook to `stream`. Every cell is a string or a number: nothing in it is a formula or a link."""
    import xlsxwriter

    settings = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, settings) as book:
        book.set_properties({"title": "违规复核表", "author": "", "comments": "建议，须人工复核"})
        Writer(book, sheets).write()


class Writer:
    """Fills the sheets of one workbook."""

    def __init__(self, book: Any, sheets: Sheets) -> None:
        """Make the formats."""
        self.book, self.sheets = book, sheets
        plain = {"text_wrap": True, "valign": "top", "font_size": 11}
        # The quote prefix keeps a cell text also after somebody has edited it.
        self.text = book.add_format({**plain, "quote_prefix": True})
        self.red = book.add_format({**plain, "quote_prefix": True, "font_color": "#C00000", "bold": True})
        self.number = book.add_format({**plain, "num_format": "0.000"})
        self.head = book.add_format({**plain, "bold": True, "bg_color": "#E7ECF3", "bottom": 1})
        self.open = book.add_format({**plain, "bg_color": "#FFF8E1", "border": 1, "border_color": "#D9C88F"})

    def write(self) -> None:
        """Write every sheet."""
        review = self.book.add_worksheet(REVIEW_SHEET)
        self._review(review)
        self._guide(self.book.add_worksheet("说明"))
        if self.sheets.hidden:
            self._hidden(self.book.add_worksheet("豁免"))
        rows = self.book.add_worksheet(ROWS_SHEET)
        rows.very_hidden()
        self._rows(rows)
        review.activate()

    def _review(self, sheet: Worksheet) -> None:
        from xlsxwriter.utility import xl_col_to_name

        last = max(1, len(self.sheets.rows))
        labels_at = len(_DECIDE) + 1 + len(self.sheets.fields)
        sheet.autofilter(0, 0, last, self._heads(sheet, _DECIDE) - 1)
        options = list(choices(self.sheets.taxonomy))
        listed: list[str] | str = options
        if len(options) > _PLAIN or len(",".join(options)) > _LIST:
            # A row with one label is not offered those that confirm one of several.
            several = f'ISNUMBER(FIND("{_AND}",${xl_col_to_name(labels_at)}2))'
            listed = f"=IF({several},{ROWS_SHEET}!$D$1:$D${len(options)},{ROWS_SHEET}!$D$1:$D${_PLAIN})"
        sheet.data_validation(
            1, 0, last, 0,
            {"validate": "list", "source": listed, "error_title": "判定", "error_message": "请从下拉列表中选择。"},
        )  # fmt: skip
        for color, said in (("#FDE2E1", options[0]), ("#E3F1E5", options[1]), ("#ECECEC", options[2])):
            style = {"type": "cell", "criteria": "==", "value": f'"{said}"'}
            sheet.conditional_format(1, 0, last, 0, {**style, "format": self.book.add_format({"bg_color": color})})
        for number, (one, key) in enumerate(zip(self.sheets.rows, self.sheets.keys, strict=True), start=1):
            for place, said in enumerate(self._decision(one)):
                sheet.write(number, place, shown(said)[:_CELL] or None, self.open)
            self._line(sheet, number, len(_DECIDE), one, key)

    def _decision(self, one: Reviewed) -> tuple[str, str, str]:
        """What was decided, by whom and when, as the cells say it."""
        found = decided(one.flags)
        who = "、".join(dict.fromkeys(said.who for said in found.values()))
        return decision_cell(found, self.sheets.taxonomy), who, max((said.at for said in found.values()), default="")

    def _heads(self, sheet: Worksheet, first: Sequence[tuple[str, int]]) -> int:
        """Write the headings and give how many there are. The key stands before the texts, which may share its name."""
        fields = self.sheets.fields
        texts = [(visible(field), max(36, 90 // len(fields))) for field in fields]
        heads = [*first, (KEY, 14), *texts, *_FACTS]
        for at, (head, width) in enumerate(heads):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, head, self.head)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return len(heads)

    def _line(self, sheet: Worksheet, number: int, at: int, one: Reviewed, key: str) -> None:
        row, flags = one.row, [flag for flag in one.flags if flag.asked] or list(one.flags)
        taxonomy = self.sheets.taxonomy
        reasons = dict.fromkeys(piece.reason for flag in flags for piece in flag.pieces)
        rules = dict.fromkeys(
            [flag.rule for flag in flags] + [piece.rule for flag in flags for piece in flag.pieces if piece.rule]
        )
        said: list[str | float] = [
            _AND.join(label_name(taxonomy, flag.label) for flag in flags),
            "、".join(reason_name(taxonomy, reason) for reason in reasons),
            "；".join(rules),
            max(flag.score for flag in flags),
            one.need,
            merchant_name(row.merchant, row.merchant_name),
            row.category,
            row.day,
        ]
        sheet.write_string(number, at, shown(key)[:_CELL], self.text)
        for place, field in enumerate(self.sheets.fields, start=at + 1):
            self._marked(sheet, number, place, one, field)
        for place, value in enumerate(said, start=at + 1 + len(self.sheets.fields)):
            if isinstance(value, float):
                sheet.write_number(number, place, value, self.number)
            else:
                sheet.write_string(number, place, shown(value)[:_CELL], self.text)

    def _marked(self, sheet: Worksheet, number: int, at: int, one: Reviewed, field: str) -> None:
        """Write a text with its evidence in red."""
        pieces = [piece for piece in one.row.evidence if piece.field == field]
        parts, left = [], _CELL
        for text, marked in segments(one.row.texts.get(field, ""), pieces, _WHOLE, _AROUND):
            part = shown(text)[:left]
            left -= len(part)
            if part:
                parts.append((part, marked))
        if len(parts) == 1:
            sheet.write_string(number, at, parts[0][0], self.red if parts[0][1] else self.text)
        elif parts:
            rich = [item for part, marked in parts for item in ((self.red, part) if marked else (part,))]
            if sheet.write_rich_string(number, at, *rich, self.text) != 0:
                sheet.write_string(number, at, "".join(part for part, _ in parts), self.text)

    def _guide(self, sheet: Worksheet) -> None:
        sheet.set_column(0, 0, 110)
        for at, line in enumerate(_GUIDE):
            sheet.write_string(at, 0, line, self.head if at == 0 else self.text)

    def _hidden(self, sheet: Worksheet) -> None:
        self._heads(sheet, _HIDDEN)
        for number, one in enumerate(self.sheets.hidden, start=1):
            entries = {entry.id: entry for flag in one.flags for entry in flag.entries}
            owners = dict.fromkeys(entry.owner for entry in entries.values())
            sheet.write_string(number, 0, shown("、".join(entries)), self.text)
            sheet.write_string(number, 1, shown("、".join(owners)), self.text)
            self._line(sheet, number, 2, one, one.row.id)

    def _rows(self, sheet: Worksheet) -> None:
        for at, option in enumerate(choices(self.sheets.taxonomy)):
            sheet.write_string(at, 3, option)
        at = 0
        for one, key in zip(self.sheets.rows, self.sheets.keys, strict=True):
            rows = [row_to_json(row) for row in labelled(one, key, self.sheets.origin)]
            # ASCII, and no _x0041_, which spreadsheet programs read as a character.
            parts = row_parts(json.dumps(rows).replace("_", "\\u005f"))
            for part in parts:
                sheet.write_string(at, 0, shown(key)[:_CELL])
                sheet.write_string(at, 1, part)
                at += 1
            self._known(sheet, at - len(parts), one)

    def _known(self, sheet: Worksheet, at: int, one: Reviewed) -> None:
        """Keep what was decided beside the row's first part, so that a decision nobody changes keeps who and when."""
        if found := decided(one.flags):
            said, who, when = self._decision(one)
            verdicts = {label: decision.verdict for label, decision in found.items()}
            kept = {
                "decision": shown(said),
                "reviewer": shown(who).strip(),
                "annotator": who,
                "at": when,
                "verdicts": verdicts,
            }
            sheet.write_string(at, 2, json.dumps(kept).replace("_", "\\u005f"))


def shown(text: str) -> str:
    """`text` with what is hidden made visible; line ends stay line ends."""
    return "\n".join(map(visible, text.split("\n")))
