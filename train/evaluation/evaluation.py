"""Every figure of one model on one set of labelled rows, made in one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.record import row_to_json
from xuncha.labels.rows import Row
from xuncha.models.bundle import OPERATING_POINTS, Bundle
from xuncha.models.inference import Inference
from xuncha.train.evaluation.baselines import Baseline, baselines
from xuncha.train.evaluation.challenges import Challenges, challenges
from xuncha.train.evaluation.curves import CurvePoint, Reliability, precision_recall, reliability
from xuncha.train.evaluation.figures import Figures, average_precision, figures
from xuncha.train.evaluation.intervals import RESAMPLES, Estimate, Resamples, groups_of
from xuncha.train.evaluation.marking import Faithfulness, LabelMarking, faithfulness, marking
from xuncha.train.evaluation.mistakes import Mistake, mistakes
from xuncha.train.evaluation.ordinary import Ordinary, ordinary
from xuncha.train.evaluation.predictions import Predictions, flags_at, predict
from xuncha.train.evaluation.reasons import ReasonFigures, reason_figures
from xuncha.train.evaluation.robustness import Attacked, robustness
from xuncha.train.evaluation.slices import Slice, slices

FORMAT = 1
WRITTEN_BY_MODEL = "llm-author"


@dataclass(frozen=True, slots=True)
class LabelEvaluation:
    """One label: its figures and threshold at each operating point, average precision, calibration, the curve."""

    points: Mapping[str, Figures]
    thresholds: Mapping[str, float]
    average_precision: Estimate
    reliability: Reliability
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures; those that depend on flags are at operating point `point` unless they say otherwise.

    `rows_sha256` is of the rows' canonical JSON lines, in order. `names` gives the Chinese and English name of every
    label and reason id. `robustness`, `baselines` and `ordinary` are empty where they were not asked for.
    """

    model: str
    point: str
    rows: int
    rows_sha256: str
    train_rows: int
    seed: int
    resamples: int
    notes: tuple[str, ...]
    names: Mapping[str, str]
    labels: Mapping[str, LabelEvaluation]
    slices: tuple[Slice, ...]
    challenges: Challenges
    marking: LabelMarking
    marking_by_label: Mapping[str, LabelMarking]
    faithfulness: Faithfulness
    reasons: ReasonFigures
    robustness: tuple[Attacked, ...]
    baselines: tuple[Baseline, ...]
    ordinary: tuple[Ordinary, ...]
    mistakes: tuple[Mistake, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, numbers and strings under the names of the fields; never NaN, None where undefined."""
        return {"format": FORMAT, **asdict(self)}


def evaluate(
    bundle: Bundle,
    rows: Sequence[Row],
    *,
    point: str = "balanced",
    robustness: bool = True,
    baselines: bool,
    train_rows: Sequence[Row] | None,
    ordinary_texts: Path | None = None,
    seed: int = 0,
) -> Evaluation:
    """Measure a model folder on rows; only judged labels count, null and absent ones are masked.

    `train_rows` are for the baselines alone, which are trained here; without them, or where they overlap with `rows`,
    only the word list stands beside the model. `ordinary_texts` is a folder of unlabelled texts, see `ordinary`.
    Raises `XunchaError` without rows, for an unknown point, and where no row is judged for any of the model's labels.
    The same input and seed give the same figures.
    """
    return evaluate_inference(
        Inference(bundle),
        rows,
        point=point,
        with_robustness=robustness,
        with_baselines=baselines,
        train_rows=train_rows,
        ordinary_texts=ordinary_texts,
        seed=seed,
    )


def evaluate_inference(
    inference: Inference,
    rows: Sequence[Row],
    *,
    point: str = "balanced",
    with_robustness: bool = True,
    with_baselines: bool = True,
    train_rows: Sequence[Row] | None = None,
    ordinary_texts: Path | None = None,
    seed: int = 0,
) -> Evaluation:
    """`evaluate` for a model that is open already."""
    if not rows:
        raise XunchaError("There are no rows to evaluate on. Name a file that has some, or another split.")
    taxonomy = inference.bundle.taxonomy
    predictions = predict(inference, rows, point)
    if not predictions.known.judged.any():
        raise XunchaError(f"No row is judged for {' or '.join(taxonomy.label_ids)}, the labels of this model.")
    resamples = Resamples(groups_of(rows), seed=seed)
    fit_rows = _apart(rows, train_rows or ())
    overall, by_label = marking(predictions, resamples)
    return Evaluation(
        model=inference.bundle.model_id,
        point=point,
        rows=len(rows),
        rows_sha256=fingerprint(rows),
        train_rows=len(fit_rows) if with_baselines else 0,
        seed=seed,
        resamples=RESAMPLES,
        notes=tuple(_notes(rows, train_rows or (), with_baselines)),
        names=_names(predictions),
        labels=_labels(inference.bundle, predictions, resamples),
        slices=slices(predictions, resamples),
        challenges=challenges(rows, taxonomy.label_ids, predictions.known, predictions.flags, resamples),
        marking=overall,
        marking_by_label=by_label,
        faithfulness=faithfulness(inference, predictions, resamples, seed),
        reasons=reason_figures(predictions, resamples),
        robustness=robustness(inference, predictions, resamples, seed) if with_robustness else (),
        baselines=baselines(rows, fit_rows, taxonomy, resamples, seed) if with_baselines else (),
        ordinary=tuple(ordinary(inference, ordinary_texts, seed)) if ordinary_texts else (),
        mistakes=mistakes(predictions),
    )


def fingerprint(rows: Sequence[Row]) -> str:
    """sha256 of the rows as canonical JSON lines, in order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row_to_json(row), sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _labels(bundle: Bundle, predictions: Predictions, resamples: Resamples) -> dict[str, LabelEvaluation]:
    known, taxonomy = predictions.known, predictions.taxonomy
    flags = {point: flags_at(predictions.scores, bundle.thresholds[point], taxonomy) for point in OPERATING_POINTS}
    out = {}
    for place, label in enumerate(taxonomy.label_ids):
        judged, truth, scores = known.judged[:, place], known.truth[:, place], predictions.scores[:, place]
        out[label] = LabelEvaluation(
            points={point: figures(judged, truth, flags[point][:, place], resamples) for point in OPERATING_POINTS},
            thresholds={point: bundle.thresholds[point][label] for point in OPERATING_POINTS},
            average_precision=average_precision(judged, truth, scores, resamples),
            reliability=reliability(judged, truth, scores),
            curve=precision_recall(judged, truth, scores),
        )
    return out


def _names(predictions: Predictions) -> dict[str, str]:
    names = {}
    for label in predictions.taxonomy.labels:
        names[label.id] = f"{label.name_zh} · {label.name_en}"
        names |= {reason.id: f"{reason.name_zh} · {reason.name_en}" for reason in label.reasons}
    return names


def _apart(rows: Sequence[Row], train_rows: Sequence[Row]) -> Sequence[Row]:
    """The training rows, or none of them where a text of theirs is evaluated."""
    texts = {row.text for row in rows}
    return () if any(row.text in texts for row in train_rows) else train_rows


def _notes(rows: Sequence[Row], train_rows: Sequence[Row], with_baselines: bool) -> Iterator[str]:
    """What a reader must know before the figures."""
    written = sum(row.annotator == WRITTEN_BY_MODEL for row in rows)
    if written:
        yield (
            f"{written} of the {len(rows)} rows were written and labelled by language models, not taken from "
            "production: results on them flatter. Report results on real text beside them."
        )
    seen = sum(row.split == "train" for row in rows)
    if seen:
        yield f"{seen} rows stand in the training split: a model that learned from them is not tested by them."
    if with_baselines and not train_rows:
        yield "Trained baselines are left out: no training rows were given."
    elif with_baselines and not _apart(rows, train_rows):
        yield "Trained baselines are left out: training rows are among the rows evaluated."
