"""The word-list baseline: how many listed words and patterns of a label stand in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.labels.strict import fields, items, load_yaml, text
from xuncha.train.evaluation.intervals import Floats

_FILE = "word_list.yaml"


@dataclass(frozen=True, slots=True)
class WordList:
    """The words (folded substrings) and patterns of one label."""

    words: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def hits(self, text: str) -> int:
        """How many of the words and patterns occur in `text`, each counted once."""
        folded = fold(text)
        return sum(word in folded for word in self.words) + sum(bool(one.search(folded)) for one in self.patterns)

    def scores(self, texts: Sequence[str]) -> Floats:
        """`hits` of every text [N]."""
        return np.array([self.hits(text) for text in texts], np.float64)


def fold(text: str) -> str:
    """`text` in NFKC and lower case: what a filter of the trade does at most.

    >>> fold("加Ｖ①")
    '加v1'
    """
    return unicodedata.normalize("NFKC", text).lower()


def read_word_lists() -> Mapping[str, WordList]:
    """Label id → its list, from the packaged file. Raises `XunchaError` that names the key that is wrong."""
    given = load_yaml(_FILE, (files("xuncha.train.evaluation") / _FILE).read_text("utf-8"))
    if not isinstance(given, dict):
        raise XunchaError(f"{_FILE}: must map label ids to words and patterns.")
    return {str(label): _word_list(f"{_FILE}: {label}", value) for label, value in given.items()}


def _word_list(where: str, value: object) -> WordList:
    given = fields(where, value, ("words", "patterns"))
    words, patterns = (_texts(where, items(where, given, key), key) for key in ("words", "patterns"))
    return WordList(tuple(map(fold, words)), tuple(map(re.compile, patterns)))


def _texts(where: str, values: Sequence[object], key: str) -> list[str]:
    return [text(f"{where}.{key}[{number}]", {key: value}, key) for number, value in enumerate(values)]
