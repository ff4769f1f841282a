"""From scores to decisions: pure functions, no model needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.evidence import Stretch, likeliest_reason
from xuncha.serve.verdict import Evidence, Scored


def flagged_labels(scores: Mapping[str, float], thresholds: Mapping[str, float]) -> tuple[str, ...]:
    """The labels whose score reaches their threshold."""
    return tuple(label for label, score in scores.items() if score >= thresholds[label])


def decide(
    text: str,
    scores: Mapping[str, float],
    thresholds: Mapping[str, float],
    reasons: Sequence[float],
    evidence: Mapping[str, Sequence[Stretch]],
    taxonomy: Taxonomy,
) -> Scored:
    """The verdict on one text: flags, reasons and evidence with the rule that each stretch breaks."""
    flagged = flagged_labels(scores, thresholds)
    found = []
    for label in flagged:
        for stretch in evidence.get(label, ()):
            reason = taxonomy.reason(taxonomy.reason_ids[stretch.reason])
            start, end = stretch.start, stretch.end
            found.append(Evidence(label, reason.id, start, end, text[start:end], reason.rule.citation))
    return Scored(
        scores=dict(scores),
        flags={label: label in flagged for label in scores},
        reasons={label: likeliest_reason(label, reasons, evidence.get(label, ()), taxonomy) for label in flagged},
        evidence=tuple(sorted(found, key=lambda e: (e.start, e.end, e.label))),
    )
