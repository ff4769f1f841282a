"""The committed rows: whole, consistent, without leaks, and described by their data card."""

from collections import Counter
from pathlib import Path

import pytest

from xuncha.labels import Row, Source, Taxonomy
from xuncha.labels.card import counts, with_counts
from xuncha.labels.groups import pair_stem
from xuncha.labels.io import read_files
from xuncha.labels.rows import SPLITS
from xuncha.labels.validate import validate_rows


@pytest.fixture(scope="module")
def files(data: Path, taxonomy: Taxonomy) -> dict[Path, list[Row]]:
    return read_files([data], taxonomy)


@pytest.fixture(scope="module")
def rows(files: dict[Path, list[Row]]) -> list[Row]:
    return [row for found in files.values() for row in found]


def test_nothing_is_wrong_with_the_rows_and_nothing_leaks(rows: list[Row]) -> None:
    assert [finding.message for finding in validate_rows(rows).findings] == []


def test_every_row_is_judged_for_every_label_and_placed(rows: list[Row], taxonomy: Taxonomy) -> None:
    for row in rows:
        assert tuple(row.labels) == taxonomy.label_ids
        assert None not in row.labels.values()
        assert row.split in SPLITS
        assert row.annotator


def test_origin_is_the_file(files: dict[Path, list[Row]]) -> None:
    for file, found in files.items():
        assert {row.origin for row in found} == {file.stem}


def test_evidence_and_labels_say_the_same(rows: list[Row]) -> None:
    for row in rows:
        assert {span.label for span in row.spans} == {label for label, judged in row.labels.items() if judged}


def test_pairs_are_whole_differ_in_verdict_and_share_a_split(rows: list[Row]) -> None:
    pairs: dict[str, list[Row]] = {}
    for row in rows:
        if row.group is not None:
            pairs.setdefault(row.group, []).append(row)
    assert len(pairs) >= 400
    for stem, halves in pairs.items():
        assert sorted(row.id for row in halves) == [f"{stem}a", f"{stem}b"]
        assert halves[0].text != halves[1].text
        assert halves[0].labels != halves[1].labels
        assert len({row.split for row in halves}) == 1
    assert pair_stem("P1-001a") in pairs


def test_every_split_holds_every_source_label_and_reason(rows: list[Row], taxonomy: Taxonomy) -> None:
    sources = Counter((row.split, row.source) for row in rows)
    reasons = Counter((row.split, span.reason) for row in rows for span in row.spans)
    assert all(sources[split, source] >= 50 for split in SPLITS for source in Source)
    assert all(reasons[split, reason] >= 20 for split in SPLITS for reason in taxonomy.reason_ids)


def test_the_data_card_counts_these_rows(data: Path, rows: list[Row], taxonomy: Taxonomy) -> None:
    card = (data / "README.md").read_text("utf-8")
    fresh = with_counts(card, counts(rows, taxonomy), "README.md")
    assert card == fresh, "run: xuncha labels stats labels/data --card labels/data/README.md"


def test_the_data_card_describes_every_origin(data: Path, files: dict[Path, list[Row]]) -> None:
    card = (data / "README.md").read_text("utf-8")
    described, _ = card.split("## Schema")
    missing = [file.stem for file in files if file.stem not in described]
    assert missing == [], "add a line to the table of origins"
