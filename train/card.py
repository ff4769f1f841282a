"""What a model folder says about itself: metrics, frozen reference answers, model card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import OPERATING_POINTS
from xuncha.models.inference import Inference
from xuncha.train.calibrate import precision_recall
from xuncha.train.recipe import Recipe


def measure(inference: Inference, rows: Sequence[Row], taxonomy: Taxonomy) -> dict[str, Any]:
    """Per label: rows judged and true, average precision, and precision, recall and F1 at each operating point."""
    scores = inference.scores([row.text for row in rows]).labels
    out: dict[str, Any] = {}
    for index, label in enumerate(taxonomy.label_ids):
        judged = np.array([row.labels.get(label) is not None for row in rows])
        truth = np.array([bool(row.labels.get(label)) for row in rows])[judged]
        score = scores[judged, index]
        found: dict[str, Any] = {"rows": int(judged.sum()), "true": int(truth.sum())}
        if truth.any():
            found["average_precision"] = round(float(average_precision_score(truth, score)), 4)
        for point in OPERATING_POINTS:
            precision, recall = precision_recall(score, truth, inference.bundle.thresholds[point][label])
            found[point] = {
                "precision": round(precision, 4),
                "recall": round(recall, 4),
                "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 4),
            }
        out[label] = found
    return out


def write_reference(path: Path, inference: Inference, rows: Sequence[Row]) -> None:
    """Frozen answers: what this folder must say of these texts, on any machine, to the stated tolerance."""
    texts = [row.text for row in rows]
    scores = inference.scores(texts).labels
    labels = inference.bundle.taxonomy.label_ids
    with path.open("w", encoding="utf-8") as out:
        for row, values in zip(rows, scores, strict=True):
            answer = {label: round(float(value), 7) for label, value in zip(labels, values, strict=True)}
            out.write(json.dumps({"id": row.id, "text": row.text, "scores": answer}, ensure_ascii=False) + "\n")


def model_card(recipe: Recipe, taxonomy: Taxonomy, metrics: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """README.md of the model folder."""
    lines = [
        f"# {recipe.name}",
        "",
        "A xuncha model: finds listing violations in Chinese live-commerce text. Made by "
        f"`xuncha train {recipe.name}` on {manifest['created']}; licence Apache-2.0.",
        "",
        f"Encoder: `{recipe.encoder}`. Precision: {manifest['precision']}. Window: {manifest['window']} tokens, "
        f"stride {manifest['stride']}.",
        "",
        f"{_written(manifest['data'])}Measure on your own rows before you rely on a threshold.",
        "",
        "## Labels",
        "",
        *[f"- `{label.id}` ({label.name_zh}): {label.definition_en}" for label in taxonomy.labels],
        "",
        "## Figures",
        "",
        "| split | label | rows | true | AP | "
        + " | ".join(f"{point} P / R / F1 (threshold)" for point in OPERATING_POINTS)
        + " |",
        "|---|---|--:|--:|--:|" + "---|" * len(OPERATING_POINTS),
    ]
    for split, found in metrics["splits"].items():
        for label, values in found.items():
            cells = [
                f"{values[p]['precision']:.3f} / {values[p]['recall']:.3f} / {values[p]['f1']:.3f} "
                f"({metrics['operating_points'][p][label]['threshold']:.3f})"
                for p in OPERATING_POINTS
            ]
            average = values.get("average_precision", float("nan"))
            lines.append(
                f"| {split} | {label} | {values['rows']} | {values['true']} | {average:.3f} | {' | '.join(cells)} |"
            )
    lines += ["", "Thresholds and calibration were chosen on the dev split alone. `xuncha evaluate` gives more.", ""]
    return "\n".join(lines)


def _written(data: Mapping[str, Any]) -> str:
    """What a reader must know of rows that models wrote; nothing where there are none."""
    written = data.get("written_by_model", 0)
    total = sum(count for origins in data["rows"].values() for count in origins.values())
    if not written:
        return ""
    return (
        f"{written:,} of the {total:,} labelled rows were written one by one by language-model annotators after the "
        "label guide; they are not human-labelled production data, and results on rows of this kind flatter. "
    )
