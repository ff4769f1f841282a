"""Texts that are nearly the same, found by MinHash and confirmed exactly."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec

from xuncha.labels.errors import XunchaError

JACCARD = 0.7
"""Texts whose sets of character 3-grams overlap this much are near-duplicates."""
RATIO = 0.8
"""Or texts with this normalised edit similarity, for short texts and word swaps that 3-grams punish."""

_CANDIDATE = 0.3
_PERMUTATIONS = 64
_DROPPED = ("C", "M", "P", "Z")


def plain_form(text: str) -> str:
    """`text` in compatibility form, lower case, without blanks, marks, invisible characters and punctuation.

    A text of nothing but these keeps them.

    >>> plain_form("ＶＸ：abc　１２３！")
    'vxabc123'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] not in _DROPPED) or folded


def near_duplicates(texts: Mapping[str, str], together: Callable[[str, str], bool]) -> Iterator[tuple[str, str, float]]:
    """Pairs of ids with nearly the same text, and their similarity (see `similarity`).

    `together` says whether two ids are already known to belong together; such pairs are neither compared nor
    given out. It is asked anew before each pair, so a caller that joins each pair it gets is given the fewest
    pairs that explain every group. Candidates come from MinHash with a fixed seed: the same texts give the
    same pairs. Raises `XunchaError` where datasketch or rapidfuzz is not installed.
    """
    _require("datasketch", "rapidfuzz")
    from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]

    lsh = MinHashLSH(threshold=_CANDIDATE, num_perm=_PERMUTATIONS)
    forms: dict[str, str] = {}
    by_form: dict[str, str] = {}
    for one in sorted(texts):
        form = plain_form(texts[one])
        twin = by_form.setdefault(form, one)
        if twin != one:
            if not together(twin, one):
                yield twin, one, 1.0
            continue
        forms[one] = form
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=zlib.crc32)
        sketch.update_batch([gram.encode("utf-8", "surrogatepass") for gram in sorted(_grams(form))])
        for other in sorted(lsh.query(sketch)):
            if not together(other, one) and (close := similarity(forms[other], form)):
                yield other, one, close
        lsh.insert(one, sketch)


def similarity(first: str, second: str) -> float:
    """The larger of Jaccard and edit ratio of two plain forms (0–1), or 0 where neither reaches its bound."""
    from rapidfuzz import fuzz

    grams, others = _grams(first), _grams(second)
    jaccard = len(grams & others) / len(grams | others)
    ratio = fuzz.ratio(first, second) / 100
    return max(jaccard, ratio) if jaccard >= JACCARD or ratio >= RATIO else 0.0


def _grams(form: str) -> set[str]:
    return {form[start : start + 3] for start in range(max(1, len(form) - 2))}


def _require(*packages: str) -> None:
    missing = [one for one in packages if find_spec(one) is None]
    if missing:
        raise XunchaError(f'Near-duplicates need {" and ".join(missing)}: pip install "xuncha[train]".')
