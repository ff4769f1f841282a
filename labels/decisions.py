"""Decisions of reviewers read back as labelled rows: from the report page's download and from the review workbook."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.io import STDIO, read_rows
from xuncha.labels.judged import SHEET, is_sample, judged_file, judged_sheet, utc_time
from xuncha.labels.record import row_from_json
from xuncha.labels.rows import Row
from xuncha.labels.strict import load_json
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from openpyxl import Workbook

CONFIRM, OVERTURN, UNSURE = "确认违规", "推翻", "存疑"
"""What a decision cell may say of all flags of its row."""

ONLY = "仅确认："
"""Before a label's Chinese name: that flag holds, the row's others do not."""

REVIEW_SHEET, ROWS_SHEET = "复核", "_rows"
"""The sheet where decisions stand, and the hidden one that keeps each row's text and evidence as JSON, in parts."""

DECISION, REVIEWER, KEY = "判定", "审核人", "编号"
"""Headings of the columns that are read back, in the first row of the sheet."""

EARLIER = "上次判定时间"
"""Heading of the column that shows when a decision was made that the workbook was written with."""

_ENGLISH = {"confirm": CONFIRM, "overturn": OVERTURN, "unsure": UNSURE}
_LARGEST = 1 << 31  # bytes, unpacked


@dataclass(frozen=True, slots=True)
class Decisions:
    """Labelled rows in the order of their files, and how many flags were confirmed, overturned, left unsure.

    A row of the workbook without a decision is none of them; `undecided` counts those.
    """

    rows: tuple[Row, ...]
    confirmed: int
    overturned: int
    unsure: int
    undecided: int


def read_decisions(paths: Iterable[Path], taxonomy: Taxonomy, annotator: str | None = None) -> Decisions:
    """Every decision in downloads of the report page (.jsonl), review workbooks (.xlsx) and judged samples.

    A workbook's rows are judged by whom its reviewer column names, else by `annotator`, else by whoever saved it
    last, at the time when it was saved; a decision that the workbook was written with and nobody changed keeps who and
    when. Raises `XunchaError` naming file, row and fix; also for a row that two files
    decide differently; the same decision in two files is read once.
    """
    rows: list[Row] = []
    seen: dict[str, tuple[Path, Row]] = {}
    undecided = 0
    for path in paths:
        left = 0
        if path.suffix.lower() == ".xlsx":
            found, left = _workbook_rows(path, taxonomy, annotator)
        elif path.suffix.lower() in (".csv", ".tsv") or (path.suffix.lower() == ".jsonl" and is_sample(path)):
            found, left = judged_file(path, taxonomy, annotator)
        elif path == STDIO or path.name.endswith((".jsonl", ".jsonl.gz")):
            found = list(read_rows(path, taxonomy))
        else:
            raise XunchaError(
                f"{path}: decisions are read from the report page's .jsonl, a review .xlsx, or a judged sample (.xlsx, "
                ".csv, .tsv, .jsonl)."
            )
        undecided += left
        for row in found:
            before, same = seen.setdefault(row.id, (path, row))
            if same is row:
                rows.append(row)
            elif same != row:
                raise XunchaError(
                    f"{path}: row {quote(row.id)} is decided differently in {before}. Leave one of them out."
                )
    counts = Counter(judged for row in rows for judged in row.labels.values())
    return Decisions(tuple(rows), counts[True], counts[False], counts[None], undecided)


def decide(row: Row, verdicts: Mapping[str, bool | None]) -> Row:
    """`row`, whose labels say what is asked, with a verdict on each; evidence stays where the flag is confirmed."""
    labels = {label: verdicts[label] for label in row.labels}
    return replace(row, labels=labels, spans=tuple(span for span in row.spans if labels[span.label]))


def choices(taxonomy: Taxonomy) -> tuple[str, ...]:
    """What a decision cell may say."""
    several = taxonomy.labels if len(taxonomy.labels) > 1 else ()
    return (CONFIRM, OVERTURN, UNSURE, *(f"{ONLY}{label.name_zh}" for label in several))


def _workbook_rows(path: Path, taxonomy: Taxonomy, annotator: str | None) -> tuple[list[Row], int]:
    book = open_workbook(path)
    try:
        saved = book.properties.modified or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        at = utc_time(saved.replace(tzinfo=saved.tzinfo or UTC))
        last = annotator or book.properties.lastModifiedBy or book.properties.creator or ""
        if REVIEW_SHEET not in book.sheetnames and SHEET in book.sheetnames:
            return judged_sheet(path, book, ROWS_SHEET, taxonomy, (last, at))
        for sheet in (REVIEW_SHEET, ROWS_SHEET):
            if sheet not in book.sheetnames:
                raise XunchaError(
                    f"{path}: the sheet {quote(sheet)} is missing, so this is no whole review workbook. Save it with "
                    "all its sheets, from the program it was reviewed in."
                )
        asked, known = _asked(path, book, taxonomy)
        return _decided(path, _cells(path, book), (asked, known), taxonomy, (last, at))
    finally:
        book.close()


def _decided(
    path: Path,
    cells: Iterable[tuple[int, str, str, str]],
    kept: tuple[dict[str, list[Row]], dict[str, Mapping[str, Any]]],
    taxonomy: Taxonomy,
    saved: tuple[str, str],
) -> tuple[list[Row], int]:
    rows: list[Row] = []
    seen: dict[str, int] = {}
    asked, known = kept
    undecided = 0
    for number, decision, reviewer, key in cells:
        where = f"{path}: {REVIEW_SHEET}, row {number}"
        if not decision:
            undecided += bool(key)
            continue
        if key not in asked:
            raise XunchaError(f"{where}: the {KEY} {quote(key)} is not one of this workbook's. Restore the cell.")
        if key in seen:
            raise XunchaError(f"{where}: the {KEY} {quote(key)} stands in row {seen[key]} too. Take one out.")
        seen[key] = number
        before = known.get(key, {})
        if (decision, reviewer) == (before.get("decision"), before.get("reviewer")):
            rows += [
                replace(decide(row, before["verdicts"]), annotator=before["annotator"], judged_at=before["at"] or None)
                for row in asked[key]
            ]
            continue
        who = reviewer or saved[0]
        if not who:
            raise XunchaError(f"{where}: nobody is named. Fill in {REVIEWER}, or give --annotator.")
        labels = {label for row in asked[key] for label in row.labels}
        verdicts = _verdicts(where, decision, labels, taxonomy)
        rows += [replace(decide(row, verdicts), annotator=who, judged_at=saved[1]) for row in asked[key]]
    return rows, undecided


def _verdicts(where: str, decision: str, labels: Collection[str], taxonomy: Taxonomy) -> dict[str, bool | None]:
    plain = _ENGLISH.get(decision.lower(), decision)
    simple: dict[str, bool | None] = {CONFIRM: True, OVERTURN: False, UNSURE: None}
    if plain in simple:
        return dict.fromkeys(labels, simple[plain])
    only = plain.replace("仅确认:", ONLY).removeprefix(ONLY)
    holding = {label for label in labels if only in (label, taxonomy.label(label).name_zh)}
    other = next((one.name_zh for one in taxonomy.labels if only in (one.id, one.name_zh)), "")
    if plain != only and other and not holding:
        own = "、".join(taxonomy.label(label).name_zh for label in taxonomy.label_ids if label in labels)
        raise XunchaError(
            f"{where}: {quote(decision)} does not fit: this row is not flagged for {other}, only for {own}. Choose "
            f"{CONFIRM}, {OVERTURN} or {UNSURE}."
        )
    if plain == only or not holding:
        known = choices(taxonomy)
        hint = did_you_mean(decision, known)
        raise XunchaError(f"{where}: the decision {quote(decision)} is none.{hint} Choose {', '.join(known)}.")
    return {label: label in holding for label in labels}


def _cells(path: Path, book: Workbook) -> Iterator[tuple[int, str, str, str]]:
    """Row number, decision, reviewer and key of every row of the review sheet."""
    rows = book[REVIEW_SHEET].iter_rows(values_only=True)
    header = [_text(cell) for cell in next(rows, ())]
    places = {}
    for name in (DECISION, REVIEWER, KEY):
        if name not in header:
            raise XunchaError(f"{path}: {REVIEW_SHEET}: the heading {quote(name)} is missing from row 1. Restore it.")
        places[name] = header.index(name)
    for number, row in enumerate(rows, start=2):
        yield number, *(_text(row[at] if at < len(row) else None) for at in places.values())  # type: ignore[misc]


def _asked(path: Path, book: Workbook, taxonomy: Taxonomy) -> tuple[dict[str, list[Row]], dict[str, Mapping[str, Any]]]:
    """The rows that a decision on each key makes, and what the workbook was written with for a key."""
    parts: dict[str, list[str]] = {}
    known: dict[str, Mapping[str, Any]] = {}
    for key, part, *more in book[ROWS_SHEET].iter_rows(values_only=True):
        if key is None:
            continue
        parts.setdefault(_text(key), []).append(part if isinstance(part, str) else "")
        if more and more[0]:
            before = load_json(f"{path}: {ROWS_SHEET}, {key}", _text(more[0]))
            if isinstance(before, dict):
                known[_text(key)] = before
    asked = {}
    for key, found in parts.items():
        where = f"{path}: {ROWS_SHEET}, {key}"
        value = load_json(where, "".join(found))
        asked[key] = [row_from_json(where, one, taxonomy) for one in (value if isinstance(value, list) else [value])]
    return asked, known


def row_parts(text: str, size: int = 30_000) -> Sequence[str]:
    """`text` in parts that a cell can hold."""
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def open_workbook(path: Path) -> Any:
    """The workbook at `path`, to be closed by the caller. Raises `XunchaError` if it is none, or unpacks too far."""
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(one.file_size for one in packed.infolist())
        if size > _LARGEST:
            raise XunchaError(f"{path}: it unpacks to {size:,} bytes, which no review workbook does. Check the file.")
        from openpyxl import load_workbook

        return load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise XunchaError(f"{path}: not a whole XLSX file ({error}). Save or fetch it again.") from None
