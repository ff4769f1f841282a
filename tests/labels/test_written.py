import json
from pathlib import Path
from typing import Any

import pytest

from xuncha.labels import Row, Taxonomy, XunchaError, read_rows
from xuncha.labels.written import Provenance, Repeated, convert_file, convert_written

H1 = Provenance("H1", "llm-author", "test")


def written(row_id: str, text: str, *pieces: str, **changes: Any) -> dict[str, Any]:
    """A written row whose pieces of evidence are all `contact`."""
    spans = [{"label": "off_platform", "reason": "contact", "text": piece} for piece in pieces]
    row = {
        "id": row_id,
        "text": text,
        "source": "comment",
        "off_platform": int(bool(pieces)),
        "exaggerated": 0,
    }
    return {**row, "spans": spans, "kind": "plain", **changes}


def source(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "written.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def pieces(row: Row) -> list[str]:
    return [row.text[span.start : span.end] for span in row.spans]


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("好❤️加薇❤️ab", "加薇❤️ab"),
        ("👨‍👩‍👧𠮷屋加𝓥123", "加𝓥123"),
        ("e\u0301加\u200b微\u0336信", "加\u200b微\u0336信"),
        ("1️⃣3️⃣8️⃣打给我", "3️⃣8️⃣"),
    ],
)
def test_offsets_cut_the_written_evidence_out_of_the_text(
    tmp_path: Path, taxonomy: Taxonomy, text: str, piece: str
) -> None:
    (row,) = convert_written(source(tmp_path, written("1", text, piece)), taxonomy, H1).rows
    assert pieces(row) == [piece]
    assert row.spans[0].start == text.index(piece)


def test_provenance_kind_and_judgements_are_kept(tmp_path: Path, taxonomy: Taxonomy) -> None:
    rows = [written("1", "加薇", "加薇"), written("2", "没人看过", exaggerated=None, kind="easy_negative")]
    first, second = convert_written(source(tmp_path, *rows), taxonomy, H1).rows
    assert (first.origin, first.annotator, first.split, first.kind) == ("H1", "llm-author", "test", "plain")
    assert first.labels == {"off_platform": True, "exaggerated": False}
    assert second.labels == {"off_platform": False, "exaggerated": None}


def test_only_whole_pairs_get_a_group(tmp_path: Path, taxonomy: Taxonomy) -> None:
    ids = ["P1-001a", "P1-001b", "P1-002a", "P13", "xa", "xb"]
    converted = convert_written(source(tmp_path, *(written(one, one) for one in ids)), taxonomy, H1)
    assert [row.group for row in converted.rows] == ["P1-001", "P1-001", None, None, None, None]


def test_repeated_evidence_takes_the_first_place_and_is_reported(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path = source(tmp_path, written("1", "找薇找薇", "薇"), written("2", "薇和薇", "薇", "薇"))
    converted = convert_written(path, taxonomy, H1)
    assert [[span.start for span in row.spans] for row in converted.rows] == [[1], [0, 2]]
    assert converted.repeated == (
        Repeated("1", "薇", 2, 1),
        Repeated("2", "薇", 2, 0),
        Repeated("2", "薇", 2, 2),
    )


def test_converting_again_keeps_the_splits_given_since(tmp_path: Path, taxonomy: Taxonomy) -> None:
    path, out = source(tmp_path, written("1", "旧字")), tmp_path / "out.jsonl"
    convert_file(path, out, taxonomy, Provenance("L1"))
    out.write_text(out.read_text("utf-8").replace("}\n", ', "split": "dev"}\n'), "utf-8")
    source(tmp_path, written("1", "新字"), written("2", "又一"))
    convert_file(path, out, taxonomy, Provenance("L1"))
    assert [(row.text, row.split) for row in read_rows(out, taxonomy)] == [("新字", "dev"), ("又一", None)]
    convert_file(path, out, taxonomy, H1)
    assert [row.split for row in read_rows(out, taxonomy)] == ["test", "test"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (written("1", "加薇", "加微"), 'spans[0]: "加微" does not stand in the text. Copy it exactly.'),
        (
            written("1", "加薇", "薇", off_platform=0),
            'label "off_platform" has a span but is not 1. Set it to 1 or drop the span.',
        ),
        (
            written("1", "加薇", off_platform=2),
            'field "off_platform" is 2. Write 0, 1, or null for not judged.',
        ),
        (written("1", "加薇", off_platfrm=0), 'unknown field "off_platfrm". Did you mean "off_platform"?'),
        (written("0", "加薇"), 'id "0" stood before, at {path}:1. Rename one.'),
    ],
)
def test_a_bad_written_row_is_named_by_file_line_field_and_fix(
    tmp_path: Path, taxonomy: Taxonomy, row: dict[str, Any], said: str
) -> None:
    path = source(tmp_path, written("0", "好"), row)
    with pytest.raises(XunchaError) as caught:
        convert_written(path, taxonomy, H1)
    assert str(caught.value) == f"{path}:2: {said.format(path=path)}"
