"""The folder of a run: its checkpoints belong to one recipe, one taxonomy and one set of rows."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import canonical
from xuncha.train.publish import file_hashes
from xuncha.train.recipe import Recipe

NAME = "run.json"
FINISHED = "finished"
# What a run leaves behind, as patterns: nothing that a user may have put beside it, and no model folder.
_LEFT = ("checkpoints*", "network*", "fp32", "soft-*.npz", "members", "history*", FINISHED, NAME)


def identity(recipe: Recipe, taxonomy: Taxonomy) -> dict[str, Any]:
    """What a training depends on: the recipe without its gate, the taxonomy, and every file of rows."""
    values = recipe.to_json()
    del values["gate"]
    return {
        "recipe": values,
        "taxonomy": hashlib.sha256(canonical(taxonomy.to_json()).encode()).hexdigest(),
        "rows": file_hashes(recipe.rows),
        "extra_rows": file_hashes(recipe.extra_rows),
    }


def claim(work: Path, wanted: dict[str, Any], say: Callable[[str], None]) -> None:
    """Take a work folder for a run: new, to go on where the same run was, or cleared of another one that is finished.

    Raises `XunchaError` where another run stands unfinished in it, whose checkpoints would be lost or carried on.
    """
    work.mkdir(parents=True, exist_ok=True)
    path = work / NAME
    if path.is_file() and (held := json.loads(path.read_text(encoding="utf-8"))) != wanted:
        differs = ", ".join(key for key in wanted if held.get(key) != wanted[key])
        if not (work / FINISHED).exists() and any(work.glob("checkpoints*")):
            raise XunchaError(
                f"{work}: holds the checkpoints of an unfinished training with another {differs}. "
                "Give another --work folder, or --fresh to start anew."
            )
        say(f"{work}: the training there had another {differs} and is done with; starting anew")
        clear(work)
    path.write_text(json.dumps(wanted, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def require(work: Path, wanted: dict[str, Any]) -> None:
    """Raise `XunchaError` where the training in a work folder was another one, whose model would tell wrong origins."""
    path = work / NAME
    if path.is_file() and (held := json.loads(path.read_text(encoding="utf-8"))) != wanted:
        differs = ", ".join(key for key in wanted if held.get(key) != wanted[key])
        raise XunchaError(
            f"{work}: the training there had another {differs}. Give the options that it was made with, or train again."
        )


def finish(work: Path) -> None:
    """Mark the training in a work folder as finished."""
    (work / FINISHED).touch()


def clear(work: Path) -> None:
    """Remove what an earlier training left in a work folder, and nothing else: model folders stay."""
    for pattern in _LEFT:
        for path in work.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
