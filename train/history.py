"""Losses and dev figures of a training over its epochs: JSON for machines, one SVG to look at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xuncha.labels.io import replacing
from xuncha.train.evaluation.markup import Html, element, joined, plain

Point = tuple[float, float]
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 320, 220, 52, 30, 90
_COLOURS = ("#1f5fbf", "#c2571a", "#3d8a57", "#7a4fb5", "#8a7a1f", "#5b6676")


@dataclass(frozen=True, slots=True)
class History:
    """Curves by name, each of (epoch, value): `loss` of train and dev, `figures` of the dev rows (0–1)."""

    loss: Mapping[str, Sequence[Point]]
    figures: Mapping[str, Sequence[Point]]


def history_of(log: Iterable[Mapping[str, Any]], labels: Sequence[str]) -> History:
    """The curves in a Trainer's `log_history`; `labels` name the figures by label."""
    names = {"loss": "train", "eval_loss": "dev", "eval_f1": "best F1", "eval_ap": "average precision"}
    names |= {f"eval_f1_{place}": f"best F1 {label}" for place, label in enumerate(labels)}
    curves: dict[str, list[Point]] = {}
    for entry in log:
        for key, name in names.items():
            if key in entry:
                curves.setdefault(name, []).append((float(entry["epoch"]), float(entry[key])))
    losses = ("train", "dev")
    return History(
        {name: curve for name, curve in curves.items() if name in losses},
        {name: curve for name, curve in curves.items() if name not in losses},
    )


def write_history(history: History, stem: Path) -> None:
    """Write `stem`.json and `stem`.svg, each whole."""
    text = json.dumps(asdict(history), ensure_ascii=False, indent=1) + "\n"
    for suffix, content in ((".json", text), (".svg", picture(history))):
        with replacing(stem.with_name(stem.name + suffix)) as stream:
            stream.write(content.encode("utf-8"))


def picture(history: History) -> Html:
    """Two panels side by side: losses on the left, dev figures on the right."""
    worst = max((value for curve in history.loss.values() for _, value in curve), default=1.0)
    panels = [_panel("loss", history.loss, 0, worst or 1.0), _panel("dev rows", history.figures, 1, 1.0)]
    height = _TOP + _HEIGHT + 44 + 18 * max(len(history.loss), len(history.figures))
    return element(
        "svg",
        element("title", plain("Training history")),
        element("rect", width="100%", height="100%", fill="#ffffff"),
        *panels,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {2 * (_LEFT + _WIDTH) + _GAP} {height}",
        font_family="sans-serif",
        font_size="12",
    )


def _panel(title: str, curves: Mapping[str, Sequence[Point]], number: int, top: float) -> Html:
    left = _LEFT + number * (_WIDTH + _GAP)
    last = max((epoch for curve in curves.values() for epoch, _ in curve), default=1.0) or 1.0

    def place(point: Point) -> tuple[float, float]:
        return left + point[0] / last * _WIDTH, _TOP + (1 - min(point[1], top) / top) * _HEIGHT

    parts = [_text(left, _TOP - 12, title), _text(left + _WIDTH / 2, _TOP + _HEIGHT + 32, "epoch", "middle")]
    for step in range(5):
        x, y = place((last * step / 4, top * step / 4))
        parts.append(element("path", d=f"M{left} {y:.1f}h{_WIDTH}", stroke="#d8dee7", fill="none"))
        parts.append(_text(left - 6, y + 4, f"{top * step / 4:.2f}", "end"))
        parts.append(_text(x, _TOP + _HEIGHT + 16, f"{last * step / 4:.1f}", "middle"))
    for line, (name, curve) in enumerate(curves.items()):
        colour = _COLOURS[line % len(_COLOURS)]
        points = [place(point) for point in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(element("polyline", points=path, fill="none", stroke=colour, stroke_width="2"))
        parts += [element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2.5", fill=colour) for x, y in points]
        y = _TOP + _HEIGHT + 52 + 18 * line
        parts += [element("circle", cx=f"{left + 5}", cy=f"{y - 4}", r="5", fill=colour), _text(left + 16, y, name)]
    return joined(parts)


def _text(x: float, y: float, text: str, anchor: str = "start") -> Html:
    return element("text", plain(text), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, fill="#1d2430")
