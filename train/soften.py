"""A teacher's scores as targets: for unlabelled text alone, for labelled rows mixed with what people said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from xuncha.models.inference import Inference, sigmoid
from xuncha.train.examples import Example, Floats

CHUNK = 4096


def soften(teacher: Inference, texts: Iterable[str]) -> Iterator[Example]:
    """Texts as examples whose targets are the teacher's probabilities, evidence per character included."""
    iterator = iter(texts)
    while chunk := list(islice(iterator, CHUNK)):
        logits, found = teacher.read(chunk)
        labels, reasons = (sigmoid(values).astype(np.float32) for values in (logits.labels, logits.reasons))
        for index, (text, evidence) in enumerate(zip(chunk, found, strict=True)):
            characters = np.zeros((len(text), reasons.shape[1]), np.float32)
            for (start, end), row in zip(evidence.spans, evidence.probabilities, strict=True):
                characters[start:end] = np.maximum(characters[start:end], row)
            yield Example(text, labels[index], reasons[index], characters, _stretches(characters))


def kept(path: Path, make: Callable[[], Iterable[Example]]) -> list[Example]:
    """The examples of `make()`, computed once and kept at `path`: a resumed run does not ask the teacher again."""
    if path.is_file():
        return _load(path)
    examples = list(make())
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        texts=np.array(json.dumps([example.text for example in examples])),
        labels=np.stack([example.labels for example in examples]),
        reasons=np.stack([example.reasons for example in examples]),
        evidence=np.concatenate([example.evidence for example in examples]).astype(np.float16),
    )
    part.replace(path)
    return _load(path)


def _load(path: Path) -> list[Example]:
    with np.load(path, allow_pickle=False) as file:
        texts: list[str] = json.loads(str(file["texts"]))
        labels, reasons = file["labels"], file["reasons"]
        ends = np.cumsum([len(text) for text in texts])[:-1]
        evidence = np.split(file["evidence"].astype(np.float32), ends)
    return [Example(text, labels[i], reasons[i], evidence[i], _stretches(evidence[i])) for i, text in enumerate(texts)]


def mix(examples: Sequence[Example], softened: Iterable[Example], share: float) -> list[Example]:
    """Labelled examples with `share` of every judged target taken from the teacher; the unjudged is all teacher's."""
    out = []
    for own, soft in zip(examples, softened, strict=True):
        out.append(
            Example(
                own.text,
                _blend(own.labels, soft.labels, share),
                _blend(own.reasons, soft.reasons, share),
                _blend(own.evidence, soft.evidence, share),
                own.spans,
            )
        )
    return out


def _blend(own: Floats, soft: Floats, share: float) -> Floats:
    blended: Floats = np.where(np.isnan(own), soft, (1 - share) * own + share * soft).astype(np.float32)
    return blended


def _stretches(characters: Floats) -> tuple[tuple[int, int], ...]:
    marked = np.flatnonzero(characters.max(axis=1, initial=0.0) >= 0.5)
    runs: list[tuple[int, int]] = []
    for place in marked.tolist():
        if runs and place - runs[-1][1] <= 1:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return tuple(runs)
