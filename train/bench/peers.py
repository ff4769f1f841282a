"""The peers: what a user would pick instead of xuncha, each in a process of its own, all with the same model."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.train.bench.environments import Environment

XUNCHA = "xuncha"


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to score texts.

    `steps` of programs/prepare.py make what it needs. `flips` is the share of decisions that may differ from the
    fp32 network's. `budgets` are the tokens a batch it is tried with, the fastest is taken; (): it has no choice.
    `must` is the ratio that xuncha has to reach against it.
    """

    name: str
    title: str
    environment: str
    modules: tuple[str, ...]
    steps: tuple[str, ...]
    flips: float
    must: float
    budgets: tuple[int, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether it computes the fp32 network, whose decisions all are compared with."""
        return self.flips == _FP32


_SORTED = (512, 1024, 2048, 4096)
_EXPORT = ("torch", "transformers", "onnx", "onnxruntime")
# Rounding of fp32 in another order tips a decision in ten thousand; int8 activations tip more.
_FP32, _INT8, _DYNAMIC = 0.001, 0.01, 0.02

PEERS = (
    Peer("transformers-32", "transformers pipeline, fp32, batch 32, arrival order", "current",
         ("torch", "transformers"), (), _FP32, 30.0),
    Peer("transformers-1", "transformers pipeline, fp32, batch 1", "current",
         ("torch", "transformers"), (), _FP32, 7.0),
    Peer("optimum-int8", "optimum ONNX Runtime, int8 dynamic, batch 32, arrival order", "optimum",
         ("torch", "transformers", "optimum.onnxruntime"), ("optimum",), _DYNAMIC, 9.0),
    Peer("onnxruntime-fp32", "ONNX Runtime, fp32, length-sorted", "current",
         _EXPORT, ("fp32",), _FP32, 2.4, _SORTED),
    Peer("onnxruntime-int8", "ONNX Runtime, quantize_dynamic, length-sorted", "current",
         _EXPORT, ("fp32", "dynamic"), _DYNAMIC, 1.4, _SORTED),
    Peer("openvino-int8", "OpenVINO, int8 (NNCF), length-sorted", "current",
         (*_EXPORT, "openvino", "nncf"), ("fp32", "openvino"), _INT8, 1.2, _SORTED),
)  # fmt: skip
# int8 within 0.5 % of the fp32 network's decisions.
OWN_FLIPS = 0.005


def chosen(without: Sequence[str]) -> list[Peer]:
    """All peers but those named. Raises `XunchaError` for a name that no peer has."""
    names = [peer.name for peer in PEERS]
    for name in without:
        if name not in names:
            raise XunchaError(
                f'There is no peer "{name}".{did_you_mean(name, names)} The peers are: {", ".join(names)}.'
            )
    return [peer for peer in PEERS if peer.name not in without]


@dataclass(frozen=True, slots=True)
class Job:
    """What every peer is told, as a file: the model, where it was made ready, and the thresholds."""

    folder: Path
    values: dict[str, Any]

    def file(self, name: str, cores: int) -> Path:
        """The job for a number of cores, written down."""
        path = self.folder / f"{name}-{cores}.json"
        path.write_text(json.dumps({**self.values, "cores": cores}), encoding="utf-8")
        return path


def prepare(peer: Peer, environment: Environment, job: Job, done: set[str]) -> None:
    """Take the steps that `peer` needs and that are not in `done`. Raises `XunchaError` that names peer and cause."""
    for step in peer.steps:
        if step not in done:
            command = [str(environment.python), program("prepare"), str(job.file("prepare", 1)), step]
            ran = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
            if ran.returncode:
                raise XunchaError(
                    f"{peer.name}: its model cannot be made in {environment.python} ({_last_line(ran.stderr)}). "
                    f"Leave it out with --without {peer.name}, or delete that environment and run again."
                )
            done.add(step)


def program(name: str) -> str:
    """The path of a program that runs in another process."""
    return str(files("xuncha.train.bench") / "programs" / f"{name}.py")


class Worker:
    """A peer that is loaded and waits for texts."""

    def __init__(self, name: str, environment: Environment, job: Path) -> None:
        self.name = name
        # A file: a pipe that nobody reads would fill up.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(environment.python), program("peer"), str(job), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answer()

    def score(self, texts: Path, *, budget: int | None = None, scores: bool = False) -> dict[str, Any]:
        """Score the texts of a JSON file: `texts`, `seconds`, `cpu_seconds`, `peak_bytes`, and `scores` if asked."""
        asked = {"texts": str(texts), "scores": scores, **({"budget": budget} if budget else {})}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failed() from None
        return self._answer()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._failed()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _failed(self) -> XunchaError:
        self._process.wait()
        self._errors.seek(0)
        return XunchaError(
            f"{self.name}: the process that scores ended early ({_last_line(self._errors.read())}). "
            f"Leave it out with --without {self.name}."
        )


def _last_line(errors: str) -> str:
    return (errors.strip() or "it said nothing").splitlines()[-1]
