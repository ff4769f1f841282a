"""What the figures were measured on: processor, instructions, cores, memory, versions."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Instructions that int8 and fp32 kernels choose by.
_TELLING = (
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_int8",
    "amx_bf16",
    "asimddp",
    "i8mm",
    "sve",
)
_PACKAGES = ("xuncha", "onnxruntime", "tokenizers", "numpy")


@dataclass(frozen=True, slots=True)
class Machine:
    """The processor by name, those of its instructions that matter here, usable cores, load, memory, versions."""

    processor: str
    instructions: tuple[str, ...]
    cores: int
    load: float | None
    memory_bytes: int | None
    system: str
    versions: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def describe() -> Machine:
    """The machine that this runs on, now. `load`: the last minute's mean; above 0, more ran than this."""
    info = _processor_info()
    flags = set((info.get("flags") or info.get("Features") or "").split())
    versions = {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}
    return Machine(
        processor=info.get("model name") or _sysctl("machdep.cpu.brand_string") or platform.processor() or "unknown",
        instructions=tuple(name for name in _TELLING if name in flags),
        cores=usable_cores(),
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        memory_bytes=_memory(),
        system=f"{platform.system()} {platform.machine()}",
        versions=versions,
    )


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def megahertz() -> float | None:
    """The fastest clock that Linux states for a core just now."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    clocks = [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]
    return max(clocks, default=None)


def _processor_info() -> dict[str, str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


def _sysctl(name: str) -> str:
    try:
        done = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
