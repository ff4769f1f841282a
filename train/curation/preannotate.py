"""Rows as a model would label them: flags, evidence and reasons, for people to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xuncha.labels.rows import Row, Span
from xuncha.models.bundle import open_bundle
from xuncha.models.inference import Inference
from xuncha.train.evaluation.predictions import predict


def preannotated(rows: Sequence[Row], model: str, point: str = "balanced") -> list[Row]:
    """The rows with the labels and spans of a model, which stands as their annotator."""
    bundle = open_bundle(model)
    found = predict(Inference(bundle), rows, point)
    labels, reasons = bundle.taxonomy.label_ids, bundle.taxonomy.reason_ids
    out = []
    for place, row in enumerate(rows):
        flags = {label: bool(found.flags[place, at]) for at, label in enumerate(labels)}
        spans = tuple(
            Span(one.start, one.end, label, reasons[one.reason])
            for label, stretches in found.evidence[place].items()
            for one in stretches
        )
        out.append(replace(row, labels=flags, spans=spans, annotator=bundle.model_id))
    return out
