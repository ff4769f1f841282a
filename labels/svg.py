"""Small pictures as SVG files: no library, no script; they follow the viewer's light or dark theme."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_STYLE = """
svg { background: #fff; font: 13px system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
text { fill: #222; } .soft { fill: #777; } .head { font-weight: 600; }
.grid { stroke: #ddd; } .line { fill: none; stroke-width: 2.5; }
.s0 { stroke: #c2410c; } .s1 { stroke: #475569; } .s2 { stroke: #0f766e; } .s3 { stroke: #7c3aed; }
.f0 { fill: #c2410c; } .f1 { fill: #475569; } .f2 { fill: #0f766e; } .f3 { fill: #7c3aed; }
.b0 { fill: #c2410c; opacity: .15; } .b1 { fill: #475569; opacity: .15; }
.true { fill: #c2410c; } .false { fill: #94a3b8; } .open { fill: #e2e8f0; }
@media (prefers-color-scheme: dark) {
svg { background: #16181d; } text { fill: #e5e7eb; } .soft { fill: #9ca3af; } .grid { stroke: #374151; }
.s0 { stroke: #fb923c; } .s1 { stroke: #cbd5e1; } .f0 { fill: #fb923c; } .f1 { fill: #cbd5e1; }
.b0 { fill: #fb923c; } .b1 { fill: #cbd5e1; }
.true { fill: #fb923c; } .false { fill: #64748b; } .open { fill: #334155; }
}
"""


def document(title: str, width: float, height: float, parts: Iterable[str]) -> str:
    """A whole SVG file."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img">'
    return "\n".join([head, f"<title>{_safe(title)}</title>", f"<style>{_STYLE}</style>", *parts, "</svg>\n"])


def words(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    """One line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{_safe(text)}</text>'


def bar(x: float, y: float, size: tuple[float, float], style: str, told: str) -> str:
    """A filled rectangle of width and height; `told` shows when the pointer rests on it."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{size[0]:.1f}" height="{size[1]:.1f}"'
    return f'<rect {place} class="{style}"><title>{_safe(told)}</title></rect>'


def line(start: tuple[float, float], end: tuple[float, float], style: str) -> str:
    """A straight line."""
    ends = f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
    return f'<line {ends} class="{style}"/>'


def path(points: Iterable[tuple[float, float]], style: str) -> str:
    """Points joined by lines."""
    return f'<polyline points="{_points(points)}" class="{style}"/>'


def area(points: Iterable[tuple[float, float]], style: str) -> str:
    """A filled polygon."""
    return f'<polygon points="{_points(points)}" class="{style}"/>'


def dot(x: float, y: float, style: str, told: str) -> str:
    """A point; `told` shows when the pointer rests on it."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="{style}"><title>{_safe(told)}</title></circle>'


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _safe(text: str) -> str:
    """Markup and what XML cannot hold made harmless."""
    from xuncha.labels.errors import escape_controls

    return escape(escape_controls(text))
