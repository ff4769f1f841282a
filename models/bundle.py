"""The model folder (bundle): its contract, read whole and strictly. Nothing in it is ever unpickled."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.background import Background

FORMAT = 1
OPERATING_POINTS = ("strict", "balanced", "lenient")
MANIFEST = "bundle.json"
DEFAULT = "nano"
ENVIRONMENT = "XUNCHA_MODEL"
REQUIRED_FILES = ("model.onnx", "tokenizer.json", "metrics.json", "reference.jsonl", "README.md")
_KEYS = {
    "format": int, "name": str, "created": str, "taxonomy": dict, "calibration": dict, "thresholds": dict,
    "evidence_thresholds": dict, "window": int, "stride": int, "precision": str, "encoder": dict, "data": dict,
    "recipe": dict, "environment": dict, "files": dict,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling of one label: probability = sigmoid(slope · logit + intercept)."""

    slope: float
    intercept: float


@dataclass(frozen=True)
class Bundle:
    """A model folder whose manifest has been checked; `open_bundle` makes one.

    `thresholds[point][label]` and `evidence_thresholds[label]` are probabilities; `window` and `stride` count
    tokens, special ones included in `window`.
    """

    folder: Path
    name: str
    created: str
    taxonomy: Taxonomy
    calibration: Mapping[str, Calibration]
    thresholds: Mapping[str, Mapping[str, float]]
    evidence_thresholds: Mapping[str, float]
    window: int
    stride: int
    precision: str
    files: Mapping[str, str]
    raw: Mapping[str, Any]

    @cached_property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with any file of the folder."""
        return hashlib.sha256(canonical(self.raw).encode()).hexdigest()[:8]

    @property
    def model_id(self) -> str:
        """`name@fingerprint`, as every scored row carries it."""
        return f"{self.name}@{self.fingerprint}"

    def path(self, name: str) -> Path:
        """Where a file of the folder lies."""
        return self.folder / name


def canonical(value: object) -> str:
    """JSON with sorted keys and no blanks: the text that fingerprints are taken of."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def open_bundle(name_or_path: str | Path | None = None, *, check_hashes: bool = True) -> Bundle:
    """Read a model folder whole and strictly.

    Without a name: the environment variable XUNCHA_MODEL, else the released "nano". Raises `XunchaError` naming
    file and key for anything missing, unknown or changed. `check_hashes=False` skips reading the big files.
    """
    folder = find_bundle(name_or_path)
    raw = _read_manifest(folder / MANIFEST)
    where = str(folder / MANIFEST)
    taxonomy = Taxonomy.from_json(raw["taxonomy"], f"{where}: taxonomy")
    labels = taxonomy.label_ids
    bundle = Bundle(
        folder=folder,
        name=raw["name"],
        created=raw["created"],
        taxonomy=taxonomy,
        calibration={
            label: Calibration(**_numbers(f"{where}: calibration.{label}", values, ("slope", "intercept")))
            for label, values in _exactly(f"{where}: calibration", raw["calibration"], labels).items()
        },
        thresholds={
            point: _numbers(f"{where}: thresholds.{point}", values, labels, probability=True)
            for point, values in _exactly(f"{where}: thresholds", raw["thresholds"], OPERATING_POINTS).items()
        },
        evidence_thresholds=_numbers(
            f"{where}: evidence_thresholds", raw["evidence_thresholds"], labels, probability=True
        ),
        window=raw["window"],
        stride=raw["stride"],
        precision=raw["precision"],
        files=raw["files"],
        raw=raw,
    )
    if not 0 < bundle.stride <= bundle.window - 2:
        raise XunchaError(f'{where}: "stride" must be between 1 and window - 2, so that no text falls between.')
    _check_files(bundle, check_hashes)
    return bundle


@contextmanager
def hashes_checked(bundle: Bundle) -> Iterator[None]:
    """Hash the files of a bundle opened with `check_hashes=False` while the block gets it ready.

    The block ends when every hash is checked, so nothing that it made answers for a changed file. Raises
    `XunchaError` like `open_bundle`; a changed file is named also where the block already failed over it.
    """
    checking = Background(lambda: _check_files(bundle, hashes=True))
    try:
        yield
    finally:
        checking.result()


def find_bundle(name_or_path: str | Path | None = None) -> Path:
    """The folder of a bundle: a path as it is, a bare name among the bundles that ship with the package."""
    wanted = str(name_or_path or os.environ.get(ENVIRONMENT) or DEFAULT)
    path = Path(wanted)
    if (path / MANIFEST).is_file():
        return path
    shipped = shipped_bundles()
    if wanted in shipped:
        return shipped[wanted]
    if path.is_dir():
        raise XunchaError(f"{path}: there is no {MANIFEST} in this folder, so it is not a model folder.")
    raise XunchaError(
        f'There is no model "{wanted}".{did_you_mean(wanted, shipped)} '
        f"Shipped models: {', '.join(shipped) or 'none'}; or give the path of a model folder."
    )


def shipped_bundles() -> dict[str, Path]:
    """Name → folder of the bundles that ship with the package."""
    root = Path(__file__).parent
    return {path.parent.name: path.parent for path in sorted(root.glob(f"*/{MANIFEST}"))}


def file_hash(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise XunchaError(f"{path}: is not valid JSON ({error}). Get the model folder again.") from None
    if not isinstance(raw, dict):
        raise XunchaError(f"{path}: must hold one JSON object. Get the model folder again.")
    _exactly(str(path), raw, tuple(_KEYS))
    for key, kind in _KEYS.items():
        if type(raw[key]) is not kind:
            raise XunchaError(f'{path}: key "{key}" must be {kind.__name__}, not {type(raw[key]).__name__}.')
    if raw["format"] != FORMAT:
        raise XunchaError(
            f"{path}: format {raw['format']} is not the format {FORMAT} that this version of xuncha reads. "
            "Upgrade xuncha, or train the model again."
        )
    return raw


def _exactly(where: str, given: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise XunchaError(f"{where}: must be an object with the keys {', '.join(keys)}.")
    for key in given:
        if key not in keys:
            raise XunchaError(f'{where}: unknown key "{key}".{did_you_mean(key, keys)}')
    for key in keys:
        if key not in given:
            raise XunchaError(f'{where}: key "{key}" is missing.')
    return {key: given[key] for key in keys}


def _numbers(where: str, given: Any, keys: tuple[str, ...], *, probability: bool = False) -> dict[str, float]:
    values = _exactly(where, given, keys)
    for key, value in values.items():
        if type(value) not in (int, float) or (probability and not 0 <= value <= 1):
            raise XunchaError(
                f'{where}: "{key}" must be a {"probability" if probability else "number"}, not {value!r}.'
            )
    return {key: float(value) for key, value in values.items()}


def _check_files(bundle: Bundle, hashes: bool) -> None:
    manifest = bundle.path(MANIFEST)
    _exactly(f"{manifest}: files", dict(bundle.files), REQUIRED_FILES)
    for name, expected in bundle.files.items():
        path = bundle.path(name)
        if not path.is_file():
            raise XunchaError(f"{path}: is missing from the model folder. Get the folder again, whole.")
        if hashes and file_hash(path) != expected:
            raise XunchaError(
                f"{path}: is not the file that {MANIFEST} names (sha256 differs). Get the folder again, whole."
            )
