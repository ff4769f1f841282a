"""Texts to measure with: drawn with a seed from committed rows, by a stated law of lengths and share of flags.

Lengths are log-normal: median 35 characters, mean 52, 95th percentile 149, cut at 512. A text of a wanted length is a
committed row of about that length, filled up with others or cut. Texts that the model should flag are made around
rows that violate a label and checked with the model, so the share of flagged rows is what was asked for.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xuncha.labels.rows import Row

MEDIAN, MEAN, LONGEST = 35.0, 52.0, 512
SIGMA = math.sqrt(2 * math.log(MEAN / MEDIAN))
LAW = (
    f"log-normal, median {MEDIAN:.0f} characters, mean {MEAN:.0f}, "
    f"95th percentile {MEDIAN * math.exp(1.645 * SIGMA):.0f}, at most {LONGEST}"
)
# How often a text that came out on the wrong side is made anew.
_TRIES = 12

Flagged = Callable[[Sequence[str]], Sequence[bool]]


@dataclass(frozen=True, slots=True)
class Pool:
    """Committed texts by length, apart by what people judged: some label true, or every label false."""

    violating: tuple[str, ...]
    clean: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Pool:
        """Texts of rows on one line, the shortest first."""
        plain = [(" ".join(row.text.split()), row) for row in rows if row.text.strip()]
        violating = {text for text, row in plain if any(row.labels.values())}
        clean = {text for text, row in plain if row.labels and all(one is False for one in row.labels.values())}
        return cls(
            *(tuple(sorted(texts, key=lambda text: (len(text), text))) for texts in (violating, clean - violating))
        )


def lengths(count: int, seed: int) -> list[int]:
    """`count` lengths in characters by the law, in a random order."""
    dice = random.Random(f"lengths {seed}")
    return [min(LONGEST, max(1, round(MEDIAN * math.exp(SIGMA * dice.gauss(0, 1))))) for _ in range(count)]


def draw(pool: Pool, wanted: Sequence[int], violating: Sequence[bool], seed: int | str) -> list[str]:
    """A text of each wanted length; `violating` says which are made around a violating row. Nothing is checked."""
    dice = random.Random(f"texts {seed}")
    return [_text(pool, length, bad, dice) for length, bad in zip(wanted, violating, strict=True)]


def compose(pool: Pool, count: int, share: float, seed: int, flagged: Flagged) -> list[str]:
    """`count` texts by the law, of which the model flags `share`, as nearly as texts of those lengths allow."""
    wanted = lengths(count, seed)
    dice = random.Random(f"flags {seed}")
    bad = [True] * round(count * share) + [False] * (count - round(count * share))
    dice.shuffle(bad)
    texts = draw(pool, wanted, bad, seed)
    wrong = [place for place, found in enumerate(flagged(texts)) if bool(found) != bad[place]]
    for attempt in range(_TRIES):
        if not wrong:
            break
        again = draw(pool, [wanted[p] for p in wrong], [bad[p] for p in wrong], f"{seed}, try {attempt}")
        found = flagged(again)
        for place, text, found_one in zip(wrong, again, found, strict=True):
            if bool(found_one) == bad[place]:
                texts[place] = text
        wrong = [place for place, one in zip(wrong, found, strict=True) if bool(one) != bad[place]]
    return texts


def repeated(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """As many texts, of which `share` say again what an earlier one said; short ones are said again most.

    What is repeated in a live room are a few short comments, so the one repeated is the shortest of three.
    """
    dice = random.Random(f"repeats {seed}")
    found: list[str] = []
    for text in texts:
        again = found and dice.random() < share
        found.append(min(dice.choices(found, k=3), key=len) if again else text)
    return found


def sample(texts: Sequence[str], count: int, seed: int) -> list[str]:
    """`count` of the texts with the lengths of all of them: evenly spaced by length, then shuffled."""
    if count >= len(texts):
        return list(texts)
    by_length = sorted(texts, key=len)
    step = len(texts) / count
    chosen = [by_length[int((place + 0.5) * step)] for place in range(count)]
    random.Random(f"sample {seed}").shuffle(chosen)
    return chosen


def quantiles(texts: Sequence[str]) -> dict[str, float]:
    """Median, mean, 95th percentile and maximum of the lengths in characters."""
    sizes = sorted(map(len, texts))
    last = len(sizes) - 1
    return {
        "median": sizes[last // 2],
        "mean": round(sum(sizes) / len(sizes), 1),
        "p95": sizes[round(last * 0.95)],
        "max": sizes[-1],
    }


def _text(pool: Pool, length: int, bad: bool, dice: random.Random) -> str:
    texts = pool.violating if bad else pool.clean
    # Rows of 60 to 100 % of the length, or the shortest one.
    first = bisect.bisect_left(texts, 0.6 * length, key=len)
    end = max(bisect.bisect_right(texts, length, key=len), 1)
    text = texts[dice.randrange(min(first, end - 1), end)]
    while len(text) < length:
        text += "，" + dice.choice(pool.clean)
    return text[:length]
