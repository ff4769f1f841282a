"""An evaluation as tables on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xuncha.labels.errors import escape_controls
from xuncha.models.bundle import OPERATING_POINTS
from xuncha.train.evaluation.evaluation import Evaluation
from xuncha.train.evaluation.intervals import Estimate, Rate
from xuncha.train.evaluation.markup import DASH, figure, percent
from xuncha.train.evaluation.sections import headlines, ordinary_lines

# Facets that the terminal shows beside reasons; the report has origins too.
_FACETS = ("source", "kind", "length")
# Columns of a table that goes to a file or a pipe.
_WIDTH = 120


def show(evaluation: Evaluation, console: Console | None = None) -> None:
    """Print the main table, the headline rates, slices, baselines and attacks; to stdout without a console."""
    console = console or Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(_plain(f"{evaluation.model} on {evaluation.rows} rows, 95 % intervals by bootstrap"))
    for note in evaluation.notes:
        console.print(_plain(f"Note: {note}"))
    _main(evaluation, console)
    _headlines(evaluation, console)
    _slices(evaluation, console)
    if evaluation.baselines:
        _baselines(evaluation, console)
    if evaluation.robustness:
        _robustness(evaluation, console)
    if evaluation.ordinary:
        _print(console, "Ordinary texts flagged", *ordinary_lines(evaluation))


def _main(evaluation: Evaluation, console: Console) -> None:
    lines = []
    for label, one in evaluation.labels.items():
        for point in OPERATING_POINTS:
            found = one.points[point]
            quality = map(_estimated, (found.precision, found.recall, found.f1))
            name = label if point == OPERATING_POINTS[0] else ""
            lines.append([name, point, *quality, percent(found.false_flags.value)])
    columns = ["label", "point", "precision", "recall", "F1", "false flags"]
    _print(console, "Labels", columns, lines)
    whole = []
    for label, one in evaluation.labels.items():
        counts = one.points[evaluation.point]
        figures = [_estimated(one.average_precision), figure(one.reliability.error)]
        whole.append([label, str(counts.rows), str(counts.positives), *figures])
    _print(console, "At all thresholds", ["label", "rows", "true", "average precision", "ECE"], whole)


def _headlines(evaluation: Evaluation, console: Console) -> None:
    lines = [[name, _estimated(one), counts] for name, one, counts in headlines(evaluation)]
    _print(console, f"At the {evaluation.point} point", ["figure", "value", "over"], lines)


def _slices(evaluation: Evaluation, console: Console) -> None:
    for facet in _FACETS:
        lines = []
        for one in evaluation.slices:
            if one.facet == facet:
                found = one.figures
                quality = map(_estimated, (found.precision, found.recall, found.f1))
                counts = [str(found.rows), str(found.positives)]
                lines.append([one.value, one.label, *counts, *quality, percent(found.false_flags.value)])
        columns = [facet, "label", "rows", "true", "precision", "recall", "F1", "false flags"]
        _print(console, f"By {facet}", columns, lines)
    lines = [
        [one.value, one.label, str(one.figures.rows), _estimated(one.figures.recall)]
        for one in evaluation.slices
        if one.facet == "reason"
    ]
    _print(console, "By reason", ["reason", "label", "true rows", "recall"], lines)


def _baselines(evaluation: Evaluation, console: Console) -> None:
    labels = list(evaluation.labels)
    own = {label: one.points[evaluation.point].f1 for label, one in evaluation.labels.items()}
    area = {label: one.average_precision for label, one in evaluation.labels.items()}
    lines = [_beside("model", own, area, evaluation.challenges.pairs, labels)]
    for one in evaluation.baselines:
        scores = {label: found.f1 for label, found in one.figures.items()}
        pairs = one.challenges.pairs if one.challenges else None
        lines.append(_beside(one.name, scores, dict(one.average_precision), pairs, labels))
    columns = ["", *(f"{what} {label}" for label in labels for what in ("F1", "AP")), "pairs right"]
    _print(console, "Beside the baselines", columns, lines)


def _beside(
    name: str, scores: dict[str, Estimate], areas: dict[str, Estimate], pairs: Rate | None, labels: Sequence[str]
) -> list[str]:
    cells = [_estimated(found[label]) if label in found else DASH for label in labels for found in (scores, areas)]
    return [name, *cells, percent(pairs.share.value) if pairs else DASH]


def _robustness(evaluation: Evaluation, console: Console) -> None:
    lines = []
    for attacked in evaluation.robustness:
        pairs = [*attacked.recall.values(), attacked.false_flags]
        cells = [f"{percent(one.before.share.value)} → {percent(one.after.share.value)}" for one in pairs]
        counts = [str(one.after.of) for one in pairs]
        lines.append([attacked.family, *(cell for both in zip(cells, counts, strict=True) for cell in both)])
    heads = [*(f"recall {label}" for label in evaluation.labels), "false flags"]
    _print(console, "Under attack", ["family", *(name for head in heads for name in (head, "rows"))], lines)


def _print(console: Console, title: str, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    drawn = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(columns):
        drawn.add_column(_plain(name), justify="right" if place > 1 else "left", overflow="fold")
    for line in lines:
        drawn.add_row(*map(_plain, line))
    console.print(drawn)


def _plain(text: str) -> Text:
    """Text that the terminal shows and does not obey."""
    return Text(escape_controls(text))


def _estimated(one: Estimate) -> str:
    if one.value is None:
        return DASH
    return f"{figure(one.value)} ({figure(one.low, 2)}–{figure(one.high, 2)})"
