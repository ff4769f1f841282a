"""What a model costs: bytes of its folder, and texts a second on the same texts in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from xuncha.models.inference import Inference
from xuncha.models.provenance import size_of

TEXTS = 512
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes of both model folders; texts a second, None where speed was not asked for."""

    old_bytes: int
    new_bytes: int
    old_speed: float | None
    new_speed: float | None


def cost(old: Inference, new: Inference, texts: Sequence[str], *, speed: bool = True) -> Cost:
    """Sizes, and the median speed of interleaved rounds over at most 512 texts, all cores at work."""
    sizes = [size_of(model.bundle) for model in (old, new)]
    speeds = _speeds((old, new), texts[:: max(1, len(texts) // TEXTS)][:TEXTS]) if speed and texts else [None, None]
    return Cost(*sizes, *speeds)


def _speeds(models: Sequence[Inference], texts: Sequence[str]) -> list[float | None]:
    taken: list[list[float]] = [[] for _ in models]
    for round_number in range(ROUNDS + 1):
        for place, model in enumerate(models):
            start = time.perf_counter()
            model.scores(texts)
            if round_number:  # the first round warms up
                taken[place].append(time.perf_counter() - start)
    return [len(texts) / statistics.median(one) for one in taken]
