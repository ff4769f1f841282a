"""`make bench`: texts per second, side by side in one run, tokenization included.

The peers run the same encoder shape from the committed base (their heads do not matter for speed). Workload: texts of
the committed rows drawn with a fixed seed, so its lengths are those of the rows. Rounds are interleaved; the figures
are medians, and only ratios within one run mean anything.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from xuncha.labels.io import read_rows
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import open_bundle
from xuncha.models.inference import Inference
from xuncha.train import publish
from xuncha.train.base import load_base, warm_start
from xuncha.train.export import build_graph, weights_of
from xuncha.train.network import HeadShape, Network
from xuncha.train.recipe import Recipe

Scorer = Callable[[Sequence[str]], object]
TEXTS = 4000
ROUNDS = 3
# The padded fp32 peer is slow: it gets a share of the workload, and its speed is per text all the same.
SHARE = {"torch fp32, batch 32, arrival order": 0.1}


def main() -> None:
    """Run the comparison and print a table; `--json` prints JSON."""
    taxonomy = Taxonomy.load()
    texts = [row.text for row in read_rows("labels/data", taxonomy)]
    texts = random.Random(7).choices(texts, k=TEXTS)
    with TemporaryDirectory() as folder:
        peers = _peers(taxonomy, Path(folder))
        speeds: dict[str, list[float]] = {name: [] for name in peers}
        for score in peers.values():
            score(texts[:64])
        for _ in range(ROUNDS):
            for name, score in peers.items():
                part = texts[: int(len(texts) * SHARE.get(name, 1.0))]
                start = time.perf_counter()
                score(part)
                speeds[name].append(len(part) / (time.perf_counter() - start))
    _show(speeds)


def _peers(taxonomy: Taxonomy, folder: Path) -> dict[str, Scorer]:
    bundle = open_bundle("nano")
    encoder, tokenizer = load_base("base", [])
    network = Network(encoder, HeadShape.of(taxonomy)).eval()
    warm_start(network, "base")
    recipe = replace(Recipe(name="fp32", encoder="base"), int8=False)
    graph = build_graph(weights_of(network, recipe.window))
    fp32 = open_bundle(publish.draft(folder / "fp32", recipe, taxonomy, graph, tokenizer))
    cores = os.cpu_count() or 1

    def padded(texts: Sequence[str]) -> object:
        tokenizer.enable_padding()
        tokenizer.enable_truncation(512)
        out = []
        with torch.inference_mode():
            for start in range(0, len(texts), 32):
                batch = tokenizer.encode_batch(list(texts[start : start + 32]))
                ids = torch.tensor([encoding.ids for encoding in batch])
                mask = torch.tensor([encoding.attention_mask for encoding in batch])
                out.append(network(ids, mask)["label_logits"])
        return out

    return {
        f"xuncha nano, {cores} threads": Inference(bundle, cores).logits,
        "xuncha nano, 1 thread": Inference(bundle, 1).logits,
        f"ONNX Runtime fp32, equal lengths, {cores} threads": Inference(fp32, cores).logits,
        "torch fp32, batch 32, arrival order": padded,
    }


def _show(speeds: dict[str, list[float]]) -> None:
    first = statistics.median(next(iter(speeds.values())))
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "torch": torch.__version__}
    if "--json" in sys.argv:
        found = {"machine": machine, "texts": TEXTS, "rounds": ROUNDS, "texts_per_second": speeds}
        print(json.dumps(found, indent=1))
        return
    print(f"{TEXTS} texts, {ROUNDS} interleaved rounds, medians; {machine}")
    for name, values in speeds.items():
        middle = statistics.median(values)
        spread = f"({min(values):.0f} to {max(values):.0f})"
        print(f"{name:<48} {middle:>7.0f} texts/s {spread:<16} {first / middle:.2f}x")


if __name__ == "__main__":
    main()
