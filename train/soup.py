"""The mean of several trained networks that started from the same weights: a model soup (arXiv:2203.05482).

Trainings of one start lie in one basin, so the mean of their weights is a network too, and a better one than each: it
costs no time when it scores.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "network.safetensors"


def average(members: Sequence[Path], folder: Path) -> None:
    """Write to `folder` the network whose weights are the mean of the members' (folders that `Network.save` wrote).

    Everything else (config, heads, tokenizer) is the first member's. Raises `ValueError` when shapes differ.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(members[0], folder)
    if len(members) == 1:
        return
    states = [load_file(member / WEIGHTS) for member in members]
    shapes = [{name: tensor.shape for name, tensor in state.items()} for state in states]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("networks of different shapes have no mean")
    mean = {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}
    save_file(mean, folder / WEIGHTS)
