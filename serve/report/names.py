"""Chinese names of labels and reasons; what the taxonomy does not know keeps its id."""

from __future__ import annotations

from xuncha.labels.taxonomy import Taxonomy


def label_name(taxonomy: Taxonomy, label: str) -> str:
    """The Chinese name of a label."""
    return taxonomy.label(label).name_zh if label in taxonomy.label_ids else label


def reason_name(taxonomy: Taxonomy, reason: str) -> str:
    """The Chinese name of a reason; a flag without evidence has none."""
    if not reason:
        return "未给出依据"
    return taxonomy.reason(reason).name_zh if reason in taxonomy.reason_ids else reason
