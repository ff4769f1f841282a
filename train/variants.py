"""Texts near the labelled rows, for a teacher to judge: where the labelled rows are few, the border is drawn here.

Four moves, each from what people wrote: evidence taken out, evidence of another row put in its place or in between,
clauses of two rows joined, and everything rewritten as evaders do. Nobody has labelled the results, so they are never
rows; a teacher's scores are their only targets (the augmentation of TinyBERT, arXiv:1909.10351, section 3.2, with
spans and clauses instead of words).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from xuncha.models.evidence import delete
from xuncha.train.attack import Attacker
from xuncha.train.examples import Example

LONGEST = 200
ATTACKED = 0.3
_JOINT = re.compile(r"(?<=[，。！？；、,.!?;\s~])")


def variants(examples: Sequence[Example], per_example: int, seed: int = 0) -> Iterator[str]:
    """`per_example` texts made from each example and from others, distinct, none of them an example's own text."""
    guilty = [example for example in examples if example.spans]
    attacker = Attacker(clean_rate=1.0)
    seen = {example.text for example in examples}
    for number, example in enumerate(examples):
        for turn in range(per_example):
            rng = np.random.default_rng((seed, number, turn))
            text = _vary(example, guilty, examples, rng)
            if rng.random() < ATTACKED:
                text = attacker(_bare(text, example), rng).text
            text = text.strip()[:LONGEST]
            if len(text) >= 2 and text not in seen:
                seen.add(text)
                yield text


def _vary(example: Example, guilty: Sequence[Example], others: Sequence[Example], rng: np.random.Generator) -> str:
    move = rng.random()
    if example.spans and move < 0.3:
        return _without(example, rng)
    if guilty and move < 0.6:
        return _transplanted(example, guilty[int(rng.integers(len(guilty)))], rng)
    if move < 0.85:
        return _joined(example.text, others[int(rng.integers(len(others)))].text, rng)
    return example.text


def _without(example: Example, rng: np.random.Generator) -> str:
    """The text less its evidence, or less a part of it."""
    return delete(example.text, [span for span in sorted(example.spans) if rng.random() < 0.8])[0]


def _transplanted(example: Example, donor: Example, rng: np.random.Generator) -> str:
    """A stretch of the donor's evidence in the place of the example's own, or at a joint between clauses."""
    start, end = donor.spans[int(rng.integers(len(donor.spans)))]
    stretch = donor.text[start:end]
    if example.spans and rng.random() < 0.6:
        start, end = example.spans[int(rng.integers(len(example.spans)))]
        return example.text[:start] + stretch + example.text[end:]
    places = _joints(example.text)
    place = places[int(rng.integers(len(places)))]
    return example.text[:place] + stretch + example.text[place:]


def _joined(text: str, other: str, rng: np.random.Generator) -> str:
    first, second = _part(text, rng), _part(other, rng)
    return first + second if rng.random() < 0.5 else second + first


def _part(text: str, rng: np.random.Generator) -> str:
    """Some clauses of a text in a row; of a text without joints, some of its characters in a row."""
    clauses = [text[a:b] for a, b in pairwise(_joints(text)) if text[a:b].strip()]
    if len(clauses) < 2:
        length = int(rng.integers(len(text) // 3, len(text) + 1))
        start = int(rng.integers(len(text) - length + 1))
        return text[start : start + length]
    count = int(rng.integers(1, len(clauses) + 1))
    start = int(rng.integers(len(clauses) - count + 1))
    return "".join(clauses[start : start + count])


def _joints(text: str) -> list[int]:
    """Where a clause may begin or end, the ends of the text included."""
    return [0, *(found.start() for found in _JOINT.finditer(text)), len(text)]


def _bare(text: str, like: Example) -> Example:
    """A text without targets, so that an attack takes it for clean and picks a stretch at random."""
    reasons = len(like.reasons)
    return Example(text, like.labels, like.reasons, np.zeros((len(text), reasons), np.float32))
