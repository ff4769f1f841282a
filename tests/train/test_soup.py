"""The mean of networks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from xuncha.train.soup import WEIGHTS, average


def member(folder: Path, value: float, width: int = 3) -> Path:
    folder.mkdir()
    save_file({"a": torch.full((2, width), value), "b": torch.tensor([value, 1.0])}, folder / WEIGHTS)
    (folder / "tokenizer.json").write_text(str(value))
    return folder


def test_the_weights_are_the_mean_and_the_rest_is_the_first_members(tmp_path: Path) -> None:
    members = [member(tmp_path / str(number), value) for number, value in enumerate((0.0, 1.0, 5.0))]
    (tmp_path / "soup").mkdir()
    (tmp_path / "soup" / "old").write_text("of an earlier run")
    average(members, tmp_path / "soup")
    found = load_file(tmp_path / "soup" / WEIGHTS)
    assert torch.equal(found["a"], torch.full((2, 3), 2.0))
    assert torch.equal(found["b"], torch.tensor([2.0, 1.0]))
    assert sorted(path.name for path in (tmp_path / "soup").iterdir()) == [WEIGHTS, "tokenizer.json"]
    assert (tmp_path / "soup" / "tokenizer.json").read_text() == "0.0"


def test_one_member_is_its_own_mean(tmp_path: Path) -> None:
    average([member(tmp_path / "0", 3.0)], tmp_path / "soup")
    assert (tmp_path / "soup" / WEIGHTS).read_bytes() == (tmp_path / "0" / WEIGHTS).read_bytes()


def test_networks_of_other_shapes_are_refused(tmp_path: Path) -> None:
    members = [member(tmp_path / "0", 0.0), member(tmp_path / "1", 0.0, width=4)]
    with pytest.raises(ValueError, match="different shapes"):
        average(members, tmp_path / "soup")
