"""A recipe: everything that a training run may vary, read from TOML into one frozen object."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.train.compare.rules import Gate


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run. Rates are per step of AdamW; lengths are tokens; rows are paths to labelled JSONL."""

    name: str
    # A folder, the name of a committed base ("base"), a hub name, or "tiny": a random encoder for tests.
    encoder: str
    rows: str = "labels/data"
    # More labelled rows; those without a split only train, unless nothing else measures one of their labels. "" = none.
    extra_rows: str = ""
    # A model folder whose scores teach this one, and a folder of JSONL(.gz) texts for it to score; "" = none.
    teacher: str = ""
    unlabelled: str = ""
    # A teacher's earlier scores (.npz, or a folder of them) instead of a teacher; "" = none.
    soft_labels: str = ""
    # At most so many unlabelled texts a corpus, and so many rows in all (0 = all; for trials and tests).
    unlabelled_per_corpus: int = 6000
    # Texts made from each labelled row for the teacher to score: evidence out, evidence moved, clauses joined.
    variants: int = 0
    limit_rows: int = 0
    pooling: str = "evidence"
    epochs: float = 8.0
    batch_size: int = 32
    gradient_accumulation: int = 1
    learning_rate: float = 1e-4
    # The heads start from nothing, so they may move faster than the encoder.
    head_learning_rate: float = 5e-4
    # Word embeddings and the first so many layers stay as they are: a large encoder trains faster and forgets less.
    freeze_layers: int = 0
    warmup: float = 0.1
    weight_decay: float = 0.01
    max_length: int = 384
    seed: int = 1
    bf16: bool = True
    # Stop after this many evaluations without a better dev F1; 0 = never.
    patience: int = 0
    class_weight: float = 0.5
    label_loss: float = 1.0
    reason_loss: float = 0.5
    evidence_loss: float = 1.0
    evidence_positive: float = 2.0
    # Share of violating and of clean texts that an attack rewrites, each epoch anew.
    attack: float = 0.4
    attack_clean: float = 0.2
    # Share of batches whose rows are put among quiet rows of their source: a window over a live room looks so.
    surroundings: float = 0.0
    # Decay of the running mean of the weights that is released; 0 = the last weights.
    weight_average: float = 0.0
    # So many trainings that differ by their seed, and the mean of their weights is released (a model soup).
    soup: int = 1
    # Weight of the teacher's scores where a row has both a human and a teacher label.
    teacher_share: float = 0.5
    window: int = 384
    stride: int = 256
    int8: bool = True
    # Rows judged for a label that few rows are judged for are repeated until they are this share, 8 times at most.
    label_share: float = 0.1
    # When the new model may replace a champion: the table [gate].
    gate: Gate = field(default_factory=Gate)

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Read and check a recipe; raises `XunchaError` naming file and key."""
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise XunchaError(
                f"{path}: cannot be read ({error}). Give the path of a recipe, or one of {names()}."
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise XunchaError(f"{path}: is not valid TOML ({error}).") from None
        return cls.of(raw, str(path))

    @classmethod
    def of(cls, raw: dict[str, Any], where: str) -> Recipe:
        """Check plain values and build the recipe; `where` names the file in errors."""
        known = {field.name: field for field in fields(cls)}
        gate = Gate.of(raw.get("gate", {}), where)
        raw = {key: value for key, value in raw.items() if key != "gate"}
        for key, value in raw.items():
            if key not in known:
                hint = did_you_mean(key, known)
                raise XunchaError(f'{where}: unknown key "{key}".{hint} docs/retraining.md lists all keys.')
            kind = {"str": str, "int": int, "float": float, "bool": bool}[str(known[key].type)]
            if kind is float and type(value) is int:
                raw = {**raw, key: float(value)}
            elif type(value) is not kind:
                raise XunchaError(
                    f'{where}: key "{key}" must be {kind.__name__}, not {type(value).__name__} ({value!r}).'
                )
        needed = [n for n, one in known.items() if one.default is MISSING and one.default_factory is MISSING]
        missing = [n for n in needed if n not in raw]
        if missing:
            raise XunchaError(f'{where}: key "{missing[0]}" is missing.')
        recipe = cls(**raw, gate=gate)
        if recipe.patience and recipe.weight_average:
            raise XunchaError(
                f'{where}: "patience" keeps the best epoch and "weight_average" the mean of all; set one of them to 0.'
            )
        if recipe.soup < 1:
            raise XunchaError(f'{where}: "soup" is a number of trainings, at least 1, not {recipe.soup}.')
        if not 0 < recipe.stride <= recipe.window - 2:
            raise XunchaError(f'{where}: "stride" must be between 1 and window - 2, so that no text falls between.')
        return recipe

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the bundle."""
        return asdict(self)


def names() -> list[str]:
    """The recipes that ship with the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in files("xuncha.train").joinpath("recipes").iterdir())


def find(name_or_path: str) -> Recipe:
    """A shipped recipe by name, or any recipe by path."""
    shipped = files("xuncha.train").joinpath("recipes", f"{name_or_path}.toml")
    if "/" not in name_or_path and shipped.is_file():
        return Recipe.read(Path(str(shipped)))
    path = Path(name_or_path)
    if not path.exists():
        raise XunchaError(
            f'There is no recipe "{name_or_path}". Shipped recipes: {", ".join(names())}; or give a path.'
        )
    return Recipe.read(path)
