"""Small pictures as inline SVG: lines over a square, and intervals on a scale from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xuncha.train.evaluation.intervals import Estimate
from xuncha.train.evaluation.markup import Html, element, joined, plain

_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
# Style classes there are for series: s0, f0 … s4, f4 in page.css.
_COLOURS = 5


@dataclass(frozen=True, slots=True)
class Series:
    """A line: points (x, y), both 0–1. `dots` are points that stand out."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One measured figure of a line in a scale chart, `series` chooses its colour; `faint` is for comparison."""

    series: int
    estimate: Estimate
    faint: bool = False


def square(title: str, axes: tuple[str, str], series: Sequence[Series], *, diagonal: bool = False) -> Html:
    """A square chart, both axes 0–1, with a legend under it. `axes` names x and y."""
    parts = [*_square_frame(axes)]
    if diagonal:
        parts.append(_line((_x(0), _y(0)), (_x(1), _y(1)), "ideal"))
    for number, one in enumerate(series):
        parts += _curve(number, one)
    for number, one in enumerate(series):
        parts += _legend(number, one.name, 366 + 18 * number)
    return _svg(title, 360, 376 + 18 * len(series), parts)


def scale(title: str, lines: Sequence[tuple[str, Sequence[Bar]]], legend: Sequence[str]) -> Html:
    """A line of names downwards, each with its figures and intervals on a scale from 0 to 1 (see `legend`)."""
    left, width, top = 130, 300, 26
    steps = [14 * max(len(bars), 1) + 10 for _, bars in lines]
    bottom = top + sum(steps)
    parts: list[str] = []
    for tick in _TICKS:
        x = left + tick * width
        parts += [_line((x, top - 6), (x, bottom), "grid"), _text(x, 14, f"{tick:g}", "middle", "soft")]
    y = float(top)
    for (name, bars), step in zip(lines, steps, strict=True):
        parts.append(_text(left - 8, y + step / 2, name, "end"))
        for place, bar in enumerate(bars):
            parts += _interval(bar, left, width, y + 8 + 14 * place)
        y += step
    for number, name in enumerate(legend):
        parts += _legend(number, name, bottom + 16 + 18 * number)
    return _svg(title, 450, bottom + 26 + 18 * len(legend), parts)


def _x(value: float) -> float:
    return 44 + value * 300


def _y(value: float) -> float:
    return 312 - value * 300


def _square_frame(axes: tuple[str, str]) -> Iterable[str]:
    for tick in _TICKS:
        yield _line((_x(tick), _y(0)), (_x(tick), _y(1)), "grid")
        yield _line((_x(0), _y(tick)), (_x(1), _y(tick)), "grid")
        yield _text(_x(tick), _y(0) + 16, f"{tick:g}", "middle", "soft")
        yield _text(_x(0) - 6, _y(tick) + 4, f"{tick:g}", "end", "soft")
    yield _text(_x(0.5), _y(0) + 34, axes[0], "middle")
    yield element(
        "text", plain(axes[1]), x="12", y=f"{_y(0.5):g}", text_anchor="middle", transform=f"rotate(-90 12 {_y(0.5):g})"
    )


def _curve(number: int, one: Series) -> Iterable[str]:
    colour = number % _COLOURS
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in one.points)
    yield element("polyline", points=path, class_=f"line s{colour} d{number % 3}")
    for x, y in one.dots:
        yield element("circle", cx=f"{_x(x):.1f}", cy=f"{_y(y):.1f}", r="4.5", class_=f"f{colour}")


def _interval(bar: Bar, left: float, width: float, y: float) -> Iterable[str]:
    one, colour = bar.estimate, bar.series % _COLOURS
    if one.value is None or one.low is None or one.high is None:
        yield _text(left + 4, y + 4, "–", "start", "soft")
        return
    faint = " faint" if bar.faint else ""
    yield _line((left + one.low * width, y), (left + one.high * width, y), f"whisker s{colour}{faint}")
    told = element("title", f"{one.value:.3f} ({one.low:.3f}–{one.high:.3f})")
    yield element(
        "circle", told, cx=f"{left + one.value * width:.1f}", cy=f"{y:.1f}", r="5", class_=f"f{colour}{faint}"
    )


def _legend(number: int, name: str, y: float) -> Iterable[str]:
    yield element("circle", cx="52", cy=f"{y - 4:g}", r="5", class_=f"f{number % _COLOURS}")
    yield _text(64, y, name, "start")


def _line(start: tuple[float, float], end: tuple[float, float], style: str) -> Html:
    ends = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
    return element("line", class_=style, **{name: f"{value:.1f}" for name, value in ends.items()})


def _text(x: float, y: float, text: str, anchor: str, style: str = "") -> Html:
    return element(
        "text", plain(text), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, **({"class_": style} if style else {})
    )


def _svg(title: str, width: float, height: float, parts: Iterable[str]) -> Html:
    return element(
        "svg", element("title", plain(title)), joined(parts), viewBox=f"0 0 {width:g} {height:g}", role="img"
    )
