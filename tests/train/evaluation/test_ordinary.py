"""How often ordinary texts are flagged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.models.inference import Inference
from xuncha.train.evaluation.ordinary import ordinary


def write(path: Path, texts: list[str]) -> None:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))


def test_each_file_is_a_collection_and_each_text_counts_once(inference: Inference, tmp_path: Path) -> None:
    write(tmp_path / "titles.jsonl", ["微", "衣", "鞋", "衣", "最微"])
    write(tmp_path / "reviews.jsonl", ["好"])
    reviews, titles = ordinary(inference, tmp_path)
    assert (reviews.name, reviews.texts, reviews.flagged["balanced"]["any"].hits) == ("reviews", 1, 0)
    assert (titles.name, titles.texts) == ("titles", 4)
    balanced = titles.flagged["balanced"]
    assert {key: found.hits for key, found in balanced.items()} == {"off_platform": 2, "exaggerated": 1, "any": 2}
    assert balanced["any"].share.value == 0.5


def test_a_folder_without_texts_is_refused(inference: Inference, tmp_path: Path) -> None:
    with pytest.raises(XunchaError, match="holds no .jsonl or .jsonl.gz file. Give a folder of ordinary texts."):
        list(ordinary(inference, tmp_path))


def test_a_line_that_is_no_text_is_named(inference: Inference, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": 5}\n')
    with pytest.raises(XunchaError, match=r'a.jsonl:1: is no JSON object with a "text". Mend or drop the line.'):
        list(ordinary(inference, tmp_path))
