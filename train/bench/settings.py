"""What a benchmark is asked to measure, and what it stands on while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference
from xuncha.train.bench.machine import Machine

POINT = "balanced"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: texts, rounds, about so many seconds a contestant a round, texts a round at least.

    `checked` dev rows at most are compared, `table_rows` scored for memory, commands started `starts` times and slow
    ones `slow_starts` times. `calibration` texts are for peers that observe ranges.
    """

    texts: int = 8000
    rounds: int = 5
    seconds: float = 6.0
    least: int = 640
    checked: int = 4000
    table_rows: int = 10_000
    starts: int = 11
    slow_starts: int = 3
    calibration: int = 300


QUICK = Sizes(120, 2, 0.2, 16, 400, 200, 1, 1, 16)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure. `here`: only with what is installed here; `cuda`: xuncha on the GPU too."""

    model: str | None = None
    file: Path | None = None
    text_columns: tuple[str, ...] = ()
    rows: str = "labels/data"
    environments: Path = Path(".bench-venv")
    here: bool = False
    without: tuple[str, ...] = ()
    seed: int = 1
    repeats: float = 0.3
    quick: bool = False
    growth: bool = False
    cuda: bool = False
    sizes: Sizes = Sizes()


@dataclass
class Run:
    """One benchmark under way: `work` is a folder for files on the way, `say` is told of each step."""

    options: Options
    work: Path
    say: Callable[[str], None]
    bundle: Bundle
    machine: Machine

    @property
    def sizes(self) -> Sizes:
        """How much is measured."""
        return QUICK if self.options.quick else self.options.sizes

    @property
    def labels(self) -> tuple[str, ...]:
        """The model's labels, in its order."""
        return self.bundle.taxonomy.label_ids

    @property
    def thresholds(self) -> list[float]:
        """Where each label is flagged."""
        return [self.bundle.thresholds[POINT][label] for label in self.labels]

    @cached_property
    def inference(self) -> Inference:
        """The model in this process, to choose texts with; what is measured runs elsewhere."""
        return Inference(self.bundle)

    def flagged(self, texts: Sequence[str]) -> list[bool]:
        """Which texts the model flags."""
        limits = self.thresholds
        return [bool((row >= limits).any()) for row in self.inference.scores(texts).labels]

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones included."""
        return [len(encoding.ids) for encoding in self.inference.tokenizer.encode_batch_fast(list(texts))]

    def texts_file(self, name: str, texts: Sequence[str]) -> Path:
        """Write texts for the processes that score them."""
        path = self.work / f"{name}.json"
        path.write_text(json.dumps(texts), encoding="utf-8")
        return path
