from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.json_values import dumps, kind, loads

if TYPE_CHECKING:
    from tests.serve.conftest import Run

LINE = (
    '{"id": 12345678901234567890123, "text":"加V",  "price": 1.50e+3, '
    '"tags": [1.0, {"b": "\\u4e00", "a": null}], "id2": -0.0}'
)


def test_objects_keep_their_characters_and_the_new_keys_follow(run: Run) -> None:
    scored = run.output("in.jsonl", (LINE + "\r\n").encode(), "out.jsonl").decode()
    assert scored.startswith(LINE[:-1] + ', "score_off_platform": 0.912346, "score_exaggerated": 0.1, "flag_off')
    assert scored.endswith('"status": "ok", "model": "fake@00000000"}\n')


def test_bad_lines_are_rows_with_a_status_in_their_place(run: Run) -> None:
    lines = [
        '{"text": "好"}',
        "{broken",
        "[1, 2]",
        '"text"',
        '{"text": "加V"}',
        "[" * 100_000,
        '{"text": 1}',
        '{"other": 1}',
    ]
    data = "\n".join(lines).encode() + b'\n{"text": "\xff"}\n'
    rows = run.rows("in.jsonl", data)
    assert [row["status"] for row in rows] == [
        "ok",
        "malformed: not JSON: Expecting property name enclosed in double quotes at column 2",
        "malformed: a JSON value, but not an object",
        "malformed: a JSON value, but not an object",
        "ok",
        "malformed: JSON nested too deep",
        "not_text",
        "empty",
        "malformed: some bytes do not fit the encoding",
    ]
    assert [rows[at]["_raw"] for at in (1, 2, 3)] == lines[1:4]
    assert rows[8]["_raw"] == '{"text": "\\xff"}'
    assert rows[4]["flag_off_platform"] is True


def test_deep_objects_are_refused_before_they_break_a_writer(run: Run) -> None:
    deep = '{"text": "好", "a": ' + "[" * 400 + "]" * 400 + "}"
    assert run.statuses("in.jsonl", f'{{"text": "好"}}\n{deep}\n'.encode()) == ["ok", "malformed: JSON nested too deep"]


def test_half_characters_harm_nothing(run: Run) -> None:
    data = b'{"text": "a\\ud800b", "x": "\\udc00"}\n{"\\ud800": 1, "text": "t"}\n'
    for out in ("out.jsonl", "out.csv", "out.parquet"):
        run.output("in.jsonl", data, out)
        assert run.summary.tally.statuses == {"not_text": 1, "malformed": 1}


def test_blank_lines_are_no_rows_and_an_empty_object_is_one(run: Run) -> None:
    assert run.output("in.jsonl", b'\n  \n{"text": "a"}\n{}\n', "out.jsonl").count(b"\n") == 2


def test_overwriting_puts_only_the_clashing_objects_together_anew(run: Run) -> None:
    data = b'{"text":"a", "n": 1.0}\n{"status": "x", "text":"b", "n": 1.0}\n'
    lines = run.output("in.jsonl", data, "out.jsonl", overwrite_columns=True).decode().splitlines()
    assert lines[0].startswith('{"text":"a", "n": 1.0, "score_off_platform"')
    assert lines[1].startswith('{"text": "b", "n": 1.0, "score_off_platform"')
    assert json.loads(lines[1])["status"] == "ok"


def test_parquet_gets_a_type_for_each_key_that_holds_all_its_values(run: Run) -> None:
    rows = [
        '{"text": "a", "i": 1, "f": 1, "big": 9007199254740993, "huge": 1, "b": true, "m": 1, "n": {"x": 1.50}}',
        '{"text": "b", "i": 2, "f": 2.5, "big": 2, "huge": 99999999999999999999, "b": null, "m": "x", "n": [1]}',
        '{"text": "c", "late": 1, "z": null}',
        "broken",
    ]
    run.output("in.jsonl", "\n".join(rows).encode(), "out.parquet")
    table = pq.read_table(run.folder / "out.parquet")
    types = {field.name: field.type for field in table.schema}
    assert [str(types[name]) for name in ("i", "f", "big", "huge", "b", "m", "n", "late", "z", "_raw")] == [
        "int64", "double", "int64", "string", "bool", "string", "string", "int64", "string", "string",
    ]  # fmt: skip
    found = table.to_pylist()
    assert found[0]["big"] == 9007199254740993
    assert [row["huge"] for row in found] == ["1", "99999999999999999999", None, None]
    assert [row["n"] for row in found[:2]] == ['{"x": 1.50}', "[1]"]
    assert [row["m"] for row in found[:2]] == ["1", "x"]
    assert found[3]["_raw"] == "broken"


def test_csv_gets_every_key_that_some_row_has(run: Run) -> None:
    scored = run.output("in.jsonl", b'{"text": "a"}\n{"n": [1, "x"], "text": null, "f": 1.50}\n', "out.csv").decode()
    assert scored.splitlines()[0].startswith("text,n,f,score_off_platform")
    assert scored.splitlines()[2].startswith(',"[1, ""x""]",1.50,,,')


def test_too_many_keys_for_columns_are_refused_but_jsonl_takes_them(run: Run) -> None:
    data = "\n".join(json.dumps({"text": "a", f"k{at}": 1}) for at in range(2100)).encode()
    assert len(run.rows("in.jsonl", data)) == 2100
    with pytest.raises(XunchaError) as error:
        run.output("in.jsonl", data, "out.csv")
    assert str(error.value).endswith("in.jsonl: more than 2000 different keys. Write JSONL, which has no columns.")


@pytest.mark.parametrize("text", ["1E400", "-0", "1.10", "NaN", "[1e-7, {}]", '{"a": "\\u0000\\n"}', "true"])
def test_values_are_written_as_they_were_read(text: str) -> None:
    assert dumps(loads(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("null", "null"), ("true", "bool"), ("1", "int"), ("9007199254740993", "long"), ("9223372036854775808", "text"),
     ("1.0", "float"), ("NaN", "float"), ('"x"', "text"), ("{}", "text"), ("1" * 5000, "text")],
)  # fmt: skip
def test_kinds_say_which_type_can_hold_a_value(text: str, expected: object) -> None:
    assert kind(loads(text)) == expected
