"""The int8 limit of a core: multiply-accumulates a second that its instructions can do at most."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from xuncha.train.bench.machine import megahertz


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of int8 instruction: the flag it goes by, its macro in limit.c, its documented rate.

    `products` are multiply-accumulates a cycle of one core: two 512-bit or two 256-bit VNNI operations, one AMX
    tile operation in 16 cycles (uops.info; Intel's optimisation manual for Sapphire Rapids, which Ice Lake servers
    share as far as VNNI goes).
    """

    name: str
    flag: str
    macro: str
    products: int


KINDS = (
    Kind("AVX512 VNNI", "avx512_vnni", "VNNI512", 2 * 64),
    Kind("AVX VNNI", "avx_vnni", "VNNI256", 2 * 32),
    Kind("AMX", "amx_int8", "AMX", 16 * 16 * 64 // 16),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """Multiply-accumulates a second of one core, and how they were come by."""

    name: str
    rate: float
    how: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def limits(instructions: tuple[str, ...], work: Path) -> list[Limit]:
    """The limit by each kind of int8 instruction that the processor has, the vector kind that shares are of first.

    Measured with a small C program where a compiler is there; else the documented rate times the clock that Linux
    states while a core is busy. Empty where neither can be had. AVX VNNI counts only without AVX512 VNNI.
    """
    there = [kind for kind in KINDS if kind.flag in instructions]
    if "avx512_vnni" in instructions:
        there = [kind for kind in there if kind.flag != "avx_vnni"]
    found = (_measured(kind, work) or _documented(kind) for kind in there)
    return [one for one in found if one is not None]


def _measured(kind: Kind, work: Path) -> Limit | None:
    compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    if compiler is None:
        return None
    program = work / f"limit-{kind.macro}"
    with as_file(files("xuncha.train.bench") / "limit.c") as source:
        command = [compiler, "-O2", f"-DKIND={kind.macro}", str(source), "-o", str(program)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    how = f"measured: independent {kind.name} int8 instructions on registers, one thread, best of 200 short runs"
    return Limit(kind.name, float(done.stdout), how)


def _documented(kind: Kind) -> Limit | None:
    end = time.perf_counter() + 0.2
    clock: float | None = None
    while time.perf_counter() < end:
        now = megahertz()
        clock = max(clock or 0.0, now) if now else clock
    if not clock:
        return None
    how = (
        f"computed: {kind.products} products a cycle (documented) at {clock:.0f} MHz (stated by Linux under load; "
        "no C compiler was there to measure with)"
    )
    return Limit(kind.name, kind.products * clock * 1e6, how)
