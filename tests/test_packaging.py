"""What is installed: only `xuncha`, every sub-package, the released model, and no torch for scoring."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
FOLDERS = ("labels", "train", "models", "serve")
TEXT = "加V看货,全网最低价"


def test_every_sub_package_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        "xuncha." + ".".join(path.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert listed == found


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_only_xuncha_and_the_released_model(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"xuncha"}
    for name in ("model.onnx", "tokenizer.json", "bundle.json", "README.md"):
        assert f"xuncha/models/nano/{name}" in names
    for name in ("xuncha/serve/policy.yaml", *(f"xuncha/serve/report/page.{kind}" for kind in ("html", "css", "js"))):
        assert name in names
    for name in ("xuncha/labels/taxonomy.yaml", "xuncha/train/recipes/nano.toml", "xuncha/serve/demo/listings.csv"):
        assert name in names
    assert not [name for name in names if name.startswith("xuncha/models/base/")]
    assert wheel.stat().st_size < 40e6


@pytest.mark.slow
def test_the_wheel_scores_in_a_bare_environment_without_torch(wheel: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=True, symlinks=True)
    python = bare / "bin" / "python"
    site = next((bare / "lib").glob("python*/site-packages"))
    for package in needed("xuncha"):
        link(distribution(package), site)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "XUNCHA_MODEL")}
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "-q", str(wheel)], check=True, env=environment)
    subprocess.run([*pip, "check"], check=True, env=environment, capture_output=True)
    assert not [path for path in site.iterdir() if path.name in ("torch", "transformers", "datasets", "sklearn")]
    checked = subprocess.run(
        [str(bare / "bin" / "xuncha"), "check", "--json", TEXT],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert checked.returncode == 1, checked.stderr
    verdict = json.loads(checked.stdout)
    assert verdict["flags"] == {"off_platform": True, "exaggerated": True}
    trained = subprocess.run(
        [str(bare / "bin" / "xuncha"), "train", "debug"], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert trained.returncode == 2
    assert "pip install 'xuncha[train]'" in trained.stderr and "Traceback" not in trained.stderr


def needed(package: str) -> set[str]:
    """Names of the distributions that `package` needs without extras, itself excluded."""
    found: set[str] = set()
    waiting = [package]
    while waiting:
        for line in distribution(waiting.pop()).requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                name = requirement.name.lower().replace("_", "-")
                if name not in found:
                    found.add(name)
                    waiting.append(name)
    return found


def link(found: Distribution, site: Path) -> None:
    """Put an installed distribution into another environment, by links to its top-level entries."""
    for top in top_level(found):
        target = site / top.name
        if not target.exists():
            target.symlink_to(top)


def top_level(found: Distribution) -> Iterator[Path]:
    names = {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}
    for name in sorted(names):
        yield Path(str(found.locate_file(name)))
