"""The curves of a replay as an SVG file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xuncha.labels import svg
from xuncha.train.curation.replay import Curve

_LEFT, _TOP, _WIDTH, _HEIGHT = 60.0, 56.0, 480.0, 300.0


def curves_picture(curves: Sequence[Curve], figure: str = "f1") -> str:
    """Mean of the figure over the seeds by number of labelled rows, and the span of the seeds as a band."""
    values = [value for curve in curves for seed in getattr(curve, figure) for value in seed]
    low, high = (round(edge, 1) for edge in (max(min(values) - 0.05, 0.0), min(max(values) + 0.05, 1.0)))
    high = max(high, low + 0.1)
    first, last = curves[0].rows[0], curves[0].rows[-1]

    def place(rows: float, value: float) -> tuple[float, float]:
        x = _LEFT + _WIDTH * (rows - first) / max(last - first, 1)
        return x, _TOP + _HEIGHT * (1 - (value - low) / (high - low))

    name = {"f1": "mean F1 over labels", "average_precision": "mean average precision over labels"}[figure]
    parts = [svg.words(16, 28, f"Labelled as suggested, or at random: {name}", "head")]
    for tick in np.linspace(low, high, 6):
        parts.append(svg.line(place(first, tick), place(last, tick), "grid"))
        parts.append(svg.words(_LEFT - 8, place(first, tick)[1] + 4, f"{tick:.2f}", "soft", "end"))
    for rows in curves[0].rows:
        parts.append(svg.words(place(rows, low)[0], _TOP + _HEIGHT + 20, str(rows), "soft", "middle"))
    parts.append(svg.words(_LEFT + _WIDTH / 2, _TOP + _HEIGHT + 42, "labelled rows", "", "middle"))
    for number, curve in enumerate(reversed(curves)):
        found = np.array(getattr(curve, figure))
        edges = [(rows, value) for rows, value in zip(curve.rows, found.max(axis=0), strict=True)]
        edges += [(rows, value) for rows, value in zip(curve.rows, found.min(axis=0), strict=True)][::-1]
        parts.append(svg.area([place(*edge) for edge in edges], f"b{number}"))
        points = [place(rows, value) for rows, value in zip(curve.rows, curve.mean(figure), strict=True)]
        parts.append(svg.path(points, f"line s{number}"))
        for (x, y), rows, value in zip(points, curve.rows, curve.mean(figure), strict=True):
            parts.append(svg.dot(x, y, f"f{number}", f"{curve.name}, {rows} rows: {value:.3f}"))
        parts.append(svg.dot(_LEFT + 6 + 130 * number, _TOP + _HEIGHT + 66, f"f{number}", curve.name))
        parts.append(svg.words(_LEFT + 16 + 130 * number, _TOP + _HEIGHT + 70, curve.name))
    return svg.document("Replay of suggestions", _LEFT + _WIDTH + 40, _TOP + _HEIGHT + 86, parts)
