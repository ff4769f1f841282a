"""The pictures of the report: curves of each label, intervals of model and baselines, attacks."""

from __future__ import annotations

from xuncha.models.bundle import OPERATING_POINTS
from xuncha.train.evaluation.charts import Bar, Series, scale, square
from xuncha.train.evaluation.evaluation import Evaluation
from xuncha.train.evaluation.markup import Html, element


def framed(picture: Html, caption: str) -> Html:
    """A picture with its caption."""
    return element("figure", picture, element("figcaption", caption))


def curves_picture(evaluation: Evaluation) -> Html:
    """Precision over recall of every label, operating points as dots."""
    series = []
    for label, one in evaluation.labels.items():
        points = [(point.recall, point.precision) for point in one.curve]
        found = (one.points[name] for name in OPERATING_POINTS)
        dots = [
            (each.recall.value, each.precision.value)
            for each in found
            if each.recall.value is not None and each.precision.value is not None
        ]
        series.append(Series(label, points, dots))
    caption = "Precision over recall. Dots: strict, balanced and lenient, from left to right."
    return framed(square("Precision over recall", ("recall", "precision"), series), caption)


def calibration_picture(evaluation: Evaluation) -> Html:
    """Share of true rows over mean score, by bin."""
    series = []
    for label, one in evaluation.labels.items():
        points = [
            (each.confidence, each.frequency)
            for each in one.reliability.bins
            if each.confidence is not None and each.frequency is not None
        ]
        series.append(Series(label, points, points))
    caption = "Calibration: of the rows scored about x, what share is true? On the dashed line, scores are frequencies."
    return framed(square("Calibration", ("mean score", "share true"), series, diagonal=True), caption)


def baselines_picture(evaluation: Evaluation) -> Html:
    """F1 of the model and of each baseline, by label, with intervals."""
    labels = list(evaluation.labels)
    models = [("model", {label: one.points[evaluation.point] for label, one in evaluation.labels.items()})]
    models += [(one.name, dict(one.figures)) for one in evaluation.baselines]
    lines = [
        (name, [Bar(labels.index(label), found.f1) for label, found in figures.items()]) for name, figures in models
    ]
    return framed(scale("F1 beside the baselines", lines, labels), "F1 with 95 % intervals.")


def robustness_picture(evaluation: Evaluation) -> Html:
    """Recall of every label before (faint) and after each attack."""
    labels = list(evaluation.labels)
    lines = []
    for attacked in evaluation.robustness:
        bars = []
        for place, label in enumerate(labels):
            one = attacked.recall[label]
            bars += [Bar(place, one.before.share, faint=True), Bar(place, one.after.share)]
        lines.append((attacked.family, bars))
    caption = "Recall over the rows that a family changes: as they are (faint) and rewritten, with 95 % intervals."
    return framed(scale("Recall under attack", lines, labels), caption)
