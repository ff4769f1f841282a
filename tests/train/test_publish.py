"""What a bundle knows about its origins, and nothing that two trainings of one seed would not share."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from xuncha.labels.io import write_rows
from xuncha.labels.rows import Row, Source
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train import publish
from xuncha.train import recipe as recipes
from xuncha.train.card import model_card


def test_every_file_of_rows_and_extra_rows_has_its_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    rows = [
        Row("1", "一", Source.LISTING, {}, origin="A", split="train", annotator="llm-author"),
        Row("2", "二", Source.LISTING, {}, origin="B", split="test"),
    ]
    for path, row in zip((folder / "a.jsonl", folder / "b.jsonl"), rows, strict=True):
        write_rows(path, [row])
    extra = tmp_path / "extra.jsonl"
    write_rows(extra, rows)
    recipe = replace(recipes.find("debug"), rows=str(folder), extra_rows=str(extra))

    def digest(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert publish.fingerprints(rows, recipe) == {
        "files": {"a.jsonl": digest(folder / "a.jsonl"), "b.jsonl": digest(folder / "b.jsonl")},
        "extra_files": {"extra.jsonl": digest(extra)},
        "rows": {"train": {"A": 1}, "test": {"B": 1}},
        "written_by_model": 1,
    }


def test_the_day_of_making_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert publish.created() == "2023-11-14"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert len(publish.created()) == 10


def test_the_code_version_changes_with_the_sources_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish.code_version()["code"]
    assert len(before) == 64 and publish.code_version()["code"] == before
    for package in publish.PROGRAM:
        (tmp_path / package).mkdir()
        (tmp_path / package / "one.py").write_text("x = 1\n")
    monkeypatch.setattr(publish, "files", lambda name: tmp_path / name.removeprefix("xuncha."))
    first = publish.code_version()["code"]
    (tmp_path / "train" / "one.py").write_text("x = 2\n")
    assert len({before, first, publish.code_version()["code"]}) == 3


def test_a_committed_base_is_named_by_the_hash_of_its_weights() -> None:
    assert publish.encoder_of("tiny") == {"name": "tiny"}
    assert len(publish.encoder_of("base")["sha256"]) == 64


def test_the_card_says_how_many_rows_models_wrote(taxonomy: Taxonomy) -> None:
    recipe = recipes.find("debug")
    manifest = {"created": "2026-01-01", "precision": "fp32", "window": 8, "stride": 4}
    for written, told in ((3, "3 of the 4 labelled rows were written"), (0, "\nMeasure on your own rows")):
        data = {"rows": {"train": {"A": 4}}, "written_by_model": written}
        card = model_card(recipe, taxonomy, {"splits": {}}, {**manifest, "data": data})
        assert told in card
