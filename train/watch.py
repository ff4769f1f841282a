"""Watching a training: progress with the time left, curves on disk, TensorBoard and MLflow where they are wanted."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.train.history import history_of, write_history

AUTO, NONE = "auto", "none"
_LOGGERS = ("tensorboard", "mlflow")
# Seconds between two lines of progress where no terminal shows a bar.
EVERY = 30.0


@dataclass(frozen=True, slots=True)
class Watch:
    """Where a training tells how it goes: lines to `say`, curves to `history`.json and .svg, and `loggers`."""

    say: Callable[[str], None]
    history: Path
    report_to: str = AUTO

    def callbacks(self, labels: tuple[str, ...]) -> list[TrainerCallback]:
        """What the Trainer calls; `labels` name the dev figures."""
        progress = Bar() if sys.stderr.isatty() else Lines(self.say)
        return [Curves(self.history, labels), progress]


def loggers(asked: str, folder: Path) -> list[str]:
    """Names for the Trainer's `report_to`. "auto": those of tensorboard and mlflow that are installed.

    MLflow writes into a file under `folder` unless MLFLOW_TRACKING_URI says where its server is: nothing leaves the
    machine unasked. Raises `XunchaError` for a logger that is unknown or not installed.
    """
    if asked == NONE:
        return []
    names = [name for name in _LOGGERS if find_spec(name)] if asked == AUTO else asked.split(",")
    for name in names:
        if name not in _LOGGERS:
            hint = did_you_mean(name, (*_LOGGERS, AUTO, NONE))
            raise XunchaError(f'--report-to: there is no logger "{name}".{hint} Name {" or ".join(_LOGGERS)}.')
        if not find_spec(name):
            raise XunchaError(f"--report-to {name}: it is not installed. Run: pip install {name}")
    if "mlflow" in names:
        os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{folder.resolve() / 'mlflow.db'}")
    return names


def left(seconds: float) -> str:
    """A time left, roughly.

    >>> left(42), left(200), left(9000)
    ('40 s', '3 min', '2.5 h')
    """
    if seconds < 90:
        return f"{round(seconds / 10) * 10} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Curves(TrainerCallback):  # type: ignore[misc]
    """Writes the history after each evaluation, so that a training can be looked at while it runs."""

    def __init__(self, stem: Path, labels: tuple[str, ...]) -> None:
        self.stem, self.labels = stem, labels

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Write what there is."""
        if state.is_world_process_zero:
            self.stem.parent.mkdir(parents=True, exist_ok=True)
            write_history(history_of(state.log_history, self.labels), self.stem)


class Lines(TrainerCallback):  # type: ignore[misc]
    """One line after each evaluation, and one every half minute."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say, self.clock = say, clock
        self.began = self.told = 0.0
        self.first = 0
        self.loss = ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock."""
        self.began = self.told = self.clock()
        self.first = state.global_step
        if self.first:
            self.say(f"going on at step {self.first} of {state.max_steps}")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Remember the loss."""
        if logs and "loss" in logs:
            self.loss = f" · loss {float(logs['loss']):.3f}"

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Say where the training is, if it was quiet for long."""
        if self.clock() - self.told >= EVERY:
            self._tell(state, "")

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any) -> None:
        """Say how good the model is by now."""
        if metrics and "eval_f1" in metrics:
            self._tell(state, f" · dev best F1 {metrics['eval_f1']:.3f}")

    def _tell(self, state: Any, more: str) -> None:
        if not state.is_world_process_zero:
            return
        self.told = self.clock()
        done = state.global_step - self.first
        rest = (state.max_steps - state.global_step) * (self.told - self.began) / max(done, 1)
        where = f"epoch {state.epoch or 0:.1f} of {state.num_train_epochs} · step {state.global_step}/{state.max_steps}"
        self.say(f"{where}{self.loss}{more} · about {left(rest)} left" if rest else f"{where}{self.loss}{more}")


class Bar(TrainerCallback):  # type: ignore[misc]
    """A bar with steps, loss, dev F1 and the time left, on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, TextColumn("{task.fields[told]}"), console=Console(stderr=True), transient=True)
        self._told = {"loss": "", "eval_f1": ""}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Show the bar."""
        if state.is_world_process_zero:
            self._bar.add_task("training", total=state.max_steps, completed=state.global_step, told="")
            self._bar.start()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Show the latest loss and dev F1."""
        for key, name in (("loss", "loss"), ("eval_f1", "dev best F1")):
            if logs and key in logs:
                self._told[key] = f"{name} {float(logs[key]):.3f}"

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Move the bar."""
        if self._bar.tasks:
            told = " ".join(filter(None, self._told.values()))
            self._bar.update(self._bar.tasks[0].id, completed=state.global_step, told=told)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Take the bar away."""
        self._bar.stop()
