"""Public corpora from a local copy."""

from __future__ import annotations

import gzip
import hashlib
import json
from importlib.resources import files
from pathlib import Path

import pytest

from xuncha.labels import fetch as fetching
from xuncha.labels.corpora import Corpus, read_corpora
from xuncha.labels.errors import XunchaError
from xuncha.labels.io import read_rows
from xuncha.labels.rows import Source
from xuncha.labels.taxonomy import Taxonomy

CORPORA = (
    Corpus("one", "someone/one", "MIT", "chat", "abc", None, None),
    Corpus("two", "someone/two", "MIT", "texts", None, None, None, segmented=True),
    Corpus("gone", "someone/gone", "MIT", "nothing", None, None, None),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True)
    lines = [{"text": "加V看货"}, {"text": "加V看货", "upstream_label": "ad"}, {"text": "  "}, {"text": "A B 好"}]
    with gzip.open(folder / "deep" / "one.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "two.jsonl").write_text('{"text": "月息 最低 详情 点击"}\n', encoding="utf-8")
    return folder


def judge(monkeypatch: pytest.MonkeyPatch, corpus: str, text: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    labels: dict[str, bool | None] = {"off_platform": True, "exaggerated": False}
    judged = fetching._Judgement(Source.COMMENT, labels, ())
    monkeypatch.setattr(fetching, "_judgements", lambda _: {(corpus, digest): judged})


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in gzip.open(path, "rt", encoding="utf-8")]


def test_texts_are_taken_once_each_in_order_and_without_the_blanks_of_segmentation(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(monkeypatch, "two", "月息最低详情点击")
    fetched = fetching.fetch(source, tmp_path / "out", CORPORA, Taxonomy.load())
    assert [(one.corpus.name, one.texts, one.judged) for one in fetched] == [
        ("one", 2, 0),
        ("two", 1, 1),
        ("gone", 0, 0),
    ]
    assert texts(tmp_path / "out" / "texts" / "one.jsonl.gz") == ["加V看货", "A B 好"]
    assert texts(tmp_path / "out" / "texts" / "two.jsonl.gz") == ["月息最低详情点击"]


def test_judged_texts_become_rows_of_the_train_split(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(monkeypatch, "one", "加V看货")
    fetching.fetch(source, tmp_path / "out", CORPORA, Taxonomy.load())
    (row,) = read_rows(tmp_path / "out" / fetching.JUDGED, Taxonomy.load())
    assert (row.text, row.split, row.origin) == ("加V看货", "train", "one")
    assert row.labels == {"off_platform": True, "exaggerated": False}


def test_every_committed_judgement_is_read_and_names_a_known_corpus() -> None:
    taxonomy = Taxonomy.load()
    judgements = fetching._judgements(taxonomy)
    lines = (files("xuncha.labels") / "data" / "judgements.tsv").read_text("utf-8").splitlines()
    assert len(judgements) == len([line for line in lines if not line.startswith("#")]) - 1
    assert {corpus for corpus, _ in judgements} <= {corpus.name for corpus in read_corpora()}
    assert all(span.end > span.start >= 0 for judged in judgements.values() for span in judged.spans)


def test_a_folder_without_any_corpus_and_a_bad_line_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(XunchaError, match=r"holds no file of a corpus.*sources\.yaml"):
        fetching.fetch(tmp_path, tmp_path / "out", CORPORA, Taxonomy.load())
    (tmp_path / "one.jsonl").write_text('{"words": 1}\n', encoding="utf-8")
    with pytest.raises(XunchaError, match=r'one\.jsonl:1: is no JSON object with a "text"'):
        fetching.fetch(tmp_path, tmp_path / "out", CORPORA, Taxonomy.load())
