"""Names as people read them; what the taxonomy does not know keeps its id."""

from __future__ import annotations

from xuncha.labels.taxonomy import Taxonomy


def label_name(taxonomy: Taxonomy, label: str) -> str:
    """The Chinese name of a label."""
    return taxonomy.label(label).name_zh if label in taxonomy.label_ids else label


def merchant_name(merchant: str, name: str) -> str:
    """A merchant's name with its id behind it, or the one that there is.

    >>> merchant_name("m1", "甲店"), merchant_name("甲店", "甲店"), merchant_name("m1", "")
    ('甲店（m1）', '甲店', 'm1')
    """
    return merchant if not name or name == merchant else f"{name}（{merchant}）"


def reason_name(taxonomy: Taxonomy, reason: str) -> str:
    """The Chinese name of a reason; a flag without evidence has none."""
    if not reason:
        return "未给出依据"
    return taxonomy.reason(reason).name_zh if reason in taxonomy.reason_ids else reason
