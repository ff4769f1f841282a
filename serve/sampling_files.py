"""A drawn sample as a file for reviewers (XLSX, CSV, TSV or JSONL), and the reviewed file read back."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from xuncha.labels.decisions import ROWS_SHEET, open_workbook, row_parts
from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.judged import CHOICES, ITEM, JUDGED, NUMBER, SHEET, item_text, plain_name, verdict
from xuncha.labels.record import row_to_json
from xuncha.labels.rows import Row
from xuncha.labels.spreadsheet import inert
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.report.names import label_name
from xuncha.serve.report.scored import ScoredRow, ScoredTable
from xuncha.serve.report.values import flag_of, text_of
from xuncha.serve.report.workbook import shown
from xuncha.serve.sampling import Drawn, Risk, Sample, Size
from xuncha.serve.sampling_estimate import Judged
from xuncha.serve.tables import open_table
from xuncha.serve.tables.encoding import mended
from xuncha.serve.tables.json_values import Number, dumps

FORMATS = (".xlsx", ".csv", ".tsv", ".jsonl")
_DESIGN = ("sample_group", "sample_stratum", "sample_stratum_rows", "sample_weight", "sample_rows")
_CELL = 32_000
_GUIDE = (
    "怎样抽检",
    "1. 每行逐个标签判断：这条内容是否真的违规。用下拉选择：是、否、存疑。",
    "2. 本表不显示模型的判断，以免影响您；看不见的控制字符显示为 ‹U+…›。",
    "3. 请判完所有行；没判的行按同层其他行推算，整层都没判则无法估计。不要删行，不要改隐藏列。",
    "4. 估计违规率：xuncha sample --estimate 本文件.xlsx",
    "5. 读回为标注数据：xuncha labels decisions 本文件.xlsx -o 判定.jsonl",
)


def write_sample(stream: BinaryIO, suffix: str, table: ScoredTable, sample: Sample, taxonomy: Taxonomy) -> None:
    """Write the drawn rows with all their columns and an empty verdict for each label.

    In an XLSX file only the texts and who they are of are in sight, so that reviewers judge without the model's word;
    texts that a spreadsheet program would take for a formula are inert.
    """
    rows = _rows(table, sample)
    if suffix == ".xlsx":
        _write_workbook(stream, table, rows, taxonomy)
    elif suffix == ".jsonl":
        for cells, added in rows:
            plain = {mended(key): _json(value) for key, value in cells.items()}
            stream.write((json.dumps({**plain, **added}, ensure_ascii=False) + "\n").encode("utf-8"))
    else:
        _write_delimited(stream, table, rows, "\t" if suffix == ".tsv" else ",")


def read_reviewed(path: Path) -> tuple[list[Judged], tuple[str, ...], int]:
    """The rows of a reviewed sample, its labels, and the rows of the table it was drawn from.

    Raises `XunchaError` naming file, row and fix for a file that is no sample, or a verdict that is none.
    """
    rows = _workbook_rows(path) if path.suffix.lower() == ".xlsx" else _table_rows(path)
    sample: list[Judged] = []
    labels: tuple[str, ...] = ()
    total = 0
    seen: dict[str, int] = {}
    for number, cells in enumerate(rows, start=1):
        where = f"{path}: row {number}"
        labels = labels or tuple(name.removeprefix(JUDGED) for name in cells if name.startswith(JUDGED))
        missing = next(
            (name for name in (*_DESIGN, NUMBER) if name not in cells), None if labels else f"{JUDGED}<label>"
        )
        if missing:
            raise XunchaError(
                f"{path}: the column {missing} is missing, so this is no sample. Draw one with "
                "xuncha sample SCORED -o FILE."
            )
        drawn = text_of(cells[NUMBER])
        if drawn in seen:
            raise XunchaError(f"{where}: row {drawn} of the table stands in row {seen[drawn]} too. Take one out.")
        seen[drawn] = number
        sample.append(_judged(where, cells, labels))
        total = _whole(where, "sample_rows", cells)
    if not sample:
        raise XunchaError(f"{path}: it holds no row. Draw a sample: xuncha sample SCORED -o FILE.")
    if all(one.blank for one in sample):
        columns = ", ".join(f"{JUDGED}{label}" for label in labels)
        raise XunchaError(f"{path}: no row is judged. Fill in {columns} with yes, no or unsure (是, 否, 存疑).")
    return sample, labels, total


def _rows(table: ScoredTable, sample: Sample) -> Iterator[tuple[dict[str, object], dict[str, object]]]:
    columns = tuple(dict.fromkeys(table.table.columns))
    whole = replace(table, all_texts=True)
    times: Counter[str] = Counter()
    number = 0
    for chunk in table.table.chunks(4096):
        wanted = [at for at in range(len(chunk)) if number + at + 1 in sample.drawn]
        values = {name: chunk.values(name) for name in columns} if wanted else {}
        for at in wanted:
            drawn = sample.drawn[number + at + 1]
            added = {**dict.fromkeys([f"{JUDGED}{label}" for label in table.labels]), **_design(drawn, sample.rows)}
            cells = {name: found[at] for name, found in values.items()}
            row = whole.row(number + at + 1, cells)
            times[row.id] += 1
            item = item_text(row_to_json(_item(row, times[row.id] > 1, Path(table.name).name)))
            yield cells, {**added, NUMBER: number + at + 1, ITEM: item}
        number += len(chunk)


def _item(row: ScoredRow, again: bool, origin: str) -> Row:
    """The row as a labelled one that nobody has judged; its texts together, as reviewers judge them."""
    key = f"{row.id}@{row.number}" if again else row.id
    text = "\n".join(row.texts.values())
    return Row(key, text, row.source, {}, origin=origin, group=key, merchant=row.merchant or None)


def _json(value: object) -> object:
    """A cell as a plain JSON value; what JSON does not know, such as a time, as its text."""
    if isinstance(value, Number | list | dict):
        try:
            return json.loads(mended(dumps(value)))
        except TypeError:
            return text_of(value)
    return value if value is None or isinstance(value, bool | int | float) else text_of(value)


def _design(drawn: Drawn, rows: int) -> dict[str, object]:
    said = (drawn.group, drawn.stratum, drawn.stratum_rows, round(drawn.weight, 6), rows)
    return dict(zip(_DESIGN, said, strict=True))


def _added_names(labels: Sequence[str]) -> list[str]:
    return [*(f"{JUDGED}{label}" for label in labels), *_DESIGN, NUMBER, ITEM]


def _write_delimited(
    stream: BinaryIO, table: ScoredTable, rows: Iterable[tuple[dict[str, object], dict[str, object]]], delimiter: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    columns = list(dict.fromkeys(table.table.columns))
    writer.writerow([*map(inert, columns), *_added_names(table.labels)])
    for cells, added in rows:
        writer.writerow([*(inert(text_of(cells[name])) for name in columns), *map(text_of, added.values())])
    stream.write(b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8"))


def _write_workbook(
    stream: BinaryIO,
    table: ScoredTable,
    rows: Iterable[tuple[dict[str, object], dict[str, object]]],
    taxonomy: Taxonomy,
) -> None:
    import xlsxwriter

    roles = table.roles
    seen = tuple(dict.fromkeys(name for name in (*table.texts, roles.category, roles.merchant_name, roles.id) if name))
    others = tuple(name for name in dict.fromkeys(table.table.columns) if name.startswith("flag_"))
    settings = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, settings) as book:
        wrap = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        head = book.add_format({"bold": True, "bg_color": "#E7ECF3", "bottom": 1, "text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(SHEET)
        count = len(table.labels)
        asked = [f"{label_name(taxonomy, label)}（{JUDGED}{label}）" for label in table.labels]
        for at, name in enumerate([*asked, *map(shown, seen), *others, *_DESIGN, NUMBER]):
            sheet.write_string(0, at, name, head)
        sheet.set_column(0, count - 1, 16)
        sheet.set_column(count, count + len(table.texts) - 1, max(36, 90 // len(table.texts)))
        sheet.set_column(count + len(table.texts), count + len(seen) - 1, 16)
        sheet.set_column(count + len(seen), count + len(seen) + len(others) + len(_DESIGN), 10, None, {"hidden": True})
        kept = book.add_worksheet(ROWS_SHEET)
        kept.very_hidden()
        place = 0
        last = 0
        for last, (cells, added) in enumerate(rows, start=1):
            hidden = [text_of(cells[name]) for name in others] + [text_of(added[name]) for name in (*_DESIGN, NUMBER)]
            for at in range(count):
                sheet.write_blank(last, at, None, wrap)
            for at, value in enumerate([*(shown(text_of(cells[name]))[:_CELL] for name in seen), *hidden], start=count):
                sheet.write_string(last, at, value, wrap)
            for part in row_parts(str(added[ITEM])):
                kept.write_string(place, 0, str(added[NUMBER]))
                kept.write_string(place, 1, part)
                place += 1
        sheet.data_validation(1, 0, max(last, 1), count - 1, {"validate": "list", "source": list(CHOICES)})
        sheet.freeze_panes(1, count)
        guide = book.add_worksheet("说明")
        guide.set_column(0, 0, 100)
        for at, line in enumerate(_GUIDE):
            guide.write_string(at, 0, line, head if at == 0 else wrap)


def _workbook_rows(path: Path) -> Iterator[dict[str, object]]:
    book = open_workbook(path)
    try:
        rows = (book[SHEET] if SHEET in book.sheetnames else book[book.sheetnames[0]]).iter_rows(values_only=True)
        header = [plain_name(text_of(cell)) for cell in next(rows, ())]
        for row in rows:
            if any(cell is not None for cell in row):
                yield dict(zip(header, (*row, *[None] * (len(header) - len(row))), strict=False))
    finally:
        book.close()


def _table_rows(path: Path) -> Iterator[dict[str, object]]:
    with open_table(str(path)) as table:
        for chunk in table.chunks(4096):
            columns = {plain_name(name): chunk.values(name) for name in table.columns}
            for at in range(len(chunk)):
                yield {name: values[at] for name, values in columns.items()}


def _judged(where: str, cells: Mapping[str, object], labels: Sequence[str]) -> Judged:
    said = {label: text_of(cells[f"{JUDGED}{label}"]).strip() for label in labels}
    stratum = text_of(cells["sample_stratum"])
    risk, _, size = stratum.partition("/")
    if risk not in list(Risk) or size not in list(Size):
        raise XunchaError(f"{where}: {quote(stratum)} is no stratum. Restore the cell sample_stratum.")
    return Judged(
        stratum=stratum,
        stratum_rows=_whole(where, "sample_stratum_rows", cells),
        group=text_of(cells["sample_group"]),
        flags={label: bool(flag_of(where, cells.get(f"flag_{label}"))) for label in labels},
        verdicts={label: verdict(f"{where}, {JUDGED}{label}", word) for label, word in said.items()},
        blank=not any(said.values()),
    )


def _whole(where: str, name: str, cells: Mapping[str, object]) -> int:
    said = text_of(cells[name]).removesuffix(".0")
    if not said.isdecimal():
        raise XunchaError(f"{where}: {name} is {quote(said)}, not a number of rows. Restore the cell.")
    return int(said)
