"""A comparison as tables on the terminal."""

from __future__ import annotations

from xuncha.labels.errors import escape_controls
from xuncha.labels.tables import show_table
from xuncha.train.compare import lines
from xuncha.train.compare.comparison import Comparison
from xuncha.train.compare.flips import Flip
from xuncha.train.compare.verdict import summary

# Flips of each kind that the terminal shows; the report has all.
SHOWN = 5


def show(comparison: Comparison) -> None:
    """Print labels, slices that moved, behaviour, cost and some flips, and the verdict last."""
    measured = comparison.measured
    print(f"{comparison.old} → {comparison.new} on {measured.rows} rows, {comparison.rules.point} point")
    for note in comparison.notes:
        print(f"Note: {note}")
    _table("Shared labels", lines.LABELS, lines.label_lines(comparison))
    _table("New labels, measured by themselves", lines.ADDED, lines.added_lines(comparison))
    _table("Slices that surely moved", lines.SLICES, lines.slice_lines(lines.moved_slices(comparison)))
    if measured.behaviour:
        _table("Behaviour cases", lines.CASES, lines.case_lines(measured.behaviour))
        for one in measured.behaviour.broken[:SHOWN]:
            print(f"  breaks {_safe(one.id)} ({_safe(one.capability)}, {', '.join(one.labels)}): {_safe(one.text)}")
    _table("Cost", lines.COST, lines.cost_lines(measured.cost))
    _flips(comparison)
    print()
    print(f"verdict: {comparison.verdict}")
    for reason in comparison.verdict.reasons:
        print(f"  {_safe(reason)}")


def _flips(comparison: Comparison) -> None:
    kinds = [one.kind for one in comparison.flips]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    counted = ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "none"
    print(f"\nFlipped verdicts: {counted}")
    for kind, number in counts.items():
        for one in [one for one in comparison.flips if one.kind == kind][:SHOWN]:
            _flip(one)
        if number > SHOWN:
            print(f"  … and {number - SHOWN} more {kind}: --report DIR shows all")


def _flip(one: Flip) -> None:
    shown = " · ".join(f"「{_safe(one.text[span.start : span.end])}」 {span.reason}" for span in one.evidence)
    print(f"  {_safe(one.id)}  {lines.said(one)}")
    print(f"    {_safe(one.text[:200])}")
    print(f"    {one.flagged_by}: {shown or 'no evidence'}")


def _table(title: str, columns: tuple[str, ...], rows: object) -> None:
    cells = list(rows)  # type: ignore[call-overload]
    if cells:
        print()
        show_table(title, columns, cells)


def _safe(text: str) -> str:
    return escape_controls(text)


def verdict_lines(comparison: Comparison) -> list[str]:
    """The verdict with its reasons, for the log of a training."""
    return summary(comparison.verdict, (comparison.old, comparison.new))
