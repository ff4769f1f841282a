"""The texts of a training run: labelled rows by split, and unlabelled text for a teacher to score."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from xuncha.labels.corpora import read_texts
from xuncha.labels.errors import XunchaError
from xuncha.labels.io import read_rows
from xuncha.labels.rows import Row
from xuncha.labels.split import assign_splits, find_leaks
from xuncha.labels.taxonomy import Taxonomy

Splits = dict[str, list[Row]]


def labelled(path: str, taxonomy: Taxonomy, limit: int = 0, seed: int = 0) -> Splits:
    """Rows by split. Rows without a split get one by the rules of `xuncha labels split`; leaks are refused."""
    rows = list(read_rows(path, taxonomy))
    if any(row.split is None for row in rows):
        rows = list(assign_splits(rows).apply(rows))
    leaks = find_leaks(rows)
    if leaks:
        raise XunchaError(
            f"{path}: {len(leaks)} groups of rows that belong together stand in different splits, so that a "
            "measurement would flatter. Run `xuncha labels split --write` on the folder."
        )
    if limit and len(rows) > limit:
        rows = random.Random(seed).sample(rows, limit)
    splits: Splits = {"train": [], "dev": [], "test": []}
    for row in rows:
        splits[row.split or "train"].append(row)
    for name in ("train", "dev"):
        for label in taxonomy.label_ids:
            judged = {row.labels.get(label) for row in splits[name]}
            if not {True, False} <= judged:
                raise XunchaError(
                    f'{path}: the {name} split has no row where "{label}" is true, or none where it is false. '
                    "Add such rows, or split anew with `xuncha labels split --write`."
                )
    return splits


def unlabelled(folder: str, per_corpus: int, seed: int = 0) -> Iterator[str]:
    """Distinct texts of every `*.jsonl` and `*.jsonl.gz` under a folder, at most `per_corpus` of each, drawn at random.

    Long texts are cut into stretches of whole sentences, as they would reach moderation.
    """
    paths = sorted(path for path in Path(folder).rglob("*.jsonl*") if path.suffix in (".jsonl", ".gz"))
    if not paths:
        raise XunchaError(f"{folder}: holds no .jsonl or .jsonl.gz file. Give the folder of the unlabelled corpora.")
    seen: set[str] = set()
    for path in paths:
        rng = random.Random(f"{seed}/{path.name}")
        texts = [piece for text in _texts(path) for piece in _pieces(text, rng)]
        rng.shuffle(texts)
        taken = 0
        for text in texts:
            if text not in seen and taken < per_corpus:
                seen.add(text)
                taken += 1
                yield text


def _texts(path: Path) -> Iterator[str]:
    # Some corpora are word-segmented with blanks; moderated text is not.
    return (re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", text) for text in read_texts(path))


def _pieces(text: str, rng: random.Random, limit: int = 160) -> Iterator[str]:
    if len(text) <= limit:
        if text.strip():
            yield text
        return
    piece = ""
    target = rng.randint(20, limit)
    for sentence in re.findall(r"[^。!?!?\n]+[。!?!?\n]*", text):
        piece += sentence
        if len(piece) >= target:
            yield piece[: 2 * limit]
            piece, target = "", rng.randint(20, limit)
