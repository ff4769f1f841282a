"""Evidence for flagged texts that is faithful: without it, the text is no longer flagged, wherever that can be had."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from xuncha.models.evidence import Stretch, delete, joined, stretches
from xuncha.models.inference import Inference

# Rounds of searching on when a text stays flagged without what was found so far.
ROUNDS = 4

Found = dict[str, list[Stretch]]
_Pair = tuple[str, str]


def explain(
    inference: Inference, texts: Sequence[str], flagged: Sequence[Collection[str]], thresholds: Mapping[str, float]
) -> list[Found]:
    """For each text, the evidence stretches of each of its flagged labels, in order of place.

    After each round the text is scored without the stretches found so far; while it stays flagged, the rest is
    searched again, at most `ROUNDS` times in all. Only flagged texts cost anything.
    """
    wanted: dict[_Pair, list[Stretch]] = {
        (text, label): [] for text, labels in zip(texts, flagged, strict=True) for label in labels
    }
    open_pairs = list(wanted)
    for turn in range(ROUNDS):
        if not open_pairs:
            break
        _search(inference, open_pairs, wanted)
        if turn + 1 < ROUNDS:
            open_pairs = _still_flagged(inference, open_pairs, wanted, thresholds)
    return [
        {label: joined(wanted[text, label]) for label in labels} for text, labels in zip(texts, flagged, strict=True)
    ]


def _search(inference: Inference, pairs: Sequence[_Pair], found: dict[_Pair, list[Stretch]]) -> None:
    """Add what the network marks in each text, read without the stretches that are already found."""
    taxonomy = inference.bundle.taxonomy
    ids = taxonomy.reason_ids
    rests = [_rest(text, found[text, label]) for text, label in pairs]
    order = {rest: index for index, rest in enumerate(dict.fromkeys(rest for rest, _ in rests))}
    tokens = inference.evidence(list(order))
    for (text, label), (rest, places) in zip(pairs, rests, strict=True):
        members = [ids.index(reason.id) for reason in taxonomy.label(label).reasons]
        for stretch in stretches(tokens[order[rest]], members, inference.bundle.evidence_thresholds[label]):
            found[text, label] += _back(stretch, places)


def _still_flagged(
    inference: Inference,
    pairs: Sequence[_Pair],
    found: Mapping[_Pair, Sequence[Stretch]],
    thresholds: Mapping[str, float],
) -> list[_Pair]:
    rests = [_rest(text, found[text, label])[0] for text, label in pairs]
    asked = [(pair, rest) for pair, rest in zip(pairs, rests, strict=True) if rest.strip()]
    if not asked:
        return []
    labels = inference.bundle.taxonomy.label_ids
    scores = inference.scores([rest for _, rest in asked]).labels
    return [
        pair for (pair, _), row in zip(asked, scores, strict=True) if row[labels.index(pair[1])] >= thresholds[pair[1]]
    ]


def _rest(text: str, found: Sequence[Stretch]) -> tuple[str, list[int]]:
    return delete(text, [(stretch.start, stretch.end) for stretch in found])


def _back(stretch: Stretch, places: Sequence[int]) -> list[Stretch]:
    """A stretch of a shortened text as stretches of the original, split where something was taken out."""
    out: list[Stretch] = []
    for place in places[stretch.start : stretch.end]:
        if out and out[-1].end == place:
            out[-1] = Stretch(out[-1].start, place + 1, stretch.reason, stretch.weight)
        else:
            out.append(Stretch(place, place + 1, stretch.reason, stretch.weight))
    return out
