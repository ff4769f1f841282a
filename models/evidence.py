"""From token probabilities to evidence spans: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.inference import CharacterEvidence
from xuncha.models.session import Floats

# Two marked stretches with at most this many unmarked characters between them are one: separators, a filler.
GAP = 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """Evidence for one label: [start, end) in code points, the reason's index, and its mean probability."""

    start: int
    end: int
    reason: int
    weight: float


def stretches(evidence: CharacterEvidence, members: Sequence[int], threshold: float) -> list[Stretch]:
    """The stretches whose tokens reach `threshold` for any reason in `members`, in order of place.

    Where no token reaches it, the stretch around the best token: a flagged text always has evidence.
    """
    if not evidence.spans:
        return []
    own = evidence.probabilities[:, list(members)]
    best = own.max(axis=1)
    marked = best >= threshold
    if not marked.any():
        marked = best >= 0.5 * best.max()
        marked = _run_around(marked, int(best.argmax()))
    runs = _runs(evidence.spans, marked)
    return [_stretch(evidence, own, members, first, last) for first, last in runs]


def _run_around(
    marked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], place: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    first = last = place
    while first > 0 and marked[first - 1]:
        first -= 1
    while last + 1 < len(marked) and marked[last + 1]:
        last += 1
    out = np.zeros_like(marked)
    out[first : last + 1] = True
    return out


def _runs(
    spans: Sequence[tuple[int, int]], marked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> list[tuple[int, int]]:
    """Index pairs (first, last token) of marked runs; runs closer than GAP characters are joined."""
    runs: list[tuple[int, int]] = []
    for index in np.flatnonzero(marked):
        place = int(index)
        if runs and spans[place][0] - spans[runs[-1][1]][1] <= GAP:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def _stretch(evidence: CharacterEvidence, own: Floats, members: Sequence[int], first: int, last: int) -> Stretch:
    total = own[first : last + 1].sum(axis=0)
    return Stretch(
        start=evidence.spans[first][0],
        end=evidence.spans[last][1],
        reason=int(members[int(total.argmax())]),
        weight=float(own[first : last + 1].max(axis=1).mean()),
    )


def delete(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, list[int]]:
    """`text` without the spans, and for each character that stays its place in `text`."""
    gone = np.zeros(len(text), bool)
    for start, end in spans:
        gone[start:end] = True
    kept = np.flatnonzero(~gone).tolist()
    return "".join(text[i] for i in kept), kept


def joined(spans: Sequence[Stretch]) -> list[Stretch]:
    """Sorted, with overlapping or touching stretches of one reason made one."""
    out: list[Stretch] = []
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if out and span.start <= out[-1].end and span.reason == out[-1].reason:
            last = out[-1]
            out[-1] = Stretch(last.start, max(last.end, span.end), last.reason, max(last.weight, span.weight))
        else:
            out.append(span)
    return out


def likeliest_reason(label: str, reasons: Sequence[float], evidence: Sequence[Stretch], taxonomy: Taxonomy) -> str:
    """The reason of a flagged label: the network's text-level probability, carried by the evidence found.

    A reason that no evidence stretch stands for is taken only when no stretch was found at all.
    """
    ids = taxonomy.reason_ids
    own = [ids.index(reason.id) for reason in taxonomy.label(label).reasons]
    weight = {index: sum(s.weight * (s.end - s.start) for s in evidence if s.reason == index) for index in own}
    seen = [index for index in own if weight[index] > 0] or own
    return ids[max(seen, key=lambda index: (reasons[index], weight[index]))]
