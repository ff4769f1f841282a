"""The report of a comparison: one JSON file for machines, one page for people that loads and runs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from xuncha.train.compare import lines
from xuncha.train.compare.comparison import Comparison
from xuncha.train.compare.differences import F1
from xuncha.train.compare.flips import Flip
from xuncha.train.evaluation.markup import Html, document, element, table
from xuncha.train.evaluation.report import highlighted, write_files

# Flips that the page shows; comparison.json has all.
SHOWN = 300


def write_report(comparison: Comparison, folder: Path | str) -> tuple[Path, ...]:
    """Write `comparison.json` and `comparison.html` into `folder`, made if need be, and return both paths."""
    return write_files(Path(folder), ("comparison.json", as_json(comparison)), ("comparison.html", page(comparison)))


def as_json(comparison: Comparison) -> str:
    """`to_json` as text: pure ASCII, so that hostile characters of texts stand as escapes."""
    return json.dumps(comparison.to_json(), indent=1, allow_nan=False) + "\n"


def page(comparison: Comparison) -> Html:
    """The whole page as HTML."""
    return document(f"{comparison.old} → {comparison.new}", [*_head(comparison), *_parts(comparison)])


def _head(comparison: Comparison) -> Iterator[Html]:
    measured = comparison.measured
    yield element("h1", f"{comparison.old} → {comparison.new}: {comparison.verdict}")
    yield element("ul", *(element("li", reason) for reason in comparison.verdict.reasons))
    yield element(
        "p",
        f"{measured.rows} rows, operating point “{comparison.rules.point}”, each model with its own thresholds. "
        f"Intervals: 95 %, {comparison.resamples} paired bootstrap resamples by group. Labels that nobody has judged "
        "do not count.",
        class_="soft",
    )
    rules = ", ".join(f"{key} = {value}" for key, value in comparison.rules.to_json().items())
    yield element("p", f"Rules: {rules}. Rows: sha256 ", element("code", comparison.rows_sha256), class_="soft")
    for note in comparison.notes:
        yield element("p", note, class_="note")


def _parts(comparison: Comparison) -> Iterator[Html]:
    measured = comparison.measured
    yield element("h2", "Shared labels")
    strong = 0 if measured.labels else None
    yield table(lines.LABELS, lines.label_lines(comparison), strong=strong)
    if measured.added:
        yield element("h2", "New labels, measured by themselves")
        yield table(lines.ADDED, lines.added_lines(comparison))
    if measured.behaviour:
        yield element("h2", "Behaviour cases")
        yield table(lines.CASES, lines.case_lines(measured.behaviour))
        broken = [
            [one.id, one.capability, ", ".join(one.labels), element("bdi", one.text)]
            for one in measured.behaviour.broken
        ]
        yield table(["case that NEW breaks", "capability", "labels", "text"], broken)
    yield element("h2", "Cost")
    yield table(lines.COST, lines.cost_lines(measured.cost))
    yield element("h2", f"Flipped verdicts: {len(comparison.flips)}")
    about = "Coloured: the evidence of the model that flags. Underlined: what the annotator marked."
    yield element("p", about, class_="soft")
    yield from map(_flip, comparison.flips[:SHOWN])
    if len(comparison.flips) > SHOWN:
        yield element("p", f"… and {len(comparison.flips) - SHOWN} more in comparison.json")
    yield element("h2", "Slices")
    told = f"{F1} where a slice has true and false rows, else recall or false flags."
    yield element("p", told, class_="soft")
    yield table(lines.SLICES, lines.slice_lines(measured.slices))


def _flip(one: Flip) -> Html:
    chips = [one.kind, one.label, one.source, one.origin]
    reasons = ", ".join(dict.fromkeys(span.reason for span in one.evidence)) or "no evidence"
    return element(
        "div",
        element("p", *(element("span", chip, class_="chip") for chip in chips if chip), element("code", one.id)),
        element("p", f"{lines.said(one)}; {reasons}"),
        element("p", element("bdi", highlighted(one.text, one.evidence, one.marked)), class_="text", lang="zh"),
        class_="mistake",
    )
