"""`xuncha train`: an adapter."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xuncha.labels.errors import XunchaError, escape_controls, user_errors
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from xuncha.models.bundle import Bundle
    from xuncha.train.gate import Champion
    from xuncha.train.recipe import Recipe

_NEEDED = ("torch", "transformers", "datasets", "sklearn", "onnx")


def train_command(
    recipe: Annotated[
        str | None,
        typer.Argument(help="A shipped recipe (nano, debug, teacher) or a TOML file. [the champion's recipe]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Model folder to write [the champion's folder, or runs/RECIPE/model]."),
    ] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for checkpoints [runs/RECIPE].")] = None,
    rows: Annotated[str | None, typer.Option(help="Labelled rows, file or folder, instead of the recipe's.")] = None,
    extra_rows: Annotated[
        str | None,
        typer.Option(help="More rows. They only train, but for those that carry another split or judge a new label."),
    ] = None,
    taxonomy: Annotated[Path | None, typer.Option(help="A taxonomy file other than the packaged one.")] = None,
    champion: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model in use: replaced only if the verdict is ship.")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Behaviour cases to put to champion and challenger.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the champion whatever the verdict; the bundle records it.")
    ] = False,
    encoder: Annotated[str | None, typer.Option(help="Folder or hub name of another encoder.")] = None,
    teacher: Annotated[str | None, typer.Option(help="A model folder to distil from.")] = None,
    unlabelled: Annotated[str | None, typer.Option(help="Folder of JSONL(.gz) texts for the teacher to score.")] = None,
    soft_labels: Annotated[
        str | None, typer.Option(help="A teacher's earlier scores instead of a teacher, see --save-soft-labels.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed.")] = None,
    report_to: Annotated[
        str, typer.Option(help="tensorboard, mlflow, both with a comma, none, or auto: those that are installed.")
    ] = "auto",
    save_base: Annotated[
        Path | None, typer.Option(help="Also write the network as a base for later trainings.")
    ] = None,
    save_soft_labels: Annotated[
        Path | None, typer.Option(help="Also write what the teacher said of the rows and their variants.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier checkpoints of this work folder.")] = False,
    export_only: Annotated[
        bool, typer.Option("--export-only", help="Write the model folder from the last training.")
    ] = False,
) -> None:
    """Fine-tune a recipe, export it, verify it, and write a model folder, whole or not at all.

    A run that was killed goes on where it was when the same command is given again. With --champion, exit code 1 says
    that the verdict was not ship: the new model is kept beside the checkpoints, the champion stays.

    Example: xuncha train nano --extra-rows decisions.jsonl --champion models/nano
    """
    with user_errors():
        require_training()
        from xuncha.models.bundle import open_bundle
        from xuncha.train import pipeline, workfolder
        from xuncha.train import recipe as recipes
        from xuncha.train.gate import Refused
        from xuncha.train.watch import loggers

        in_use = open_bundle(champion) if champion else None
        chosen = recipes.find(recipe or _recipe_of(in_use))
        given = {
            "rows": rows,
            "extra_rows": extra_rows,
            "encoder": encoder,
            "teacher": teacher,
            "unlabelled": unlabelled,
            "soft_labels": soft_labels,
            "seed": seed,
        }
        chosen = replace(chosen, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
        if save_soft_labels and (chosen.extra_rows or not chosen.teacher):
            raise XunchaError(
                "--save-soft-labels writes texts of the rows and of their variants: give it a --teacher, and no "
                "--extra-rows, whose texts would be mixed into them."
            )
        work = work or Path("runs") / chosen.name
        known = Taxonomy.load(taxonomy)
        loggers(report_to, work)  # which may be missing: better said now than after a minute of reading rows
        run = pipeline.Run(
            chosen,
            known,
            work,
            output or _target(champion, work),
            say=_say if pipeline.first_process() else _say_nothing,
            champion=_champion(in_use, cases, force, chosen, known),
            report_to=report_to,
        )
        if fresh and pipeline.first_process():
            workfolder.clear(work)
        try:
            pipeline.release(run) if export_only else pipeline.train(run)
        except Refused as refused:
            print(escape_controls(str(refused)), file=sys.stderr)
            raise typer.Exit(1) from None
        if save_base:
            pipeline.write_base(run, save_base)
        if save_soft_labels:
            pipeline.write_soft_labels(run, save_soft_labels)


def _recipe_of(champion: Bundle | None) -> str:
    """The recipe that made the champion, where nothing else was named."""
    from xuncha.train import recipe as recipes

    name = str(champion.raw["recipe"].get("name")) if champion else ""
    if name not in recipes.names():
        raise XunchaError(f"Name a recipe: {', '.join(recipes.names())}, or the path of a TOML file.")
    return name


def _target(champion: str | None, work: Path) -> Path:
    """Where the new model goes: to the champion's place where that is named by its path."""
    named = champion is not None and Path(champion).is_dir()
    return Path(champion) if champion and named else work / "model"


def _champion(
    in_use: Bundle | None, cases: Path | None, force: bool, recipe: Recipe, taxonomy: Taxonomy
) -> Champion | None:
    from xuncha.train.compare.cli import read_cases
    from xuncha.train.compare.vocabulary import union
    from xuncha.train.gate import Champion

    if in_use is None:
        for option in (name for name, is_given in (("--cases", cases), ("--force", force)) if is_given):
            raise XunchaError(f"{option} is about the model in use. Name it with --champion.")
        return None
    return Champion(in_use, read_cases(cases, recipe.gate, union(in_use.taxonomy, taxonomy)), force)


def require_training() -> None:
    """Raise `XunchaError` with the pip command where the training packages are missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise XunchaError(
            f"Training needs packages that are not installed ({', '.join(missing)}). Run: pip install 'xuncha[train]'"
        )


def _say(line: str) -> None:
    print(escape_controls(line), file=sys.stderr, flush=True)


def _say_nothing(line: str) -> None:
    """What the other processes of a run have to say."""
