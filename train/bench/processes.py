"""Whole processes as a user starts them: wall time and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.train.bench.peers import program
from xuncha.train.bench.rounds import Spread


@dataclass(frozen=True, slots=True)
class Ran:
    """One process: wall time in seconds, peak resident memory in bytes, exit code, stdout."""

    seconds: float
    peak_bytes: int
    code: int
    output: str


def run(command: Sequence[str]) -> Ran:
    """Run a command to its end."""
    # -S -E: the smallest start that Python has.
    launcher = [sys.executable, "-S", "-E", program("launch"), *command]
    done = subprocess.run(launcher, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    output, _, told = done.stdout.rstrip("\n").rpartition("\n")
    if done.returncode:
        raise XunchaError(f"{' '.join(command[:4])} … cannot be started. Run it by itself to see why.")
    found = json.loads(told)
    return Ran(found["seconds"], found["peak_bytes"], found["code"], output)


@contextmanager
def quiet_surroundings(work: Path) -> Iterator[None]:
    """While the block runs, processes that are started ask no hub, report to nobody and keep their caches in `work`."""
    wanted = {"HF_HOME": str(work / "huggingface"), "HF_HUB_OFFLINE": "1", "NNCF_CI": "1", "CI": "true"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def xuncha(*arguments: str) -> list[str]:
    """The command line of this environment's xuncha."""
    script = Path(sys.executable).with_name("xuncha")
    return [str(script), *arguments] if script.exists() else [sys.executable, "-m", "xuncha.serve", *arguments]


def walls(commands: dict[str, list[str]], turns: dict[str, int]) -> dict[str, Spread]:
    """Wall time of each command, in turn, after one start each that does not count."""
    for command in commands.values():
        _require(command, run(command), (0, 1))
    found: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(max(turns.values())):
        for name, command in commands.items():
            if turn < turns[name]:
                found[name].append(run(command).seconds)
    return {name: Spread.of(values) for name, values in found.items()}


def score_table(texts: Sequence[str], work: Path, model: str, name: str) -> dict[str, Any]:
    """`xuncha score` of a CSV file of these texts: rows, flagged, seconds and rows a second as it says, peak memory."""
    source, target = work / f"{name}.csv", work / f"{name}-scored.csv"
    with source.open("w", encoding="utf-8") as out:
        out.write("text\n")
        out.writelines('"' + text.replace('"', '""') + '"\n' for text in texts)
    command = xuncha("score", str(source), "-o", str(target), "--model", model, "--json", "--force")
    ran = run(command)
    _require(command, ran, (0,))
    summary = json.loads(ran.output)
    source.unlink()
    target.unlink()
    return {
        "rows": summary["rows"],
        "flagged": summary["flagged"],
        "seconds": round(ran.seconds, 3),
        "texts_per_second": summary["rows_per_second"],
        "peak_bytes": ran.peak_bytes,
    }


def _require(command: Sequence[str], ran: Ran, codes: tuple[int, ...]) -> None:
    if ran.code not in codes:
        raise XunchaError(f"{' '.join(command[:4])} … ended with exit code {ran.code}. Run it by itself to see why.")
