import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.labels.drawn_rows import KNOWN, any_row
from xuncha.labels import Row, XunchaError, read_rows, write_rows
from xuncha.labels.io import read_entries

MakeRow = Callable[..., Row]


@settings(max_examples=60, deadline=None)
@given(st.lists(any_row(), max_size=4, unique_by=lambda row: row.id), st.sampled_from(["", ".gz"]))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], packed: str) -> None:
    path = tmp_path_factory.mktemp("rows") / f"rows.jsonl{packed}"
    assert write_rows(path, rows) == len(rows)
    assert list(read_rows(path, KNOWN)) == rows


def test_the_same_rows_give_the_same_bytes_with_set_fields_only(tmp_path: Path, make_row: MakeRow) -> None:
    row = make_row("1", "锁❤", labels={"off_platform": None})
    for name in ("a.jsonl.gz", "b.jsonl.gz", "c.jsonl"):
        write_rows(tmp_path / name, [row])
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    assert (tmp_path / "c.jsonl").read_text("utf-8") == (
        '{"id": "1", "text": "锁❤", "source": "listing", "labels": {"off_platform": null}}\n'
    )


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, make_row: MakeRow) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [make_row("1", "旧")])
    old = path.read_bytes()

    def rows() -> Iterator[Row]:
        yield make_row("2", "新")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_rows(path, rows())
    with pytest.raises(XunchaError, match='row "3" holds a lone surrogate'):
        write_rows(path, [make_row("3", "\ud83d")])
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["rows.jsonl"]


def test_rewriting_keeps_permissions_and_links(tmp_path: Path, make_row: MakeRow) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    write_rows(real, [make_row("1", "一")])
    real.chmod(0o640)
    link.symlink_to(real)
    write_rows(link, [make_row("2", "二")])
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert [row.id for row in read_rows(real, KNOWN)] == ["2"]


def test_a_file_may_be_read_and_rewritten_at_once(tmp_path: Path, make_row: MakeRow) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [make_row(str(number), "一") for number in range(50)])
    write_rows(path, (replace(row, split="dev") for row in read_rows(path, KNOWN)))
    assert [row.split for row in read_rows(path, KNOWN)] == ["dev"] * 50


def test_writing_into_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(XunchaError) as caught:
        write_rows(tmp_path / "no" / "rows.jsonl", [])
    said = f"{tmp_path}/no/rows.jsonl: the folder {tmp_path}/no does not exist. Make it first: mkdir -p."
    assert str(caught.value) == said


def test_a_folder_is_read_sorted_and_an_id_stands_once(tmp_path: Path, make_row: MakeRow) -> None:
    write_rows(tmp_path / "b.jsonl", [make_row("2", "二")])
    write_rows(tmp_path / "a.jsonl.gz", [make_row("1", "一")])
    (tmp_path / "README.md").write_text("no rows")
    assert [row.id for row in read_rows(tmp_path, KNOWN)] == ["1", "2"]
    write_rows(tmp_path / "c.jsonl", [make_row("1", "三")])
    with pytest.raises(XunchaError) as caught:
        list(read_rows(tmp_path, KNOWN))
    assert str(caught.value) == (f'{tmp_path}/c.jsonl:1: id "1" stood before, at {tmp_path}/a.jsonl.gz:1. Rename one.')


def test_a_folder_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(XunchaError, match=r"this folder holds no \*\.jsonl file\. Name a file, or another folder"):
        list(read_rows(tmp_path, KNOWN))


def test_byte_order_mark_blank_lines_and_line_separators_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    line = '{"id": "1", "text": "一\u2028二", "source": "speech", "labels": {}}'
    path.write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n  \n")
    assert [row.text for row in read_rows(path, KNOWN)] == ["一\u2028二"]


@pytest.mark.parametrize(("mark", "byte"), [(b"", 8), (b"\xef\xbb\xbf", 11)])
def test_bytes_that_are_not_utf8_are_named_by_offset(tmp_path: Path, mark: bytes, byte: int) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(mark + b'\n\n{"id":\xff\n')
    with pytest.raises(XunchaError) as caught:
        list(read_rows(path, KNOWN))
    assert str(caught.value) == f"{path}:3: not UTF-8 at byte {byte} of the file. Save the file as UTF-8."


@pytest.mark.parametrize("broken", [b"no gzip", gzip.compress(b"{}\n" * 99)[:-9]])
def test_a_broken_gzip_file_is_one_sentence(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(broken)
    with pytest.raises(XunchaError, match=r"rows\.jsonl\.gz: not a whole gzip file: .*\. Fetch or compress"):
        list(read_entries([path], KNOWN))


def test_a_bad_line_is_an_entry_and_the_next_is_still_read(tmp_path: Path, make_row: MakeRow) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [make_row("1", "一")])
    path.write_text("{\n" + path.read_text("utf-8") + "\n[]\n", "utf-8")
    first, second, third = read_entries([path], KNOWN)
    assert isinstance(first.row, XunchaError)
    assert isinstance(second.row, Row)
    assert second.where == f"{path}:2"
    assert str(third.row) == f"{path}:4: must be an object with the keys id, text, source, labels; got a list."


def good() -> dict[str, Any]:
    span = {"start": 0, "end": 2, "label": "off_platform", "reason": "contact"}
    return {"id": "1", "text": "加薇", "source": "listing", "labels": {"off_platform": True}, "spans": [span]}


def row_with(**changes: Any) -> str:
    return json.dumps({**good(), **changes})


def span_with(**changes: Any) -> str:
    return row_with(spans=[{**good()["spans"][0], **changes}])


def row_without(field: str) -> str:
    return json.dumps({key: value for key, value in good().items() if key != field})


LIST = "`xuncha labels list` shows all."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "1"', "not valid JSON: Expecting ',' delimiter at column 11."),
        ('{"id": "1", "id": "2"}', 'not valid JSON: the key "id" stands twice.'),
        ('{"id": NaN}', "not valid JSON: NaN is not a JSON number."),
        ("[" * 200_000, "not valid JSON: nested too deep."),
        ('"text"', 'must be an object with the keys id, text, source, labels; got "text".'),
        (row_without("text"), 'field "text" is missing. Add it.'),
        (row_without("labels"), 'field "labels" is missing. Add it.'),
        (row_with(lable={}), 'unknown field "lable". Did you mean "labels"?'),
        (row_with(text=7), 'field "text" must be a string; got 7.'),
        (row_with(text=" \n"), 'field "text" is empty. Give it a value or take the row or key out.'),
        (
            row_with(text="\ud83d好"),
            'field "text" holds a lone surrogate, U+D83D at character 0. Write the whole character.',
        ),
        (
            row_with(source="speach"),
            'source "speach" is unknown. Did you mean "speech"? Allowed: listing, speech, comment.',
        ),
        (row_with(labels=[]), 'field "labels" must map label ids to true, false or null; got a list.'),
        (
            row_with(labels={"off_platform": 1}),
            'label "off_platform" is 1. Write true, false, or null for not judged.',
        ),
        (
            row_with(labels={"offplatform": True}),
            f'label "offplatform" is not in the taxonomy. Did you mean "off_platform"? {LIST}',
        ),
        (row_with(spans={}), 'field "spans" must be a list; got an object.'),
        (
            span_with(label="诈骗"),
            f'spans[0]: label "诈骗" is not in the taxonomy. {LIST} A taxonomy of your own is given with --taxonomy.',
        ),
        (
            span_with(reason="contct"),
            f'spans[0]: reason "contct" is not in the taxonomy. Did you mean "contact"? {LIST}',
        ),
        (
            span_with(reason="efficacy"),
            'spans[0]: reason "efficacy" belongs to label "exaggerated", not to "off_platform". Change either.',
        ),
        (
            span_with(end=3),
            "spans[0]: 0–3 is outside the text, which has 2 characters (code points). Mend start and end.",
        ),
        (
            span_with(start=-1),
            "spans[0]: -1–2 is outside the text, which has 2 characters (code points). Mend start and end.",
        ),
        (span_with(start=2), "spans[0]: 2–2 is empty. end is exclusive and must be greater than start."),
        (span_with(end=True), 'spans[0]: field "end" must be a whole number of code points; got true.'),
        (span_with(end=1.0), 'spans[0]: field "end" must be a whole number of code points; got 1.0.'),
        (span_with(text="加薇"), 'spans[0]: unknown field "text". Allowed: start, end, label, reason.'),
        (
            row_with(labels={"off_platform": None}),
            'spans[0]: label "off_platform" has a span but is null in labels. Set it true or drop the span.',
        ),
        (
            row_with(labels={}),
            'spans[0]: label "off_platform" has a span but is absent in labels. Set it true or drop the span.',
        ),
        (
            row_with(split="training"),
            'split "training" is unknown. Did you mean "train"? Allowed: train, dev, test.',
        ),
    ],
)
def test_a_bad_row_is_named_by_file_line_field_and_fix(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(XunchaError) as caught:
        list(read_rows(path, KNOWN))
    assert str(caught.value) == f"{path}:2: {said}"


def test_null_in_an_optional_field_counts_as_absent(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(row_with(kind=None, origin=None, split=None), "utf-8")
    (row,) = read_rows(path, KNOWN)
    assert (row.kind, row.origin, row.split) == (None, "", None)


def test_a_true_label_without_a_span_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(row_without("spans"), "utf-8")
    assert [row.spans for row in read_rows(path, KNOWN)] == [()]
