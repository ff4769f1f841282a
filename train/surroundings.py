"""Quiet talk before and after a text: what a window over a live room, or a field of joined sentences, looks like.

A model that has seen single sentences only takes a violation between two others for something else, and the talk of
three turns without punctuation for a claim. Neighbours are whole rows of the same source that nobody objects to: cut
ones might lose the "not" that made them allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xuncha.train.examples import Example, Floats

LONGEST = 90
"""At most so many characters are put around a text, so that it stays near the length of a window."""
QUIET = 0.1
"""Neighbours are rows whose every judged label is at most this (a teacher may have mixed in a little)."""
# Turns of speech reach the model joined; people end the lines that they type.
_JOINTS = {"speech": ("", " "), "comment": (" ", "\n", "，"), "listing": (" ", "\n", "。")}


class Surroundings:
    """Callable (example, rng) → example: one to four neighbours stand around its text."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._quiet: dict[str, list[Example]] = {}
        for example in examples:
            if example.source and len(example.text) <= LONGEST // 2 and _is_quiet(example):
                self._quiet.setdefault(example.source, []).append(example)

    def __call__(self, example: Example, rng: np.random.Generator) -> Example:
        """The example among neighbours of its source; its targets are those of the whole."""
        quiet = self._quiet.get(example.source, [])
        if not quiet:
            return example
        joints = _JOINTS[example.source]
        joint = joints[int(rng.integers(len(joints)))]
        room = LONGEST
        for after in rng.random(int(rng.integers(1, 5))) < 0.5:
            neighbour = quiet[int(rng.integers(len(quiet)))]
            if len(neighbour.text) <= room:
                room -= len(neighbour.text)
                example = joined(example, neighbour, joint) if after else joined(neighbour, example, joint)
        return example


def joined(first: Example, second: Example, joint: str = "") -> Example:
    """Two texts as one. What either violates, the whole violates; it is clean where both are, else not judged."""
    between = np.zeros((len(joint), len(first.reasons)), np.float32)
    shift = len(first.text) + len(joint)
    return Example(
        first.text + joint + second.text,
        _either(first.labels, second.labels),
        _either(first.reasons, second.reasons),
        np.concatenate([first.evidence, between, second.evidence]),
        (*first.spans, *((start + shift, end + shift) for start, end in second.spans)),
        second.source,
    )


def _either(one: Floats, other: Floats) -> Floats:
    """The greater of two targets; not judged (NaN) where one is not judged and the other no violation."""
    violating = (one >= 0.5) | (other >= 0.5)
    either: Floats = np.where(violating, np.fmax(one, other), np.maximum(one, other)).astype(np.float32)
    return either


def _is_quiet(example: Example) -> bool:
    judged = example.labels[~np.isnan(example.labels)]
    return bool(judged.size) and bool(judged.max() <= QUIET)
