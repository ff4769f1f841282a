"""Rows go into every format and come back as they were, whatever stands in them."""

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.labels.drawn_rows import KNOWN, any_row, words
from xuncha.labels import Row, Source, Span, XunchaError, read_rows, write_rows
from xuncha.labels.interchange import Format, Reading, Writing, read_any, sniff, write_any

rows_of = st.lists(any_row(), max_size=3, unique_by=lambda row: row.id)
quiet = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_back(path: Path, reading: Reading | None = None) -> list[Row]:
    found = [row for _, row in read_any(path, KNOWN, reading or Reading(), sniff(path, KNOWN))]
    for row in found:
        assert isinstance(row, Row), row
    return [row for row in found if isinstance(row, Row)]


@quiet
@given(rows_of, st.sampled_from(["a.csv", "a.csv.gz", "a.tsv", "a.xlsx", "a.parquet", "a.json", "a.jsonl"]))
def test_rows_come_back_from_every_format(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], name: str) -> None:
    path = tmp_path_factory.mktemp("rows") / name
    assert write_any(path, rows, KNOWN.label_ids) == len(rows)
    assert read_back(path) == rows


@quiet
@given(rows_of)
def test_rows_come_back_from_doccano(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    assert write_any(path, rows, given=Format.DOCCANO) == len(rows)
    assert read_back(path) == rows


@quiet
@given(rows_of)
def test_pre_annotations_come_back_from_label_studio(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.json"
    rows = [row for row in rows if row.annotator and any(judged is not None for judged in row.labels.values())]
    write_any(path, rows, writing=Writing(predictions=True))
    assert read_back(path, Reading(predictions=True)) == rows
    assert [row.labels for row in read_back(path) if any(value is not None for value in row.labels.values())] == []


@quiet
@given(words)
def test_no_cell_of_a_csv_can_be_taken_for_a_formula_or_a_control(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    write_any(path, [Row("1", text, Source.COMMENT, {}, meta={text: text})])
    with path.open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for line in csv.reader(stream) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert not [char for cell in cells for char in cell if ord(char) < 32 and char not in "\n\t"]


def test_the_committed_rows_survive_a_tour_of_all_formats(tmp_path: Path, data: Path) -> None:
    rows = [row for name in ("C1.jsonl", "P1.jsonl", "O2.jsonl") for row in read_rows(data / name, KNOWN)]
    there = rows
    for name, form in (
        ("a.csv", None), ("a.xlsx", None), ("a.parquet", None), ("a.json", None), ("a.jsonl", Format.DOCCANO),
    ):  # fmt: skip
        write_any(tmp_path / name, there, KNOWN.label_ids, given=form)
        there = read_back(tmp_path / name)
    write_rows(tmp_path / "b.jsonl", there)
    write_rows(tmp_path / "c.jsonl", rows)
    assert (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "c.jsonl").read_bytes()


def test_commands_read_tables_as_they_read_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    row = Row("1", "加薇", Source.SPEECH, {"off_platform": True}, (Span(0, 2, "off_platform", "contact"),))
    write_rows(path, [row])
    assert list(read_rows(path, KNOWN)) == [row]


def test_an_edited_cell_has_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_any(path, [Row("1", "=加薇", Source.SPEECH, {"exaggerated": None})], KNOWN.label_ids)
    path.write_text(path.read_text("utf-8").replace("'=加薇", "加薇"), "utf-8")
    assert [row.text for row in read_back(path)] == ["加薇"]
    assert isinstance(next(iter(read_any(path, KNOWN)))[1], Row)


def test_a_text_that_no_cell_can_hold_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    with pytest.raises(XunchaError) as caught:
        write_any(path, [Row("1", "长" * 32_768, Source.LISTING, {})])
    assert str(caught.value) == (
        f'{path}: row "1": text is 32,768 characters, and a cell holds 32,767. Write Parquet, CSV or JSONL instead.'
    )
    assert list(tmp_path.iterdir()) == []
