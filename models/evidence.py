"""From token probabilities to evidence spans: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.inference import CharacterEvidence
from xuncha.models.session import Floats

# Two marked stretches with at most this many unmarked characters between them are one: separators, a filler.
GAP = 2
# One stretch becomes two where the reason changes for so many characters on both sides, by so much probability.
PART = 4
MARGIN = 0.3


@dataclass(frozen=True, slots=True)
class Stretch:
    """Evidence for one label: [start, end) in code points, the reason's index, and its mean probability."""

    start: int
    end: int
    reason: int
    weight: float


def stretches(evidence: CharacterEvidence, members: Sequence[int], threshold: float) -> list[Stretch]:
    """The stretches whose tokens reach `threshold` for any reason in `members`, in order of place.

    A cure and a superlative side by side are two stretches: each breaks a rule of its own. Where no token reaches it,
    the stretch around the best token: a flagged text always has evidence.
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
    parts = [part for run in runs for part in _parts(evidence.spans, own, *run)]
    return [_stretch(evidence, own, members, *_trimmed(marked, *part)) for part in parts]


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


def _parts(spans: Sequence[tuple[int, int]], own: Floats, first: int, last: int) -> list[tuple[int, int]]:
    """A run of tokens (first, last), parted where its reason surely changes."""
    leading = own[first : last + 1].argmax(axis=1).tolist()
    changes = [first + at for at in range(1, len(leading)) if leading[at] != leading[at - 1]]
    parts: list[tuple[int, int]] = []
    begin = first
    for place, after in pairwise([*changes, last + 1]):
        before, behind = (begin, place - 1), (place, after - 1)
        if _length(spans, before) >= PART and _length(spans, behind) >= PART and _differ(own, before, behind):
            parts.append(before)
            begin = place
    return [*parts, (begin, last)]


def _trimmed(marked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], first: int, last: int) -> tuple[int, int]:
    """A part without what stands unmarked at its ends: the comma where a run was parted."""
    places = np.flatnonzero(marked[first : last + 1])
    return first + int(places[0]), first + int(places[-1])


def _length(spans: Sequence[tuple[int, int]], part: tuple[int, int]) -> int:
    return spans[part[1]][1] - spans[part[0]][0]


def _differ(own: Floats, before: tuple[int, int], behind: tuple[int, int]) -> bool:
    """Whether each of two parts has a reason that leads there by the margin, and not the same one."""
    one, other = (own[first : last + 1].mean(axis=0) for first, last in (before, behind))
    leader, follower = int(one.argmax()), int(other.argmax())
    return bool(min(one[leader] - one[follower], other[follower] - other[leader]) >= MARGIN)


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
