"""How often a model flags ordinary texts: collections without labels, taken to be clean."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xuncha.labels.corpora import read_texts
from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import OPERATING_POINTS
from xuncha.models.inference import Inference
from xuncha.train.evaluation.intervals import Rate, Resamples, any_label, rate
from xuncha.train.evaluation.predictions import flags_at

ANY = "any"
PER_COLLECTION = 1500


@dataclass(frozen=True, slots=True)
class Ordinary:
    """One collection: its flagged share by operating point, then by label, "any" for texts with any flag.

    Nobody has judged the texts, so a flag is not always false: a share is what moderators would be shown.
    """

    name: str
    texts: int
    flagged: Mapping[str, Mapping[str, Rate]]


def ordinary(inference: Inference, folder: Path, seed: int = 0) -> Iterator[Ordinary]:
    """Figures of each *.jsonl(.gz) file of a folder (one object with `text` a line), of at most 1,500 texts drawn.

    Raises `XunchaError` where the folder holds no such file.
    """
    paths = sorted(path for path in Path(folder).glob("*.jsonl*") if path.suffix in (".jsonl", ".gz"))
    if not paths:
        raise XunchaError(f"{folder}: holds no .jsonl or .jsonl.gz file. Give a folder of ordinary texts.")
    for path in paths:
        texts = list(dict.fromkeys(read_texts(path)))
        if texts:
            drawn = random.Random(f"{seed}/{path.name}").sample(texts, min(len(texts), PER_COLLECTION))
            yield _measured(inference, path.name.split(".")[0], drawn, seed)


def _measured(inference: Inference, name: str, texts: Sequence[str], seed: int) -> Ordinary:
    bundle = inference.bundle
    scores = inference.scores(texts).labels.astype(np.float64)
    resamples = Resamples([str(place) for place in range(len(texts))], seed=seed)
    every = np.ones(len(texts), bool)
    flagged = {}
    for point in OPERATING_POINTS:
        flags = flags_at(scores, bundle.thresholds[point], bundle.taxonomy)
        columns = {label: flags[:, place] for place, label in enumerate(bundle.taxonomy.label_ids)}
        flagged[point] = {key: rate(hit, every, resamples) for key, hit in {**columns, ANY: any_label(flags)}.items()}
    return Ordinary(name, len(texts), flagged)
