"""Progress with the time left, curves on disk, loggers where they are wanted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.train import watch
from xuncha.train.history import History, history_of, picture, write_history
from xuncha.train.watch import Lines, left, loggers

LOG: list[dict[str, Any]] = [
    {"loss": 1.5, "epoch": 0.5, "step": 10},
    {"eval_loss": 1.2, "eval_f1": 0.5, "eval_f1_0": 0.4, "eval_f1_1": 0.6, "eval_ap": 0.3, "epoch": 1.0, "step": 20},
    {"loss": 0.9, "epoch": 1.5, "step": 30},
    {"train_runtime": 3.0, "epoch": 2.0, "step": 40},
]


def test_the_log_becomes_curves_by_name() -> None:
    found = history_of(LOG, ("off_platform", "a<b"))
    assert found.loss == {"train": [(0.5, 1.5), (1.5, 0.9)], "dev": [(1.0, 1.2)]}
    assert found.figures == {
        "best F1": [(1.0, 0.5)],
        "average precision": [(1.0, 0.3)],
        "best F1 off_platform": [(1.0, 0.4)],
        "best F1 a<b": [(1.0, 0.6)],
    }


def test_curves_are_written_as_json_and_as_a_picture_that_is_valid(tmp_path: Path) -> None:
    history = history_of(LOG, ("off_platform", "a<b"))
    write_history(history, tmp_path / "history")
    assert json.loads((tmp_path / "history.json").read_text())["loss"]["dev"] == [[1.0, 1.2]]
    root = ElementTree.fromstring((tmp_path / "history.svg").read_text("utf-8"))
    assert len(root.findall(".//{http://www.w3.org/2000/svg}polyline")) == 6
    assert any(element.text == "best F1 a<b" for element in root.iter())
    ElementTree.fromstring(picture(History({}, {})))


def test_lines_tell_epoch_loss_dev_figure_and_time_left() -> None:
    said: list[str] = []
    now = 0.0
    lines = Lines(said.append, clock=lambda: now)
    state = SimpleNamespace(global_step=0, max_steps=100, epoch=0.0, num_train_epochs=4, is_world_process_zero=True)
    lines.on_train_begin(None, state, None)
    state.global_step, state.epoch, now = 10, 0.4, 20.0
    lines.on_step_end(None, state, None)
    assert said == []
    lines.on_log(None, state, None, logs={"loss": 0.51234})
    state.global_step, state.epoch, now = 25, 1.0, 50.0
    lines.on_step_end(None, state, None)
    lines.on_evaluate(None, state, None, metrics={"eval_f1": 0.71})
    state.global_step, state.epoch = 100, 4.0
    lines.on_evaluate(None, state, None, metrics={"eval_f1": 0.8})
    assert said == [
        "epoch 1.0 of 4 · step 25/100 · loss 0.512 · about 2 min left",
        "epoch 1.0 of 4 · step 25/100 · loss 0.512 · dev best F1 0.710 · about 2 min left",
        "epoch 4.0 of 4 · step 100/100 · loss 0.512 · dev best F1 0.800",
    ]
    assert (left(42), left(200), left(9000)) == ("40 s", "3 min", "2.5 h")


def test_a_resumed_run_counts_the_time_left_from_its_own_steps() -> None:
    said: list[str] = []
    now = 0.0
    lines = Lines(said.append, clock=lambda: now)
    state = SimpleNamespace(global_step=50, max_steps=100, epoch=2.0, num_train_epochs=4, is_world_process_zero=True)
    lines.on_train_begin(None, state, None)
    state.global_step, state.epoch, now = 75, 3.0, 60.0
    lines.on_step_end(None, state, None)
    assert said == ["going on at step 50 of 100", "epoch 3.0 of 4 · step 75/100 · about 60 s left"]


def test_loggers_are_those_that_are_installed_or_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "find_spec", lambda name: name == "mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert loggers("auto", tmp_path) == ["mlflow"]
    assert os.environ["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert loggers("none", tmp_path) == []
    with pytest.raises(XunchaError) as caught:
        loggers("mlfow", tmp_path)
    said = '--report-to: there is no logger "mlfow". Did you mean "mlflow"? Name tensorboard or mlflow.'
    assert str(caught.value) == said
    with pytest.raises(XunchaError) as caught:
        loggers("mlflow,tensorboard", tmp_path)
    assert str(caught.value) == "--report-to tensorboard: it is not installed. Run: pip install tensorboard"


def test_a_server_that_the_environment_names_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "find_spec", lambda name: True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert loggers("auto", tmp_path) == ["tensorboard", "mlflow"]
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://localhost:5000"
