"""Files as other tools and people write them: rows; files that are broken: one sentence that says what to mend."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xuncha.labels import Row, Source, Span, Taxonomy, XunchaError
from xuncha.labels.files import LINE_LIMIT
from xuncha.labels.interchange import Format, Others, Reading, format_of, read_any, sniff, write_any
from xuncha.labels.interchange.label_studio import labeling_config

KNOWN = Taxonomy.load()
COMMENT = Reading(source=Source.COMMENT)


def read(path: Path, reading: Reading = COMMENT) -> list[Row]:
    found = []
    for _, row in read_any(path, KNOWN, reading, sniff(path, KNOWN)):
        if isinstance(row, XunchaError):
            raise row
        found.append(row)
    return found


def error(path: Path, reading: Reading = COMMENT) -> str:
    with pytest.raises(XunchaError) as caught:
        read(path, reading)
    return str(caught.value).replace(str(path), "F")


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def save(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return save


Save = Callable[[str, str | bytes], Path]


def task(*results: dict[str, Any], text: str = "😂加薇看货", **more: Any) -> str:
    annotation = {"id": 5, "completed_by": {"email": "anna@example.com"}, "created_at": "2026-01-02T03:04:05Z"}
    annotation |= {"last_action": "submitted", "lead_time": 3.2, "result": list(results)}
    return json.dumps([{"id": 17, "data": {"text": text, "price": 5}, "annotations": [annotation], **more}])


def region(start: int, end: int, words: str, mark: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": words, "labels": [mark]}
    return {"id": "x", "from_name": "ner", "to_name": "text", "type": "labels", "value": value}


def test_a_label_studio_export_becomes_rows_with_annotator_and_time(saved: Save) -> None:
    chosen = {"type": "choices", "from_name": "which", "to_name": "text", "value": {"choices": ["站外引流"]}}
    (row,) = read(saved("tasks.json", task(chosen, region(1, 3, "加薇", "contact"))))
    assert row == Row(
        "tasks-17", "😂加薇看货", Source.COMMENT, {"off_platform": True}, (Span(1, 3, "off_platform", "contact"),),
        annotator="anna@example.com", judged_at="2026-01-02T03:04:05Z",
        meta={"price": 5, "label_studio": {"task": 17, "lead_time": 3.2}},
    )  # fmt: skip


def test_offsets_in_utf16_units_are_known_by_the_words_they_name(saved: Save) -> None:
    (row,) = read(saved("tasks.json", task(region(2, 4, "加薇", "off_platform/contact"))))
    assert row.spans == (Span(1, 3, "off_platform", "contact"),)


def test_a_multiple_choice_can_say_what_does_not_hold(saved: Save) -> None:
    chosen = {"type": "choices", "from_name": "which", "to_name": "text", "value": {"choices": ["off_platform"]}}
    path = saved("tasks.json", task(chosen))
    assert read(path)[0].labels == {"off_platform": True}
    every = Reading(source=Source.COMMENT, unchosen_false=True)
    assert read(path, every)[0].labels == {"off_platform": True, "exaggerated": False}


def test_each_annotation_of_a_task_is_a_row_and_a_cancelled_one_is_none(saved: Save) -> None:
    two = json.loads(task(region(1, 3, "加薇", "contact")))
    two[0]["annotations"] += [{"completed_by": 7, "last_action": "submitted", "result": []}, {"was_cancelled": True}]
    first, second = read(saved("tasks.json", json.dumps(two)))
    assert (first.id, second.id, second.annotator, second.labels) == ("tasks-17", "tasks-17#2", "7", {})


@pytest.mark.parametrize(
    ("more", "annotator"),
    [
        ({}, "nano@1"),
        ({"last_action": "imported"}, "nano@1"),
        ({"last_action": "updated"}, "7"),
        ({"lead_time": 2}, "7"),
    ],
)
def test_who_imports_an_annotation_is_not_its_annotator(saved: Save, more: dict[str, Any], annotator: str) -> None:
    given = {
        "data": {"text": "加薇", "annotator": "nano@1"},
        "annotations": [{"completed_by": 7, "result": [], **more}],
    }
    assert read(saved("tasks.json", json.dumps([given])))[0].annotator == annotator


def test_results_that_rows_have_no_field_for_come_back(saved: Save, tmp_path: Path) -> None:
    note = {"type": "textarea", "from_name": "note", "to_name": "text", "value": {"text": ["看不清"]}}
    rows = read(saved("tasks.json", task(note)))
    write_any(tmp_path / "again.json", rows)
    again = json.loads((tmp_path / "again.json").read_text("utf-8"))
    assert again[0]["annotations"][0]["result"] == [note]


def test_the_labeling_interface_names_every_label_and_reason() -> None:
    config = labeling_config(KNOWN)
    assert '<Label value="off_platform/contact" hint="站外引流 联系方式"/>' in config
    assert all(f'<Choices name="{label}"' in config for label in KNOWN.label_ids)


@pytest.mark.parametrize(
    ("line", "labels", "spans"),
    [
        ({"text": "加薇", "label": [[0, 2, "contact"]]}, {"off_platform": True}, 1),
        ({"text": "加薇", "label": ["off_platform"]}, {"off_platform": True}, 0),
        ({"text": "加薇", "label": ["off_platform=false"], "Comments": []}, {"off_platform": False}, 0),
        (
            {
                "text": "加薇",
                "entities": [{"id": 1, "label": "导流", "start_offset": 0, "end_offset": 2}],
                "relations": [],
            },
            {"off_platform": True},
            1,
        ),
    ],
)
def test_doccano_exports_of_every_kind_are_read(
    saved: Save, line: dict[str, Any], labels: dict[str, bool], spans: int
) -> None:
    (row,) = read(saved("export.jsonl", json.dumps({"id": 3, **line}) + "\n"))
    assert (row.id, row.labels, len(row.spans)) == ("3", labels, spans)


def test_a_plain_table_becomes_unlabelled_rows(saved: Save) -> None:
    path = saved("listings.csv", "标题,价格\n加薇看货,5\n\n全新,7\n")
    reading = Reading(source=Source.LISTING, text_column="标题", others=Others.META, origin="shop")
    assert read(path, reading) == [
        Row("listings-1", "加薇看货", Source.LISTING, {}, origin="shop", meta={"价格": "5"}),
        Row("listings-2", "全新", Source.LISTING, {}, origin="shop", meta={"价格": "7"}),
    ]


def test_what_xuncha_score_writes_becomes_rows_as_the_model_would_write_them(saved: Save) -> None:
    piece = {"label": "off_platform", "reason": "contact", "start": 0, "end": 2, "text": "加薇", "rule": "A1"}
    scored = {"id": "7", "text": "加薇看货", "score_off_platform": 0.9, "score_exaggerated": 0.1}
    scored |= {"flag_off_platform": True, "flag_exaggerated": False, "evidence": [piece], "status": "ok"}
    (row,) = read(saved("scored.jsonl", json.dumps({**scored, "model": "nano@1234"}) + "\n"))
    assert row.labels == {"off_platform": True, "exaggerated": False}
    assert (row.spans, row.annotator) == ((Span(0, 2, "off_platform", "contact"),), "nano@1234")
    assert row.meta == {"scores": {"off_platform": 0.9, "exaggerated": 0.1}}


HEAD = "id,text,source,label_off_platform,spans\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "F: the file is empty. The first line must name the columns."),
        ("a.csv", "id,id\n", 'F:1: the column "id" stands twice. Rename one.'),
        (
            "a.csv",
            "id,texts,source\n",
            'F:1: there is no column "text". Did you mean "texts"? Columns: "id", "texts", "source". '
            "Name the one with the text by --text-column.",
        ),
        (
            "a.csv",
            "id,text,lable_exaggerated\n",
            'F:1: unknown column "lable_exaggerated". Did you mean "label_exaggerated"? Rename it, or give '
            "--other-columns meta to keep such columns, drop to leave them out.",
        ),
        (
            "a.csv",
            HEAD + "1,加薇,comment\n",
            "F:2: holds 3 cells, but the first line names 5 columns. Mend its quotes or separators.",
        ),
        (
            "a.csv",
            HEAD + '1,"加\n薇",comment,maybe,\n',
            'F:2: column "label_off_platform" is "maybe". Write true, false, or nothing for not judged.',
        ),
        ("a.csv", HEAD + '1,"加薇\n', "F:2: not valid CSV: a quote is not closed. Mend the quotes of this record."),
        (
            "a.csv",
            HEAD.encode() + b"1,\x00,comment,,\n",
            "F:2: holds a NUL byte, so it is no plain text. Save it as CSV in UTF-8.",
        ),
        (
            "a.csv",
            HEAD.encode() + b"1,\xff\xff",
            "F:2: not UTF-8 at byte 42 of the file. Save the file as UTF-8. Or name its encoding, for example "
            "--encoding big5.",
        ),
        (
            "a.csv",
            HEAD + '1,加薇,comment,true,"[{""start"": 1, ""end"": 2, ""label"": ""off_platform"", '
            '""reason"": ""contact"", ""text"": ""加薇""}]"\n',
            'F:2: spans[0]: at 1–2 stands "薇", not "加薇"; they stand at 0–2. Mend start and end, or mark the '
            "evidence anew.",
        ),
        ("a.csv", HEAD + "1,加薇,comment,true,[{]\n", 'F:2: column "spans": not valid JSON: Expecting property name '
         "enclosed in double quotes at column 3."),
        ("a.csv", HEAD + "1,加薇,shop,,\n", 'F:2: source "shop" is unknown. Allowed: listing, speech, comment.'),
        (
            "a.jsonl",
            b'{"id": "1", "text": "\x00"}\n',
            "F:1: not valid JSON: Invalid control character at column 22.",
        ),
        (
            "a.json",
            task(region(1, 3, "加薇", "exaggerated/contact")),
            'F: task 1: result[0]: mark "exaggerated/contact" is no reason. Did you mean "exaggerated/efficacy"? '
            "`xuncha labels list` shows all.",
        ),
        ("a.json", "{}", "F: must be a list of tasks; got an object. Export from Label Studio as JSON."),
        (
            "a.json",
            '[{"id": 1, "text": "加薇", "choices": "off_platform"}]',
            'F: task 1: must be an object with "data"; export from Label Studio as JSON, not as JSON-MIN or CSV.',
        ),
        (
            "a.json",
            task(region(0, 2, "加薇", "contact"), text="别的文字"),
            'F: task 1: result[0]: at 0–2 stands "别的", not "加薇". Was the text changed after it was labelled? '
            "Mark the evidence anew.",
        ),
        (
            "a.json",
            task(region(1, 3, "加薇", "contcat")),
            'F: task 1: result[0]: mark "contcat" is no reason. Did you mean "contact"? `xuncha labels list` '
            "shows all.",
        ),
        (
            "a.json",
            task(region(1, 3, "加薇", "off_platform")),
            'F: task 1: result[0]: "off_platform" does not say which reason. Mark spans as one of '
            "off_platform/contact, off_platform/redirect, off_platform/private_deal.",
        ),
        (
            "a.jsonl",
            '{"text": "加薇", "label": ["off_platfrom"]}\n',
            'F:1: choice "off_platfrom" is no label. Did you mean "off_platform"? `xuncha labels list` shows all.',
        ),
        (
            "a.jsonl",
            '{"text": "加薇", "cats": [], "entities": [[0, 9, "contact"]]}\n',
            "F:1: spans[0]: 0–9 is outside the text, which has 2 characters (code points). Mend start and end.",
        ),
        ("a.parquet", "no parquet", "F: not a whole Parquet file: Parquet magic bytes not found in footer. Either the "
         "file is corrupted or this is not a parquet file. Write it again."),
        ("a.xlsx", "no workbook", "F: not a whole XLSX workbook: File is not a zip file. Save it as .xlsx again."),
        ("a.csv.gz", gzip.compress(b"id,text\n")[:-9], "F: not a whole gzip file: Compressed file ended before the "
         "end-of-stream marker was reached. Fetch or compress it again."),
    ],
)  # fmt: skip
def test_a_poisoned_file_gives_one_sentence(saved: Save, name: str, content: str | bytes, said: str) -> None:
    assert error(saved(name, content)) == said


def test_a_huge_line_is_an_error_of_its_own_and_is_not_held(saved: Save) -> None:
    row = '{"id": "1", "text": "加薇", "source": "comment", "labels": {}}\n'
    path = saved("a.jsonl", "x" * (3 * LINE_LIMIT) + "\n" + row)
    huge, fine = read_any(path, KNOWN, given=Format.ROWS)
    assert str(huge[1]) == f"{path}:1: the line is longer than 16 MiB. Mend it or take it out."
    assert fine[0] == f"{path}:2" and isinstance(fine[1], Row)


def workbook(path: Path, *cells: object) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["id", "text", "source", "label_off_platform"])
    book.active.append(list(cells))
    book.save(path)
    return path


def test_digits_that_a_spreadsheet_made_numbers_of_are_read(tmp_path: Path) -> None:
    (row,) = read(workbook(tmp_path / "a.xlsx", 7, 13800138000, "comment", 1))
    assert (row.id, row.text, row.labels) == ("7", "13800138000", {"off_platform": True})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("=1+1", "F:2: cell B2 holds a formula. Paste it as a value, formatted as text."),
        (True, 'F:2: column "text" is true, not text. Format the column as text.'),
        (1.5, 'F:2: column "text" is 1.5, not text. Format the column as text.'),
    ],
)
def test_a_cell_that_is_no_text_is_named(tmp_path: Path, value: object, said: str) -> None:
    assert error(workbook(tmp_path / "a.xlsx", "1", value, "comment", None)) == said


def test_a_date_that_a_spreadsheet_made_of_text_is_named(tmp_path: Path) -> None:
    from datetime import datetime

    path = workbook(tmp_path / "a.xlsx", "1", datetime(2021, 12, 14), "comment", None)
    assert error(path) == "F:2: cell B2 is a date. Format the column as text and write it again."


def test_another_column_named_text_is_not_lost_when_the_text_stands_elsewhere(saved: Save) -> None:
    path = saved("a.csv", "标题,text\n加薇,说明\n")
    assert "unknown column" in error(path, Reading(source=Source.COMMENT, text_column="标题"))
    (row,) = read(path, Reading(source=Source.COMMENT, text_column="标题", others=Others.META))
    assert (row.text, row.meta) == ("加薇", {"text": "说明"})


def test_an_encoding_that_is_none_is_refused(saved: Save) -> None:
    said = error(saved("a.csv", "text\n加薇\n"), Reading(source=Source.COMMENT, encoding="utf-16"))
    assert said == 'F: "utf-16" is no encoding of a CSV file here. Give utf-8, gb18030 or big5.'


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_gb18030_and_utf8_are_told_apart(saved: Save, encoding: str) -> None:
    content = "text,备注\n" + "a,b\n" * 3 + "加薇看货,老客户\n"
    reading = Reading(source=Source.COMMENT, others=Others.META)
    found = read(saved("odd.csv", content.encode(encoding)), reading)
    assert [(row.text, dict(row.meta)) for row in found[-1:]] == [("加薇看货", {"备注": "老客户"})]
    assert len(found) == 4


def test_other_encodings_are_named_and_not_guessed_at(saved: Save) -> None:
    path = saved("odd.csv", "text,source\n加微信看貨,comment\n團購優惠,comment\n".encode("big5"))
    assert error(path).startswith("F:2: not UTF-8 at byte 12 of the file. ")
    assert [row.text for row in read(path, Reading(encoding="big5"))] == ["加微信看貨", "團購優惠"]


def test_gb18030_is_read_when_it_is_said(saved: Save) -> None:
    path = saved("a.csv", "text\n加薇\n".encode("gb18030"))
    assert read(path, Reading(source=Source.COMMENT, encoding="gb18030"))[0].text == "加薇"


def test_a_name_that_tells_no_format_is_refused() -> None:
    with pytest.raises(XunchaError) as caught:
        format_of(Path("rows.xls"))
    assert str(caught.value) == (
        'rows.xls: the name tells no format. Did you mean ".xlsx"? Known are .jsonl, .csv, .tsv, .xlsx, .parquet, '
        ".json; or give --from or --to."
    )
