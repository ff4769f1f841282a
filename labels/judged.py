"""Reviewed samples of `xuncha sample` read as labelled rows: verdicts of people who did not see the model's word."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.record import row_from_json
from xuncha.labels.rows import Row
from xuncha.labels.strict import load_json
from xuncha.labels.taxonomy import Taxonomy

JUDGED = "judged_"
"""Before a label: the column for the reviewer's verdict."""

SHEET, ITEM, NUMBER = "抽检", "sample_item", "sample_row"
"""The sheet of a sample; the column that keeps each row's text as JSON; the one of row numbers."""

CHOICES = ("是", "否", "存疑")
"""What a drop-down of verdicts offers."""

_YES = {"是", "有", "违规", "yes", "y", "true", "1"}
_NO = {"否", "无", "不违规", "no", "n", "false", "0"}
_UNSURE = {"存疑", "不确定", "unsure", "?", "？"}
_NAMED = re.compile(rf"(?:.*[（(])?({JUDGED}.+?)[)）]?$", re.DOTALL)


def verdict(where: str, word: str) -> bool | None:
    """A verdict as people write it; None for unsure or nothing. Raises `XunchaError` beginning with `where`."""
    plain = word.lower().removesuffix(".0")
    if plain in _YES or plain in _NO:
        return plain in _YES
    if plain and plain not in _UNSURE:
        known = (*CHOICES, "yes", "no", "unsure")
        raise XunchaError(f"{where}: {quote(word)} is no verdict.{did_you_mean(word, known)} Write {', '.join(known)}.")
    return None


def plain_name(name: str) -> str:
    """The name of a sample's column without the Chinese name of its label.

    >>> plain_name("夸大宣传（judged_exaggerated）")
    'judged_exaggerated'
    """
    found = _NAMED.match(name.strip())
    return found[1] if found else name.strip()


def is_sample(path: Path) -> bool:
    """Whether a JSONL file holds a sample: its first line has a row number."""
    try:
        with path.open("rb") as stream:
            return f'"{NUMBER}"'.encode() in stream.readline()
    except OSError:
        return False


def judged_file(path: Path, taxonomy: Taxonomy, annotator: str | None) -> tuple[list[Row], int]:
    """The judged rows of a CSV, TSV or JSONL sample, and how many rows nobody judged."""
    text = _decoded(path)
    rows: Iterator[Mapping[str, Any]]
    if path.suffix.lower() == ".jsonl":
        rows = _objects(path, text)
    else:
        csv.field_size_limit(2**31 - 1)
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    return _judged(path, rows, taxonomy, (annotator or "", utc_time(datetime.fromtimestamp(path.stat().st_mtime, UTC))))


def judged_sheet(
    path: Path, book: Any, rows_sheet: str, taxonomy: Taxonomy, saved: tuple[str, str]
) -> tuple[list[Row], int]:
    """The judged rows of an XLSX sample, by whom and when it was `saved`, and how many rows nobody judged."""
    if rows_sheet not in book.sheetnames:
        raise XunchaError(
            f"{path}: the sheet {quote(rows_sheet)} is missing, so the texts of this sample are not whole. Save it "
            "with all its sheets, or draw it again: xuncha sample SCORED -o FILE --seed N."
        )
    parts: dict[str, str] = {}
    for number, part, *_ in book[rows_sheet].iter_rows(values_only=True):
        parts[str(number)] = parts.get(str(number), "") + str(part or "")
    lines = book[SHEET].iter_rows(values_only=True)
    header = [plain_name(str(cell or "")) for cell in next(lines, ())]
    cells = (dict(zip(header, line, strict=False)) for line in lines if any(cell is not None for cell in line))
    return _judged(path, ({**one, ITEM: parts.get(str(one.get(NUMBER)))} for one in cells), taxonomy, saved)


def _objects(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            found = load_json(f"{path}:{number}", line)
            if not isinstance(found, dict):
                raise XunchaError(f"{path}:{number}: not a JSON object, so this is no row of a sample.")
            yield found


def _judged(
    path: Path, rows: Iterator[Mapping[str, Any]], taxonomy: Taxonomy, saved: tuple[str, str]
) -> tuple[list[Row], int]:
    found: list[Row] = []
    undecided = 0
    for number, cells in enumerate(rows, 1):
        where = f"{path}: row {number}"
        said = {plain_name(name): str("" if cell is None else cell).strip() for name, cell in cells.items() if name}
        words = {name.removeprefix(JUDGED): word for name, word in said.items() if name.startswith(JUDGED)}
        if not words or not said.get(ITEM):
            lacks = ITEM if words else f"{JUDGED}<label>"
            raise XunchaError(
                f"{where}: {lacks} is missing, so this is no whole sample. Draw one with xuncha sample SCORED -o FILE."
            )
        labels = {label: verdict(f"{where}, {JUDGED}{label}", word) for label, word in words.items() if word}
        if not labels:
            undecided += 1
            continue
        if not saved[0]:
            raise XunchaError(
                f"{path}: nobody is named. Name who judged: xuncha labels decisions FILE --annotator NAME -o ROWS."
            )
        item = load_json(f"{where}, {ITEM}", said[ITEM])
        row = row_from_json(
            f"{where}, {ITEM}", {**item, "labels": labels} if isinstance(item, dict) else item, taxonomy
        )
        found.append(replace(row, annotator=saved[0], judged_at=saved[1]))
    return found, undecided


def item_text(item: Mapping[str, object]) -> str:
    """A row's JSON for a cell: ASCII, so that no program or encoding changes it."""
    return json.dumps(item).replace("_", "\\u005f")


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise XunchaError(f"{path}: neither UTF-8 nor GB18030. Save the file as UTF-8.")


def utc_time(moment: datetime) -> str:
    """A moment as rows write it: ISO 8601, UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
