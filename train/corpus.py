"""The texts of a training run: labelled rows by split, and unlabelled text for a teacher to score."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xuncha.labels.corpora import read_texts
from xuncha.labels.errors import XunchaError
from xuncha.labels.io import read_rows
from xuncha.labels.rows import SPLITS, Row
from xuncha.labels.split import assign_splits
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.extra import join, refuse_leaks

Splits = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `rows` rows, drawn by `seed`; 0 = all."""

    rows: int = 0
    seed: int = 0


def labelled(
    path: str,
    taxonomy: Taxonomy,
    limits: Limits = Limits(),
    extra: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Splits:
    """Rows by split. Rows without a split get one by the rules of `xuncha labels split`; leaks are refused.

    `extra` rows come on top (see `extra.join`), after the others; `limits` do not count them.
    """
    rows = list(read_rows(path, taxonomy))
    if any(row.split is None for row in rows):
        rows = list(assign_splits(rows).apply(rows))
    more: list[Row] = []
    if extra:
        joined = join(rows, list(read_rows(extra, taxonomy)), taxonomy, extra, path)
        rows, more = list(joined.rows), list(joined.more)
        say(f"extra rows: {joined}")
    else:
        refuse_leaks(rows, path)
    if limits.rows and len(rows) > limits.rows:
        rows = random.Random(limits.seed).sample(rows, limits.rows)
    splits: Splits = {name: [] for name in SPLITS}
    for row in (*rows, *more):
        splits[row.split or "train"].append(row)
    _require_judged(splits, taxonomy, f"{path}, {extra}" if extra else path)
    return splits


def _require_judged(splits: Splits, taxonomy: Taxonomy, where: str) -> None:
    for name in ("train", "dev"):
        for label in taxonomy.label_ids:
            judged = {row.labels.get(label) for row in splits[name]}
            if not {True, False} <= judged:
                raise XunchaError(
                    f'{where}: the {name} split has no row where "{label}" is true, or none where it is false. '
                    "Add such rows, or split anew with `xuncha labels split --write`."
                )


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
