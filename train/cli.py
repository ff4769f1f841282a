"""`xuncha train`: an adapter."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from xuncha.labels.errors import XunchaError, user_errors

_NEEDED = ("torch", "transformers", "datasets", "sklearn", "onnx")


def train_command(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe (nano, debug, teacher) or the path of a TOML file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Model folder to write [runs/RECIPE/model].")
    ] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for checkpoints [runs/RECIPE].")] = None,
    rows: Annotated[str | None, typer.Option(help="Labelled JSONL file or folder instead of the recipe's.")] = None,
    extra_rows: Annotated[str | None, typer.Option(help="More rows to train on, never in dev or test.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Folder or hub name of another encoder.")] = None,
    teacher: Annotated[str | None, typer.Option(help="A model folder to distil from.")] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Folder of JSONL(.gz) texts for the teacher to score.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed.")] = None,
    save_base: Annotated[
        Path | None, typer.Option(help="Also write the network as a base for later trainings.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier checkpoints of this work folder.")] = False,
    export_only: Annotated[
        bool, typer.Option("--export-only", help="Write the model folder from the last training.")
    ] = False,
) -> None:
    """Fine-tune a recipe, export it, verify it, and write a model folder, whole or not at all.

    A run that was killed goes on where it was when the same command is given again.

    Example: xuncha train nano -o models/nano
    """
    with user_errors():
        require_training()
        from xuncha.labels.taxonomy import Taxonomy
        from xuncha.train import pipeline
        from xuncha.train import recipe as recipes

        chosen = recipes.find(recipe)
        given = {
            "rows": rows,
            "extra_rows": extra_rows,
            "encoder": encoder,
            "teacher": teacher,
            "unlabelled": unlabelled,
            "seed": seed,
        }
        chosen = replace(chosen, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
        work = work or Path("runs") / chosen.name
        if fresh:
            import shutil

            shutil.rmtree(work, ignore_errors=True)
        run = pipeline.Run(chosen, Taxonomy.load(), work, output or work / "model", say=_say)
        pipeline.release(run) if export_only else pipeline.train(run)
        if save_base:
            pipeline.write_base(run, save_base)


def require_training() -> None:
    """Raise `XunchaError` with the pip command where the training packages are missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise XunchaError(
            f"Training needs packages that are not installed ({', '.join(missing)}). Run: pip install 'xuncha[train]'"
        )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
