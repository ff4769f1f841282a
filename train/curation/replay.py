"""A replay: labelled rows are hidden and asked for again, as suggested and at random, at equal budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.curation.grams import Matrix, Vocabulary
from xuncha.train.curation.suggest import spread, uncertainty
from xuncha.train.evaluation.intervals import Bools, Floats

RANDOM, SUGGESTED = "random", "suggested"


@dataclass(frozen=True, slots=True)
class Course:
    """How a replay goes: `start` rows drawn at random, then batches up to `budget`; once for each of `seeds`.

    `pool` rows are drawn to be hidden, `held` to be measured on (from the split test where there is one).
    """

    start: int = 100
    batch: int = 100
    budget: int = 800
    pool: int = 4000
    held: int = 1500
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean F1 and mean average precision over labels after `rows` labelled rows, one list a seed."""

    name: str
    rows: tuple[int, ...]
    f1: list[list[float]] = field(default_factory=list)
    average_precision: list[list[float]] = field(default_factory=list)

    def mean(self, figure: str = "f1") -> list[float]:
        """The figure over the seeds, at each number of rows."""
        return [float(one) for one in np.mean(getattr(self, figure), axis=0)]

    def area(self, figure: str = "f1") -> float:
        """The mean of the figure along the curve, the start (which all strategies share) left out."""
        return float(np.mean(self.mean(figure)[1:]))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        values = {"name": self.name, "rows": list(self.rows), "f1": self.f1}
        areas = {f"area_{figure}": self.area(figure) for figure in ("f1", "average_precision")}
        return {**values, "average_precision": self.average_precision, **areas}


def replay(
    rows: Sequence[Row], taxonomy: Taxonomy, course: Course, say: Callable[[str], None] = lambda _: None
) -> tuple[Curve, Curve]:
    """The curves of random and of suggested rows, on rows that are judged for every label.

    The learner is a linear model over n-grams, refitted after every batch. The first rows are the same for both.
    Raises `XunchaError` for too few rows.
    """
    pool, held = _rows(rows, taxonomy, course)
    counts = tuple(range(course.start, course.budget + 1, course.batch))
    task = _Task.of(pool, held, taxonomy)
    curves = []
    for name in (RANDOM, SUGGESTED):
        curve = Curve(name, counts)
        for seed in course.seeds:
            f1, precision = _course(task, name, counts, seed)
            curve.f1.append(f1)
            curve.average_precision.append(precision)
        say(f"{name}: mean F1 along the curve {curve.area():.3f}, at {counts[-1]} rows {curve.mean()[-1]:.3f}")
        curves.append(curve)
    return curves[0], curves[1]


@dataclass(frozen=True, slots=True)
class _Task:
    pool: Matrix
    truth: Bools  # [N, C]
    held: Matrix
    held_truth: Bools

    @classmethod
    def of(cls, pool: Sequence[Row], held: Sequence[Row], taxonomy: Taxonomy) -> _Task:
        vocabulary = Vocabulary([row.text for row in pool])
        pool_truth, held_truth = (
            np.array([[row.labels[label] is True for label in taxonomy.label_ids] for row in some], bool)
            for some in (pool, held)
        )
        return cls(vocabulary.texts, pool_truth, vocabulary.matrix([row.text for row in held]), held_truth)


def _course(task: _Task, name: str, counts: Sequence[int], seed: int) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    size = len(task.truth)
    known = rng.choice(size, counts[0], replace=False)
    f1, precision = [], []
    for at, count in enumerate(counts):
        models = [_fit(task, known, column) for column in range(task.truth.shape[1])]
        found = _measured(task, models)
        f1.append(found[0])
        precision.append(found[1])
        if at + 1 < len(counts):
            rest = np.setdiff1d(np.arange(size), known)
            batch = counts[at + 1] - count
            known = np.concatenate([known, _next(task, models, rest, (name, batch), rng)])
    return f1, precision


def _next(task: _Task, models: Sequence[Any], rest: Any, wanted: tuple[str, int], rng: np.random.Generator) -> Any:
    name, batch = wanted
    if name == RANDOM:
        return rng.choice(rest, batch, replace=False)
    probabilities = np.stack([_probabilities(model, task.pool[rest]) for model in models], axis=1)
    worth = uncertainty(probabilities)
    best = np.argsort(-worth, kind="stable")[: 20 * batch]
    return rest[[best[place] for place, _ in spread(worth[best], task.pool[rest[best]], batch)]]


def _fit(task: _Task, known: Any, column: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    truth = task.truth[known, column]
    if truth.all() or not truth.any():
        return float(truth.mean())
    model = LogisticRegression(C=10.0, class_weight="balanced", solver="liblinear", random_state=0)
    return model.fit(task.pool[known], truth)


def _probabilities(model: Any, matrix: Matrix) -> Floats:
    if isinstance(model, float):
        return np.full(matrix.shape[0], model)
    found: Floats = model.predict_proba(matrix)[:, 1]
    return found


def _measured(task: _Task, models: Sequence[Any]) -> tuple[float, float]:
    from sklearn.metrics import average_precision_score, f1_score

    f1, precision = [], []
    for column, model in enumerate(models):
        truth, scores = task.held_truth[:, column], _probabilities(model, task.held)
        f1.append(f1_score(truth, scores >= 0.5, zero_division=0.0))
        precision.append(average_precision_score(truth, scores))
    return float(np.mean(f1)), float(np.mean(precision))


def _rows(rows: Sequence[Row], taxonomy: Taxonomy, course: Course) -> tuple[list[Row], list[Row]]:
    whole = [row for row in rows if all(row.labels.get(label) is not None for label in taxonomy.label_ids)]
    rng = np.random.default_rng(0)
    if any(row.split == "test" for row in whole):
        pool, held = ([row for row in whole if (row.split == "test") == test] for test in (False, True))
    else:
        drawn = set(rng.choice(len(whole), len(whole) // 4, replace=False).tolist())
        pool, held = ([row for place, row in enumerate(whole) if (place in drawn) == test] for test in (False, True))
    need = course.budget + course.batch
    if len(pool) < need or len(held) < course.batch:
        raise XunchaError(
            f"A replay up to {course.budget} rows needs {need} rows to draw from and {course.batch} to measure on, "
            f"judged for every label; there are {len(pool)} and {len(held)}. Give more rows, or a smaller --budget."
        )
    return _sample(pool, course.pool, rng), _sample(held, course.held, rng)


def _sample(rows: list[Row], count: int, rng: np.random.Generator) -> list[Row]:
    if len(rows) <= count:
        return rows
    return [rows[place] for place in rng.choice(len(rows), count, replace=False)]
