"""Writing a model folder: put together in a temporary place, checked, and moved to its name whole or not at all."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import onnx
from tokenizers import Tokenizer

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import FORMAT, MANIFEST, OPERATING_POINTS, REQUIRED_FILES, file_hash
from xuncha.train.export import write_graph
from xuncha.train.recipe import Recipe

PACKAGES = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime", "numpy", "scikit-learn")


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
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "taxonomy": taxonomy.to_json(),
            "calibration": {label: {"slope": 1.0, "intercept": 0.0} for label in labels},
            "thresholds": {point: dict(half) for point in OPERATING_POINTS},
            "evidence_thresholds": dict(half),
            "window": recipe.window,
            "stride": recipe.stride,
            "precision": "int8" if recipe.int8 else "fp32",
            "encoder": {"name": recipe.encoder},
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


def fingerprints(rows: Sequence[Row], path: str) -> dict[str, Any]:
    """What the model was trained on: a sha256 per file, and the counts per split and origin."""
    root = Path(path)
    files = sorted(root.glob("*.jsonl*")) if root.is_dir() else [root]
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        split = counts.setdefault(row.split or "none", {})
        split[row.origin] = split.get(row.origin, 0) + 1
    return {"files": {file.name: file_hash(file) for file in files}, "rows": counts}


def environment() -> dict[str, str]:
    """Versions and machine that a training ran with; the commit where there is one."""
    found = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    for package in ("xuncha", *PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    try:
        git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False)
        if git.returncode == 0:
            found["commit"] = git.stdout.strip()
    except OSError:
        pass
    return found
