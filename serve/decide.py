"""From scores to decisions: pure functions, no model needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.evidence import Stretch, joined
from xuncha.serve.verdict import Evidence, Scored


def flagged_labels(scores: Mapping[str, float], thresholds: Mapping[str, float]) -> tuple[str, ...]:
    """The labels whose score reaches their threshold."""
    return tuple(label for label, score in scores.items() if score >= thresholds[label])


def likeliest_reason(label: str, reasons: Sequence[float], evidence: Sequence[Stretch], taxonomy: Taxonomy) -> str:
    """The reason of a flagged label: the network's text-level probability, carried by the evidence found.

    A reason that no evidence stretch stands for is taken only when no stretch was found at all.
    """
    ids = taxonomy.reason_ids
    own = [ids.index(reason.id) for reason in taxonomy.label(label).reasons]
    weight = {index: sum(s.weight * (s.end - s.start) for s in evidence if s.reason == index) for index in own}
    seen = [index for index in own if weight[index] > 0] or own
    return ids[max(seen, key=lambda index: (reasons[index], weight[index]))]


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
        for stretch in joined(evidence.get(label, ())):
            reason = taxonomy.reason(taxonomy.reason_ids[stretch.reason])
            start, end = stretch.start, stretch.end
            found.append(Evidence(label, reason.id, start, end, text[start:end], reason.rule.citation))
    return Scored(
        scores=dict(scores),
        flags={label: label in flagged for label in scores},
        reasons={label: likeliest_reason(label, reasons, evidence.get(label, ()), taxonomy) for label in flagged},
        evidence=tuple(sorted(found, key=lambda e: (e.start, e.end, e.label))),
    )
