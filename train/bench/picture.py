"""The results as one SVG file that needs nothing else: a bar a scorer, and curves where growth was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xuncha.train.bench.results import OWN, Results
from xuncha.train.evaluation.markup import Html, element, joined, plain

_WIDTH, _LEFT, _RIGHT, _STEP = 880, 390, 110, 30
_OWN, _PEER, _INK, _SOFT, _GRID = "#b3261e", "#5b6b7b", "#1c1c1c", "#5f6368", "#d8dade"
_FONT = "system-ui, 'Noto Sans CJK SC', sans-serif"


def picture(results: Results) -> str:
    """Texts a second on a logarithmic scale with the spread of the rounds, and the ratio to xuncha beside each bar."""
    titles = [OWN, *results.rivals]
    lines = list(_bars(results, titles))
    height = 92 + _STEP * len(titles)
    if results.growth:
        lines += _panel(results.growth["rows"], "rows of the table", 40, height + 24)
        lines += _panel(results.growth["lengths"], "characters a text", 480, height + 24)
        height += 270
    head = element("title", plain("Texts a second by scorer"))
    ground = element("rect", width=f"{_WIDTH}", height=f"{height}", fill="#ffffff")
    svg = element(
        "svg", head, ground, joined(lines), xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {height}",
        width=f"{_WIDTH}", height=f"{height}", font_family=_FONT, font_size="13", fill=_INK,
    )  # fmt: skip
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg}\n'


def _bars(results: Results, titles: list[str]) -> Iterator[Html]:
    speeds = {title: results.speeds.speed(title) for title in titles}
    low = 10 ** math.floor(math.log10(min(one.least for one in speeds.values())))
    high = max(one.greatest for one in speeds.values()) * 1.05
    quick = " A quick run: the figures mean nothing." if results.quick else ""
    yield _text(20, 26, f"Texts a second, {results.machine.cores} cores, logarithmic scale.{quick}", size="15")
    yield _text(
        20,
        46,
        f"{results.machine.processor} · {results.model} · medians and spread of {results.rounds} rounds",
        fill=_SOFT,
    )
    bottom = 70 + _STEP * len(titles)
    for tick in _ticks(low, high):
        x = _x(tick, low, high)
        yield _line(x, 62, x, bottom, _GRID)
        yield _text(x, bottom + 16, f"{tick:g}", anchor="middle", fill=_SOFT)
    for number, title in enumerate(titles):
        speed, y = speeds[title], 68 + _STEP * number
        colour = _OWN if title == OWN else _PEER
        end = _x(speed.median, low, high)
        yield _text(_LEFT - 10, y + 15, title, anchor="end")
        yield element(
            "rect", x=f"{_LEFT}", y=f"{y}", width=f"{max(end - _LEFT, 1):.1f}", height="20", fill=colour, rx="2"
        )
        yield _line(_x(speed.least, low, high), y + 10, _x(speed.greatest, low, high), y + 10, _INK)
        beside = (
            ""
            if title == OWN
            else f" · {1 / results.ratio(title).median:.2f}×"
            if results.ratio(title).median < 1
            else f" · 1/{results.ratio(title).median:.1f}"
        )
        yield _text(end + 6, y + 15, f"{speed.median:.0f}{beside}")


def _panel(found: Mapping[str, Mapping[str, Any]], axis: str, left: float, top: float) -> Iterator[Html]:
    """Texts a second (line) and peak memory in MB (dashed) over a logarithmic axis, both from 0."""
    width, height = 330.0, 180.0
    keys = [float(key) for key in found]
    for name, colour, dashes in (("texts_per_second", _OWN, ""), ("peak_bytes", _PEER, "5 4")):
        factor = 1e-6 if name == "peak_bytes" else 1.0
        values = [one[name] * factor for one in found.values()]
        most = max(values) or 1.0
        span = math.log(keys[-1] / keys[0]) or 1.0
        points = [
            (left + width * math.log(key / keys[0]) / span, top + height * (1 - value / most / 1.15))
            for key, value in zip(keys, values, strict=True)
        ]
        yield element(
            "polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), fill="none", stroke=colour,
            stroke_width="2", stroke_dasharray=dashes or "none",
        )  # fmt: skip
        for (x, y), value in zip(points, values, strict=True):
            yield element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3", fill=colour)
            yield _text(x, y - 7, f"{value:.0f}", anchor="middle", fill=colour, size="11")
    yield _line(left, top + height, left + width, top + height, _INK)
    for key in keys:
        yield _text(
            left + width * math.log(key / keys[0]) / (math.log(keys[-1] / keys[0]) or 1.0),
            top + height + 16,
            _short(key),
            anchor="middle",
            fill=_SOFT,
            size="11",
        )
    yield _text(left, top + height + 38, f"over {axis}: texts/s (line), peak memory in MB (dashed)", fill=_SOFT)


def _short(number: float) -> str:
    return f"{number / 1e6:g}M" if number >= 1e6 else f"{number / 1e3:g}k" if number >= 1e4 else f"{number:g}"


def _ticks(low: float, high: float) -> Iterable[float]:
    found = (factor * 10.0**power for power in range(-3, 9) for factor in (1, 2, 5))
    return [tick for tick in found if low <= tick <= high]


def _x(value: float, low: float, high: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * math.log(max(value, low) / low) / math.log(high / low)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> Html:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    return element("line", stroke=colour, **ends)


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = _INK, size: str = "13") -> Html:
    return element("text", plain(text), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, fill=fill, font_size=size)
