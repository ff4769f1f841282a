"""The report of an evaluation: one JSON file for machines, one page for people that loads and runs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from xuncha.labels.io import replacing
from xuncha.labels.rows import Span
from xuncha.train.evaluation import pictures, sections
from xuncha.train.evaluation.evaluation import Evaluation
from xuncha.train.evaluation.markup import Html, document, element, escaped, joined
from xuncha.train.evaluation.mistakes import Mistake
from xuncha.train.evaluation.sections import section

# Characters of a mistaken text that the page shows; evaluation.json has all.
SHOWN = 2000


def write_report(evaluation: Evaluation, folder: Path | str) -> tuple[Path, ...]:
    """Write `evaluation.json` and `report.html` into `folder`, made if need be, and return both paths.

    Files of an earlier report are replaced, each whole. Raises `OSError` where the folder cannot be written.
    """
    return write_files(Path(folder), ("evaluation.json", as_json(evaluation)), ("report.html", page(evaluation)))


def write_files(folder: Path, *files: tuple[str, str]) -> tuple[Path, ...]:
    """Write (name, content) pairs into `folder`, made if need be, each whole, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        with replacing(folder / name) as stream:
            stream.write(content.encode("utf-8"))
    return tuple(folder / name for name, _ in files)


def as_json(evaluation: Evaluation) -> str:
    """`to_json` as text: pure ASCII, so that hostile characters of texts stand as escapes."""
    return json.dumps(evaluation.to_json(), indent=1, allow_nan=False) + "\n"


def page(evaluation: Evaluation) -> Html:
    """The whole page as HTML."""
    parts = list(_parts(evaluation))
    links = element("nav", *(element("a", title, href=f"#{name}") for name, title, *_ in parts))
    body = [*_head(evaluation), links, *(section(*part) for part in parts)]
    return document(f"Evaluation of {evaluation.model}", body)


def _head(evaluation: Evaluation) -> Iterator[Html]:
    yield element("h1", f"Evaluation of {evaluation.model}")
    yield element(
        "p",
        f"{evaluation.rows} rows, operating point “{evaluation.point}”. Intervals: 95 %, {evaluation.resamples} "
        "bootstrap resamples by group, so that the halves of a contrast pair stay together; where all rows are right, "
        "the interval has no width, which is no proof. Labels that nobody has judged do not count.",
        class_="soft",
    )
    yield element("p", "Rows: sha256 ", element("code", evaluation.rows_sha256), class_="soft")
    for note in evaluation.notes:
        yield element("p", note, class_="note")


def _parts(evaluation: Evaluation) -> Iterator[tuple[str, str, str, Html]]:
    """Anchor, title, what the figures mean, and the content of each section."""
    grid = element(
        "div", pictures.curves_picture(evaluation), pictures.calibration_picture(evaluation), class_="pictures"
    )
    yield "main", "Main figures", _MAIN, joined([sections.main_table(evaluation), sections.headline_table(evaluation)])
    yield "curves", "Curves", _CURVES, grid
    if evaluation.baselines:
        yield "baselines", "Beside the baselines", _BASELINES, _baselines(evaluation)
    yield "slices", "Slices", _SLICES, sections.slice_tables(evaluation)
    yield "evidence", "Evidence", _EVIDENCE, sections.evidence_table(evaluation)
    yield "reasons", "Reasons", _REASONS, _confusions(evaluation)
    if evaluation.robustness:
        attacks = [pictures.robustness_picture(evaluation), sections.robustness_table(evaluation)]
        yield "robustness", "Robustness", _ROBUSTNESS, joined(attacks)
    if evaluation.ordinary:
        yield "ordinary", "Ordinary texts", _ORDINARY, sections.ordinary_table(evaluation)
    yield "mistakes", "Worst errors", _MISTAKES, joined(map(_mistake, evaluation.mistakes))


def _baselines(evaluation: Evaluation) -> Html:
    parts: list[Html] = [pictures.baselines_picture(evaluation)]
    for label in evaluation.labels:
        parts += [element("h3", f"{label} · {evaluation.names[label]}"), sections.baseline_table(evaluation, label)]
    told = (element("p", f"{one.name}: {one.about}.", class_="soft") for one in evaluation.baselines)
    return joined([*parts, *told])


def _confusions(evaluation: Evaluation) -> Html:
    parts: list[Html] = []
    for label, confusion in evaluation.reasons.confusion.items():
        names = [f"{reason} · {evaluation.names[reason]}" for reason in confusion.reasons]
        parts += [element("h3", label), sections.confusion_table(confusion, names)]
    return joined(parts)


def _mistake(one: Mistake) -> Html:
    said = "should be flagged, is not" if one.truth else "is flagged, should not be"
    chips = [one.label, one.source, one.kind or "", one.origin]
    found = {span.reason for span in (*one.evidence, *one.marked)}
    return element(
        "div",
        element("p", *(element("span", chip, class_="chip") for chip in chips if chip), element("code", one.id)),
        element("p", f"{said}: score {one.score:.3f}, threshold {one.threshold:.3f}. {', '.join(sorted(found))}"),
        element("p", element("bdi", highlighted(one.text, one.evidence, one.marked)), class_="text", lang="zh"),
        class_="mistake",
    )


def highlighted(text: str, evidence: Sequence[Span], marked: Sequence[Span]) -> Html:
    """`text`, escaped, with the model's evidence coloured and the marked spans underlined; cut where it is long."""
    shown = text[:SHOWN]
    layers = [{place for span in spans for place in range(span.start, span.end)} for spans in (evidence, marked)]
    parts: list[Html] = []
    for style, places in groupby(range(len(shown)), key=lambda place: tuple(place in layer for layer in layers)):
        piece = escaped("".join(shown[place] for place in places))
        names = [name for name, inside in zip(("model", "marked"), style, strict=True) if inside]
        parts.append(element("mark", piece, class_=" ".join(names)) if names else piece)
    left = len(text) - len(shown)
    return joined([*parts, f" … and {left} more characters" if left else ""])


_MAIN = (
    "Precision = TP ÷ (TP + FP), recall = TP ÷ (TP + FN), F1 is their harmonic mean, false flags = FP ÷ (FP + TN). "
    "Average precision is the area under the precision–recall steps, without interpolation."
)
_CURVES = (
    "Calibration error (ECE): over 15 bins of equal width, the mean distance between score and share of true rows, "
    "weighted by rows (Naeini et al. 2015; Guo et al. 2017)."
)
_BASELINES = (
    "Trained and scored in this run, on the same rows, each at the threshold of best F1 on held-out training rows. "
    "Probes see no word of the text: above “flag everything”, the rows give their label away by what the probe sees."
)
_SLICES = (
    "Where a slice has no true row only false flags are defined; where it has no false one, only recall. Under 30 true "
    "rows, read the interval rather than the figure."
)
_EVIDENCE = (
    "Characters of the evidence against marked spans, micro-averaged: over rows whose label is true and flagged, and "
    "over all true rows, where a missed row marks nothing. Faithful: without its evidence the text is not flagged."
)
_REASONS = (
    "Over right flags with marked spans. A row with several marked reasons counts as right when the told one is among "
    "them, and stands otherwise with the reason that has most characters."
)
_ROBUSTNESS = (
    "Each family alone rewrites every marked span of violating rows, and a random stretch of clean ones, with draws "
    "that training does not make. Only rows that a family changes count."
)
_ORDINARY = (
    "Share of unlabelled texts that are flagged. Nobody has judged them, so a flag is not always false; it is what "
    "moderators would be shown."
)
_MISTAKES = (
    "Wrong verdicts that the model was surest of. Coloured: the model's evidence. Underlined: what the annotator "
    "marked. Control, zero-width and direction characters stand as escapes."
)
