"""Do all give the same decisions? A benchmark of scorers that say different things would compare nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xuncha.labels.errors import XunchaError


@dataclass(frozen=True, slots=True)
class Agreement:
    """One scorer beside the fp32 network: share of equal decisions, and the share of others that is allowed.

    A decision is a label of a text, flagged or not. `difference` is the largest |Δp| of any score.
    """

    name: str
    decisions: int
    equal: float
    allowed: float
    difference: float
    mean_difference: float

    @property
    def kept(self) -> bool:
        """Whether it differs in no more than allowed; a check of few decisions allows one."""
        return (1 - self.equal) * self.decisions <= max(self.allowed * self.decisions, 1) + 1e-6

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "kept": self.kept}


def compare(
    name: str,
    scores: Sequence[Sequence[float]],
    reference: Sequence[Sequence[float]],
    thresholds: Sequence[float],
    allowed: float,
) -> Agreement:
    """Set scores [texts, labels] beside the reference's."""
    own, fp32, limits = np.array(scores), np.array(reference), np.array(thresholds)
    equal = float(((own >= limits) == (fp32 >= limits)).mean())
    gap = np.abs(own - fp32)
    return Agreement(name, own.size, equal, allowed, float(gap.max()), float(gap.mean()))


def require(found: Mapping[str, Agreement]) -> None:
    """Raise `XunchaError` for the scorers that differ in more decisions than allowed."""
    off = [one for one in found.values() if not one.kept]
    if off:
        said = "; ".join(
            f"{one.name} {1 - one.equal:.2%} of {one.decisions} decisions (allowed {one.allowed:.2%}, largest score "
            f"difference {one.difference:.3f})"
            for one in off
        )
        raise XunchaError(
            f"These do not decide as the fp32 network does: {said}. Speeds of scorers that disagree mean little: "
            "leave a peer out with --without; a model that loses this much to int8 is to be exported or trained again."
        )
