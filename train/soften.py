"""A teacher's scores as targets: for unlabelled text alone, for labelled rows mixed with what people said."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.models.inference import Inference, sigmoid
from xuncha.train.examples import Example, Floats

CHUNK = 4096
_FAINT = 5


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
    if not path.is_file():
        write_soft(path, list(make()))
    return read_soft(path)


def write_soft(path: Path, examples: Sequence[Example]) -> None:
    """Write texts and a teacher's scores of them (.npz without pickles), whole or not at all.

    Evidence is rounded to 255ths, and to nought below 2 %; it lies reason by reason, which packs best.
    """
    evidence = np.concatenate([example.evidence for example in examples])
    rounded = np.round(255 * evidence).astype(np.uint8)
    rounded[rounded < _FAINT] = 0
    part = path.with_suffix(".part.npz")
    texts = json.dumps([example.text for example in examples], ensure_ascii=False)
    np.savez_compressed(
        part,
        texts=np.frombuffer(texts.encode("utf-8", "surrogatepass"), np.uint8),
        labels=np.stack([example.labels for example in examples]).astype(np.float16),
        reasons=np.stack([example.reasons for example in examples]).astype(np.float16),
        evidence=np.ascontiguousarray(rounded.T),
    )
    part.replace(path)


def read_soft(path: Path) -> list[Example]:
    """What `write_soft` wrote. Raises `XunchaError` for any other file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            texts: list[str] = json.loads(file["texts"].tobytes().decode("utf-8", "surrogatepass"))
            labels, reasons = file["labels"].astype(np.float32), file["reasons"].astype(np.float32)
            evidence: Floats = np.ascontiguousarray(file["evidence"].T).astype(np.float32) / np.float32(255)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise XunchaError(f"{path}: holds no soft labels ({error}). Write them with --save-soft-labels.") from None
    parts = np.split(evidence, np.cumsum([len(text) for text in texts])[:-1])
    return [Example(t, labels[i], reasons[i], parts[i], _stretches(parts[i])) for i, t in enumerate(texts)]


def soft_labels(path: Path) -> dict[str, Example]:
    """All soft labels of a file, or of every .npz of a folder, by text."""
    files = sorted(path.glob("*.npz")) if path.is_dir() else [path]
    if not files:
        raise XunchaError(f"{path}: this folder holds no .npz file of soft labels.")
    return {example.text: example for file in files for example in read_soft(file)}


def mix_known(examples: Sequence[Example], soft: Mapping[str, Example], share: float) -> list[Example]:
    """Like `mix`, where the teacher has spoken of some of the texts only; the others stay as they are."""
    known = [example for example in examples if example.text in soft]
    mixed = iter(mix(known, (soft[example.text] for example in known), share))
    return [next(mixed) if example.text in soft else example for example in examples]


def mix(examples: Sequence[Example], softened: Iterable[Example], share: float) -> list[Example]:
    """Labelled examples with `share` of every judged target taken from the teacher; the unjudged is all teacher's."""
    return [
        replace(
            own,
            labels=_blend(own.labels, soft.labels, share),
            reasons=_blend(own.reasons, soft.reasons, share),
            evidence=_blend(own.evidence, soft.evidence, share),
        )
        for own, soft in zip(examples, softened, strict=True)
    ]


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
