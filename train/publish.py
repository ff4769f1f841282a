"""Writing a model folder: put together in a temporary place, checked, and moved to its name whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import onnx
from tokenizers import Tokenizer

from xuncha.labels.io import row_files
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import FORMAT, MANIFEST, OPERATING_POINTS, REQUIRED_FILES, file_hash, open_bundle
from xuncha.train.base import base_folder
from xuncha.train.evaluation.evaluation import WRITTEN_BY_MODEL
from xuncha.train.export import write_graph
from xuncha.train.recipe import Recipe

PACKAGES = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "numpy", "scikit-learn")
# The packages that make a model what it is; serving does not.
PROGRAM = ("labels", "models", "train")


def draft(folder: Path, recipe: Recipe, taxonomy: Taxonomy, graph: onnx.ModelProto, tokenizer: Tokenizer) -> Path:
    """A loadable folder with neutral calibration and thresholds: what calibration is measured with."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_graph(graph, folder / "model.onnx")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    for name in ("metrics.json", "reference.jsonl", "README.md"):
        (folder / name).write_text("{}\n")
    labels = taxonomy.label_ids
    half = dict.fromkeys(labels, 0.5)
    write_manifest(
        folder,
        {
            "format": FORMAT,
            "name": recipe.name,
            "created": created(),
            "taxonomy": taxonomy.to_json(),
            "calibration": {label: {"slope": 1.0, "intercept": 0.0} for label in labels},
            "thresholds": {point: dict(half) for point in OPERATING_POINTS},
            "evidence_thresholds": dict(half),
            "window": recipe.window,
            "stride": recipe.stride,
            "precision": "int8" if recipe.int8 else "fp32",
            "encoder": encoder_of(recipe.encoder),
            "data": {},
            "recipe": recipe.to_json(),
            "environment": environment(),
        },
    )
    return folder


def write_manifest(folder: Path, values: Mapping[str, Any]) -> None:
    """Write bundle.json with the hashes of the files beside it."""
    whole = {**values, "files": {name: file_hash(folder / name) for name in REQUIRED_FILES}}
    (folder / MANIFEST).write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """bundle.json as plain values, without its hashes."""
    raw: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    raw.pop("files")
    return raw


def put_in_place(built: Path, target: Path) -> None:
    """Move a finished folder to its final name; an older one is replaced only when the new one stands there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    try:
        built.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def fingerprints(rows: Sequence[Row], recipe: Recipe) -> dict[str, Any]:
    """What the model was trained on: a sha256 per file, counts by split and origin, rows written by models, teacher."""
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        split = counts.setdefault(row.split or "none", {})
        split[row.origin] = split.get(row.origin, 0) + 1
    found: dict[str, Any] = {
        "files": file_hashes(recipe.rows),
        "extra_files": file_hashes(recipe.extra_rows),
        "rows": counts,
        "written_by_model": sum(row.annotator == WRITTEN_BY_MODEL for row in rows),
    }
    if recipe.teacher:
        found["teacher"] = open_bundle(recipe.teacher, check_hashes=False).model_id
    return {key: value for key, value in found.items() if value}


def file_hashes(path: str) -> dict[str, str]:
    """Name → sha256 of the files of rows that a path stands for; none for ""."""
    return {file.name: file_hash(file) for file in row_files([path])} if path else {}


def encoder_of(name: str) -> dict[str, str]:
    """The name of the encoder that training started from, and the sha256 of its weights where they lie in a folder."""
    weights = base_folder(name) / "model.safetensors"
    return {"name": name, **({"sha256": file_hash(weights)} if weights.is_file() else {})}


def created() -> str:
    """Today (UTC), or the day of SOURCE_DATE_EPOCH: the same training twice a day gives the same bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return now.strftime("%Y-%m-%d")


def environment() -> dict[str, str]:
    """Versions and machine that a training ran with; the commit where there is one."""
    found = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    for package in ("xuncha", *PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return {**found, **code_version()}


def code_version() -> dict[str, str]:
    """`code`: sha256 over the program's own sources; `commit` where they are tracked by git, `+` with changes on it."""
    source = Path(__file__).resolve()
    root = source.parents[1]
    digest = hashlib.sha256()
    for package in PROGRAM:
        folder = Path(str(files(f"xuncha.{package}")))
        for one in sorted(folder.rglob("*.py")):
            digest.update(f"{package}/{one.relative_to(folder)}\0".encode() + one.read_bytes() + b"\0")
    found = {"code": digest.hexdigest()}
    # A package installed into somebody else's repository must not take that one's commit for its own.
    if _git(root, "ls-files", "--error-unmatch", str(source)):
        sources = (f":(glob){package}/**/*.py" for package in PROGRAM)
        changed = _git(root, "status", "--porcelain", "--", *sources)
        found["commit"] = _git(root, "rev-parse", "HEAD") + ("+" if changed else "")
    return found


def _git(root: Path, *words: str) -> str:
    """What a git command prints, or nothing where it fails or there is no git."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
