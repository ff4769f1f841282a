"""Growth: speed and memory of `xuncha score` against the rows of a table and the length of texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xuncha.train.bench import processes, workload

SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """Tables of so many rows; texts of so many characters, `characters` in all at each length."""

    rows: tuple[int, ...]
    lengths: tuple[int, ...]
    characters: int
    most_texts: int


FULL = Plan((1_000, 10_000, 100_000, 1_000_000), (16, 32, 64, 128, 256, 512, 1024, 2048), 400_000, 10_000)
QUICK = Plan((50, 150), (16, 400), 4_000, 100)


def curves(
    plan: Plan, pool: workload.Pool, work: Path, model: str, seed: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """`rows` and `lengths`: what `xuncha score` took for each table, texts drawn by the law or all of one length."""
    by_rows, by_length = {}, {}
    for count in plan.rows:
        say(f"Growth: {count} rows")
        by_rows[str(count)] = _table(pool, workload.lengths(count, seed), work, model, seed)
    for length in plan.lengths:
        count = min(plan.most_texts, max(1, plan.characters // length))
        say(f"Growth: {count} texts of {length} characters")
        by_length[str(length)] = _table(pool, [length] * count, work, model, seed)
    return {"rows": by_rows, "lengths": by_length}


def _table(pool: workload.Pool, wanted: list[int], work: Path, model: str, seed: int) -> dict[str, Any]:
    every = round(1 / SHARE)
    texts = workload.draw(pool, wanted, [place % every == 0 for place in range(len(wanted))], seed)
    return processes.score_table(texts, work, model, "growth")
