"""Evidence for flagged texts that is faithful: without it, the text is no longer flagged, wherever that can be had."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from xuncha.models.evidence import Stretch, delete, joined, stretches
from xuncha.models.inference import CharacterEvidence, Inference
from xuncha.models.session import Floats

# Rounds of searching on when a text stays flagged without what was found so far.
ROUNDS = 4
# Pairs whose tokens and places are held at once.
AT_ONCE = 128

Found = dict[str, list[Stretch]]
_Pair = tuple[str, str]
# Token evidence that an earlier pass has handed over, by text.
_Known = dict[str, Floats]


def explain(
    inference: Inference,
    texts: Sequence[str],
    flagged: Sequence[Collection[str]],
    thresholds: Mapping[str, float],
    evidence: Sequence[Floats | None] = (),
) -> list[Found]:
    """For each text, the evidence stretches of each of its flagged labels, in order of place.

    After each round the text is scored without the stretches found so far; while it stays flagged, the rest is
    searched again, at most `ROUNDS` times in all. Only flagged texts cost anything. `evidence` is what
    `Inference.scan` gave for the texts; a flagged text without any is read again.
    """
    wanted: dict[_Pair, list[Stretch]] = {
        (text, label): [] for text, labels in zip(texts, flagged, strict=True) for label in labels
    }
    known = {text: values for text, values in zip(texts, evidence, strict=False) if values is not None}
    open_pairs = list(wanted)
    for turn in range(ROUNDS):
        if not open_pairs:
            break
        _search(inference, open_pairs, wanted, known)
        if turn + 1 < ROUNDS:
            open_pairs, known = _still_flagged(inference, open_pairs, wanted, thresholds)
    return [
        {label: joined(wanted[text, label]) for label in labels} for text, labels in zip(texts, flagged, strict=True)
    ]


def _search(inference: Inference, pairs: Sequence[_Pair], found: dict[_Pair, list[Stretch]], known: _Known) -> None:
    """Add what the network marks in each text, read without the stretches that are already found."""
    taxonomy = inference.bundle.taxonomy
    ids = taxonomy.reason_ids
    members = {label.id: [ids.index(reason.id) for reason in label.reasons] for label in taxonomy.labels}
    for start in range(0, len(pairs), AT_ONCE):
        part = pairs[start : start + AT_ONCE]
        rests = [_rest(text, found[text, label]) for text, label in part]
        tokens = dict(_tokens(inference, list(dict.fromkeys(rest for rest, _ in rests)), known))
        for (text, label), (rest, places) in zip(part, rests, strict=True):
            for stretch in stretches(tokens[rest], members[label], inference.bundle.evidence_thresholds[label]):
                found[text, label] += _back(stretch, places)


def _tokens(inference: Inference, texts: Sequence[str], known: _Known) -> Iterator[tuple[str, CharacterEvidence]]:
    """The token evidence of every text: only what is not known is computed."""
    ready = [text for text in texts if text in known]
    for text, spans in zip(ready, inference.spans(ready), strict=True):
        yield text, CharacterEvidence(spans, known[text])
    missing = [text for text in texts if text not in known]
    yield from zip(missing, inference.evidence(missing), strict=True)


def _still_flagged(
    inference: Inference,
    pairs: Sequence[_Pair],
    found: Mapping[_Pair, Sequence[Stretch]],
    thresholds: Mapping[str, float],
) -> tuple[list[_Pair], _Known]:
    """The pairs whose label stays flagged in what is left of the text, and the token evidence of what is left."""
    rests = [_rest(text, found[text, label])[0] for text, label in pairs]
    asked = [(pair, rest) for pair, rest in zip(pairs, rests, strict=True) if rest.strip()]
    labels = inference.bundle.taxonomy.label_ids
    scan = inference.scan([rest for _, rest in asked], thresholds)
    still: list[_Pair] = []
    known: _Known = {}
    for (pair, rest), row, evidence in zip(asked, scan.scores.labels, scan.evidence, strict=True):
        if row[labels.index(pair[1])] >= thresholds[pair[1]]:
            still.append(pair)
            if evidence is not None:
                known[rest] = evidence
    return still, known


def _rest(text: str, found: Sequence[Stretch]) -> tuple[str, Sequence[int]]:
    if not found:
        return text, range(len(text))
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
