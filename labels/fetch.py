"""Public corpora from a local copy: their texts, and labelled rows of those that this project has judged."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from xuncha.labels.corpora import Corpus, read_texts
from xuncha.labels.errors import XunchaError
from xuncha.labels.io import write_lines, write_rows
from xuncha.labels.rows import Row, Source, Span
from xuncha.labels.taxonomy import Taxonomy

TEXTS = "texts"
JUDGED = "judged.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was found of one corpus: `texts` distinct texts (0: no file of it), `judged` of them with a label."""

    corpus: Corpus
    texts: int
    judged: int


def fetch(source: Path, output: Path, corpora: Sequence[Corpus], taxonomy: Taxonomy) -> list[Fetched]:
    """Take each corpus from `NAME.jsonl` or `NAME.jsonl.gz` under `source` (one object with `text` a line).

    Writes `output/texts/NAME.jsonl.gz`, distinct texts in order, and `output/judged.jsonl.gz`, rows of the train
    split for the texts whose sha256 stands in `judgements.tsv`. Raises `XunchaError` where no corpus is found or a
    line is no text.
    """
    found = _files_of(source, [corpus.name for corpus in corpora])
    if not any(found.values()):
        raise XunchaError(
            f"{source}: holds no file of a corpus, such as {corpora[0].name}.jsonl.gz. Fetch the repositories that "
            "labels/sources.yaml names, and write one JSONL file a corpus with a text a line."
        )
    judgements = _judgements(taxonomy)
    (output / TEXTS).mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    fetched = []
    for corpus in corpora:
        path = found[corpus.name]
        texts = list(dict.fromkeys(_unsegmented(path, corpus.segmented))) if path else []
        if texts:
            write_lines(output / TEXTS / f"{corpus.name}.jsonl.gz", map(_line, texts))
        judged = list(_judged(corpus.name, texts, judgements))
        rows += judged
        fetched.append(Fetched(corpus, len(texts), len(judged)))
    if rows:
        write_rows(output / JUDGED, rows)
    return fetched


def _files_of(folder: Path, names: Sequence[str]) -> dict[str, Path | None]:
    """The first file of each name anywhere under the folder, which is walked once."""
    if not folder.is_dir():
        raise XunchaError(f"{folder}: is no folder. Give the folder that holds the corpora.")
    paths = sorted(folder.rglob("*.jsonl*"))
    return {name: next((p for p in paths if p.name in (f"{name}.jsonl", f"{name}.jsonl.gz")), None) for name in names}


def _unsegmented(path: Path, segmented: bool) -> Iterator[str]:
    """Moderated text is not segmented, and blanks between Chinese characters would give the corpus away."""
    return (re.sub(r"\s+", "", text) if segmented else text for text in read_texts(path))


def _line(text: str) -> bytes:
    return (json.dumps({"text": text}, ensure_ascii=False) + "\n").encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Judgement:
    source: Source
    labels: dict[str, bool | None]
    spans: tuple[Span, ...]


def _judgements(taxonomy: Taxonomy) -> dict[tuple[str, str], _Judgement]:
    lines = (files("xuncha.labels") / "data" / "judgements.tsv").read_text("utf-8").splitlines()
    header, *body = [line.split("\t") for line in lines if not line.startswith("#")]
    out = {}
    for cells in body:
        given = dict(zip(header, cells, strict=True))
        spans = []
        for mark in filter(None, given["spans"].split(",")):
            place, reason = mark.split(":")
            start, end = place.split("-")
            spans.append(Span(int(start), int(end), taxonomy.label_of(reason).id, reason))
        labels: dict[str, bool | None] = {label: given[label] == "1" for label in header[3:5]}
        out[given["corpus"], given["sha256"]] = _Judgement(Source(given["source"]), labels, tuple(spans))
    return out


def _judged(corpus: str, texts: Sequence[str], judgements: dict[tuple[str, str], _Judgement]) -> Iterator[Row]:
    for text in texts:
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        judged = judgements.get((corpus, digest))
        if judged:
            yield Row(
                f"{corpus}-{digest[:12]}", text, judged.source, judged.labels, judged.spans, corpus,
                annotator="llm-author", split="train",
            )  # fmt: skip
