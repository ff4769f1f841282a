"""The peers' own Python environments, made once: what a peer needs never touches the project's environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from xuncha.labels.errors import XunchaError

# optimum's exporter to ONNX needs transformers below 4.58, so it cannot live beside the project's version.
_OWN = ("torch", "transformers", "tokenizers", "onnxruntime", "onnx", "numpy", "safetensors")
_OPENVINO = ("openvino==2026.4.1", "nncf==3.4.0")
_OPTIMUM = ("optimum==2.1.0", "optimum-onnx==0.1.0", "transformers==4.57.6")


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python that peers run with; `name` is "here" for the one that runs now."""

    name: str
    python: Path

    def has(self, modules: tuple[str, ...]) -> bool:
        """Whether all of `modules` could be imported there."""
        code = (
            "import sys; from importlib.util import find_spec as f; sys.exit(any(f(m) is None for m in sys.argv[1:]))"
        )
        # A dotted name imports its parents, which may not be there.
        done = subprocess.run([str(self.python), "-c", code, *modules], capture_output=True, check=False)
        return done.returncode == 0


HERE = Environment("here", Path(sys.executable))


def own_environments(folder: Path, names: set[str], say: Callable[[str], None]) -> dict[str, Environment]:
    """The environments `current` and `optimum` in `folder`, those of `names` made or completed if need be.

    `current` has the versions that run here; torch comes as pip finds it. Raises `XunchaError` where pip cannot.
    """
    return {name: _made(folder / name, name, say) for name in sorted(names)}


def pins(name: str) -> tuple[str, ...]:
    """What is installed into an environment, each package with its version."""
    own = {package: _version(package) for package in _OWN}
    if name == "optimum":
        shared = [f"{package}=={own[package]}" for package in ("torch", "onnxruntime", "numpy")]
        return (*shared, *_OPTIMUM)
    return (*(f"{package}=={found}" for package, found in own.items()), *_OPENVINO)


def _version(package: str) -> str:
    try:
        return version(package).split("+")[0]
    except PackageNotFoundError:
        raise XunchaError(f"The benchmark needs {package}. Run: pip install 'xuncha[train]'") from None


def _made(folder: Path, name: str, say: Callable[[str], None]) -> Environment:
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    mark, wanted = folder / ".installed", "\n".join(pins(name)) + "\n"
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted and python.is_file():
        return Environment(name, python)
    say(f"Installing the peers' environment {folder}, once: {', '.join(pins(name))}")
    _run([sys.executable, "-m", "venv", "--clear", str(folder)], folder)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # torch first and alone: whatever asks for torch later then finds this build of it.
    _run([*pip, pins(name)[0]], folder)
    _run([*pip, *pins(name)], folder)
    mark.write_text(wanted, encoding="utf-8")
    return Environment(name, python)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise XunchaError(
            f"{folder}: the peers' environment cannot be installed ({why}). Put that right and run again, leave the "
            "peer out with --without, or compare with what is installed here: --here."
        )
