"""Static int8: activation ranges observed on real rows, fixed in the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from xuncha.train.export import Weights, build_graph, write_graph

Ranges = dict[str, tuple[float, float]]
# Share of the values of an activation that may lie outside its range on either side. Outliers beyond it are clipped:
# a range stretched by one rare value would coarsen all others.
CLIPPED = 1e-5


def observe_ranges(weights: Weights, tokenizer: Tokenizer, texts: Sequence[str], window: int) -> Ranges:
    """The range of every activation that enters a linear layer, over `texts`, each read alone."""
    model = build_graph(weights, observe=True)
    names = [output.name for output in model.graph.output][3:]
    tails: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "observed.onnx"
        write_graph(model, path)
        session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for ids in _ids(tokenizer, texts, window):
            for name, values in zip(names, session.run(names, {"input_ids": ids}), strict=True):
                tails[name].append(_tail(values))
    return {name: _range(found) for name, found in tails.items()}


def _ids(
    tokenizer: Tokenizer, texts: Sequence[str], window: int
) -> Iterable[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    for text in texts:
        ids = tokenizer.encode(text).ids
        if len(ids) > window:
            ids = [*ids[: window - 1], ids[-1]]
        yield np.array([ids], np.int64)


def _tail(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[float, float]:
    flat = values.reshape(-1)
    rank = int(flat.size * CLIPPED)
    low, high = np.partition(flat, rank)[rank], -np.partition(-flat, rank)[rank]
    return float(low), float(high)


def _range(found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    lows, highs = np.array(found).T
    # Nearly all texts lie inside; the rarest few are clipped.
    return float(np.quantile(lows, 0.002)), float(np.quantile(highs, 0.998))
