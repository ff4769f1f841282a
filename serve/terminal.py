"""Verdicts for people at a terminal: the text with its evidence marked in place, scores, reasons and rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.verdict import Evidence, Ruled, RuledReason, Scored, Verdict
from xuncha.serve.visible import visible

LABEL_STYLES = {"off_platform": "bold red", "exaggerated": "bold yellow"}
OTHER_STYLE = "bold magenta"
_BOTH_STYLE = "bold red on yellow"
_RULED = {
    RuledReason.EMPTY: "not scored: the text is empty",
    RuledReason.NOT_TEXT: "not scored: this is not text",
    RuledReason.TOO_LONG: "not scored: the text is too long",
}
_WHOLE = 600  # characters up to which a text is shown whole
_AROUND = 60  # characters shown on each side of the evidence in a longer one
_PLACES = 8  # pieces of evidence shown in place there


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one style; the style is rich's, "" for none."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What names and thresholds a verdict is shown with."""

    taxonomy: Taxonomy
    thresholds: Mapping[str, float]


Line = list[Piece]


def verdict_lines(text: object, verdict: Verdict, view: View) -> list[Line]:
    """The text, then its verdict, as lines of styled pieces. Nothing in them can act on a terminal."""
    shown = text if isinstance(text, str) else repr(text)
    if isinstance(verdict, Ruled):
        return [[Piece(visible(shown[:_WHOLE]))], [Piece(f"  {_RULED[verdict.reason]}", "dim")]]
    lines = [marked(shown, verdict.evidence)]
    if not verdict.flagged:
        scores = " · ".join(
            f"{label} {score:.3f} < {view.thresholds[label]:.3f}" for label, score in verdict.scores.items()
        )
        return [*lines, [Piece("  nothing found", "green"), Piece(f"  {scores}", "dim")]]
    for label, flag in verdict.flags.items():
        if flag:
            lines += _label_lines(label, verdict, view)
    return lines


def marked(text: str, evidence: Sequence[Evidence]) -> Line:
    """`text` in pieces, the evidence in the colour of its label. Of a long text only what stands around evidence."""
    edges = {0, len(text)} | {min(at, len(text)) for one in evidence for at in (one.start, one.end)}
    shown = _shown_ranges(text, evidence)
    edges |= {at for start, end in shown for at in (start, end)}
    line: Line = []
    ordered = sorted(edges)
    for start, end in pairwise(ordered):
        if not any(first <= start and end <= last for first, last in shown):
            line.append(Piece(f" …({end - start} characters)… ", "dim"))
            continue
        labels = {one.label for one in evidence if one.start <= start and end <= one.end}
        line.append(Piece(visible(text[start:end]), _style(labels)))
    return line


def _shown_ranges(text: str, evidence: Sequence[Evidence]) -> list[tuple[int, int]]:
    if len(text) <= _WHOLE:
        return [(0, len(text))]
    wanted = [(max(0, one.start - _AROUND), min(len(text), one.end + _AROUND)) for one in evidence[:_PLACES]]
    ranges: list[tuple[int, int]] = []
    for start, end in sorted(wanted) or [(0, 2 * _AROUND)]:
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return ranges


def _style(labels: set[str]) -> str:
    if len(labels) > 1:
        return _BOTH_STYLE
    return LABEL_STYLES.get(next(iter(labels)), OTHER_STYLE) if labels else ""


def _label_lines(label: str, verdict: Scored, view: View) -> list[Line]:
    style = _style({label})
    score = f"{verdict.scores[label]:.3f} ≥ {view.thresholds[label]:.3f}"
    lines = [[Piece(f"  {view.taxonomy.label(label).name_zh} {label}", style), Piece(f"  {score}")]]
    own = sorted((one for one in verdict.evidence if one.label == label), key=lambda one: one.reason)
    for reason_id, pieces in groupby(own, key=lambda one: one.reason):
        found = list(pieces)
        quoted = "".join(f"「{visible(one.text)}」" for one in found)
        lines.append([Piece(f"    {quoted}", style), *_reason(reason_id, found[0].rule, view)])
    if not own and label in verdict.reasons:
        reason = view.taxonomy.reason(verdict.reasons[label])
        lines.append([Piece("    the text as a whole"), *_reason(reason.id, reason.rule.citation, view)])
    return lines


def _reason(reason_id: str, rule: str, view: View) -> Line:
    reason = view.taxonomy.reason(reason_id)
    return [Piece(f" {reason.name_zh} / {reason.name_en}"), Piece(f" · {visible(rule)}", "dim")]


def show(lines: Iterable[Line]) -> None:
    """Print to stdout: coloured on a terminal, plain in a pipe. NO_COLOR and FORCE_COLOR are obeyed."""
    if not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        for line in lines:
            print("".join(piece.text for piece in line))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
    for line in lines:
        console.print(Text.assemble(*((piece.text, piece.style) for piece in line)))
