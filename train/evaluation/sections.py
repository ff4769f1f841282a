"""The tables of the report, one function a section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xuncha.models.bundle import OPERATING_POINTS
from xuncha.train.evaluation.baselines import Baseline
from xuncha.train.evaluation.evaluation import Evaluation
from xuncha.train.evaluation.figures import Figures
from xuncha.train.evaluation.intervals import Estimate, Rate
from xuncha.train.evaluation.markup import DASH, Html, element, estimated, figure, joined, percent, share, table
from xuncha.train.evaluation.ordinary import ANY
from xuncha.train.evaluation.reasons import Confusion

# The points that teams queue ordinary text with; lenient is for hunting.
_QUIET = ("strict", "balanced")


def section(name: str, title: str, about: str, *parts: str) -> Html:
    """A section with an anchor, a heading and a sentence on how its figures are made."""
    return joined([element("h2", title, id=name), element("p", about, class_="soft"), *parts])


def main_table(evaluation: Evaluation) -> Html:
    """Each label at each operating point, with 95 % intervals; the point of the other figures stands out."""
    parts = []
    for label, one in evaluation.labels.items():
        lines = [
            [
                point,
                figure(one.thresholds[point], 2),
                *map(estimated, (found.precision, found.recall, found.f1)),
                percent(found.false_flags.value),
            ]
            for point, found in ((point, one.points[point]) for point in OPERATING_POINTS)
        ]
        counts = one.points[evaluation.point]
        parts.append(element("h3", f"{label} · {evaluation.names[label]}"))
        about = joined(
            [
                f"{counts.rows} judged rows, {counts.positives} true. Average precision ",
                estimated(one.average_precision),
                f", calibration error (ECE) {figure(one.reliability.error)}.",
            ]
        )
        parts.append(element("p", about))
        columns = ["point", "threshold", "precision", "recall", "F1", "false flags"]
        parts.append(table(columns, lines, strong=OPERATING_POINTS.index(evaluation.point)))
    return joined(parts)


def headline_table(evaluation: Evaluation) -> Html:
    """The rates that tell understanding from word spotting, evidence, reasons."""
    lines = [[name, estimated(one), counts] for name, one, counts in headlines(evaluation)]
    return table(["figure", "value", "over"], lines)


def headlines(evaluation: Evaluation) -> Iterator[tuple[str, Estimate, str]]:
    """Name, value and count of the figures beside the main table; also what the terminal shows."""

    def counted(name: str, one: Rate, what: str) -> tuple[str, Estimate, str]:
        return name, one.share, f"{one.hits} of {one.of} {what}"

    hard = evaluation.challenges
    yield counted("contrast pairs, both halves right", hard.pairs, "pairs")
    for label, one in hard.obfuscated.items():
        yield counted(f"obfuscated rows, recall of {label}", one, "rows")
    yield counted("allowed look-alikes flagged", hard.look_alikes, "rows")
    flagged, every = evaluation.marking.flagged, evaluation.marking.every
    yield "evidence F1 by characters, right flags", flagged.f1, f"{flagged.rows} flags"
    yield "evidence F1 by characters, all true rows", every.f1, f"{every.rows} row labels"
    yield counted("no longer flagged without its evidence", evaluation.faithfulness.overall, "flags")
    yield counted("the same for a random stretch as long", evaluation.faithfulness.control, "flags")
    yield counted("reason right where the label is", evaluation.reasons.overall, "flags")


def evidence_table(evaluation: Evaluation) -> Html:
    """Evidence, faithfulness and reasons by label."""
    lines: list[list[str]] = []
    for label, one in evaluation.marking_by_label.items():
        for name, found in (("right flags", one.flagged), ("all true rows", one.every)):
            quality = map(estimated, (found.precision, found.recall, found.f1))
            lines.append([f"{label}, {name}", str(found.rows), *quality])
    faithful = [
        [label, share(one), share(evaluation.reasons.by_label[label])]
        for label, one in evaluation.faithfulness.by_label.items()
    ]
    return joined(
        [
            table(["evidence by characters", "rows", "precision", "recall", "F1"], lines),
            table(["label", "unflagged without evidence", "reason right"], faithful),
            element("p", f"Evidence is {percent(evaluation.faithfulness.covered)} of the characters of flagged texts."),
        ]
    )


def slice_tables(evaluation: Evaluation) -> Html:
    """A table a facet, label by label; reasons have recall only."""
    parts = []
    labels = list(evaluation.labels)
    for facet in dict.fromkeys(one.facet for one in evaluation.slices):
        own = sorted((one for one in evaluation.slices if one.facet == facet), key=lambda one: labels.index(one.label))
        parts.append(element("h3", f"By {facet}"))
        if facet == "reason":
            lines = [
                [f"{one.value} · {one.label}", str(one.figures.rows), estimated(one.figures.recall)] for one in own
            ]
            parts.append(table(["reason · label", "true rows", "recall"], lines))
        else:
            lines = [[f"{one.value} · {one.label}", *_slice_cells(one.figures)] for one in own]
            columns = [f"{facet} · label", "rows", "true", "precision", "recall", "F1", "false flags"]
            parts.append(table(columns, lines))
    return joined(parts)


def _slice_cells(found: Figures) -> list[str]:
    three = map(estimated, (found.precision, found.recall, found.f1))
    return [str(found.rows), str(found.positives), *three, percent(found.false_flags.value)]


def baseline_table(evaluation: Evaluation, label: str) -> Html:
    """The model, the baselines, and flagging everything, on one label."""
    own = evaluation.labels[label]
    found = own.points[evaluation.point]
    lines = [
        _line("model", found, own.average_precision, evaluation.challenges.pairs, evaluation.challenges.look_alikes),
        *(_baseline_line(one, label) for one in evaluation.baselines if label in one.figures),
        ["flag everything", *_chance(found), DASH, DASH],
    ]
    columns = ["", "precision", "recall", "F1", "average precision", "pairs right", "look-alikes flagged"]
    return table(columns, lines, strong=0)


def _baseline_line(one: Baseline, label: str) -> list[str]:
    hard = one.challenges
    pairs, alike = (hard.pairs, hard.look_alikes) if hard else (None, None)
    return _line(one.name, one.figures[label], one.average_precision[label], pairs, alike)


def _line(name: str, found: Figures, area: Estimate, pairs: Rate | None, alike: Rate | None) -> list[str]:
    quality = map(estimated, (found.precision, found.recall, found.f1, area))
    return [name, *quality, *(share(rate) if rate else DASH for rate in (pairs, alike))]


def _chance(found: Figures) -> list[str]:
    """Precision, recall, F1 and average precision of flagging every row."""
    if not found.positives:
        return [DASH] * 4
    part = found.positives / found.rows
    return [figure(part), figure(1.0), figure(2 * part / (1 + part)), figure(part)]


def robustness_table(evaluation: Evaluation) -> Html:
    """Each attack family, before and after, over the rows that it changes."""
    labels = list(evaluation.labels)
    lines = []
    for attacked in evaluation.robustness:
        pairs = [*(attacked.recall[label] for label in labels), attacked.false_flags]
        lines.append([attacked.family, *(cell for one in pairs for cell in (share(one.before), share(one.after)))])
    heads = [*(f"recall of {label}" for label in labels), "false flags"]
    columns = ["family", *(name for head in heads for name in (f"{head}, before", "after"))]
    return table(columns, lines)


def ordinary_table(evaluation: Evaluation) -> Html:
    """Ordinary texts that are flagged, by collection, operating point and label."""
    return table(*ordinary_lines(evaluation))


def ordinary_lines(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Columns and lines of that table; also what the terminal shows."""
    heads = [*evaluation.labels, ANY]
    lines = [
        [one.name, str(one.texts), *(_fine(one.flagged[point][head]) for point in _QUIET for head in heads)]
        for one in evaluation.ordinary
    ]
    return ["collection", "texts", *(f"{point} {head}" for point in _QUIET for head in heads)], lines


def _fine(found: Rate) -> str:
    """A small share in percent, with two digits."""
    return DASH if found.share.value is None else f"{100 * found.share.value:.2f} %"


def confusion_table(confusion: Confusion, names: Sequence[str]) -> Html:
    """Marked reasons downwards, told reasons across; the deeper the colour, the larger the share of the line."""
    lines = []
    for name, counts in zip(names, confusion.counts, strict=True):
        total = sum(counts)
        lines.append([name, *(_heat(count, total) for count in counts), str(total)])
    return table(["marked ↓ told →", *confusion.reasons, "rows"], lines)


def _heat(count: int, total: int) -> Html:
    depth = min(5, -(-5 * count // total)) if total else 0
    return element("td", str(count), **({"class_": f"h{depth}"} if depth else {}))
