"""`xuncha compare`: two models side by side on labelled rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from xuncha.labels.errors import XunchaError, user_errors

if TYPE_CHECKING:
    from xuncha.labels.rows import Row
    from xuncha.labels.taxonomy import Taxonomy
    from xuncha.train.compare.rules import Gate


def compare_command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The model in use: a folder, or a shipped model's name.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The model that should take its place.")],
    rows: Annotated[
        list[Path], typer.Argument(metavar="ROWS", help="Files of labelled rows, folders of them, or - for stdin.")
    ],
    split: Annotated[
        Literal["train", "dev", "test", "all"] | None,
        typer.Option(help="Rows to compare on. Default: test where rows carry splits, else all."),
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="A recipe whose [gate] holds the rules [the rules in docs/retraining.md].")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Behaviour cases: rows whose origin is the capability.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write comparison.json and comparison.html into this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
    no_speed: Annotated[bool, typer.Option("--no-speed", help="Do not measure texts a second.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the resamples.", min=0)] = 0,
) -> None:
    """Tell whether NEW may take the place of OLD: differences with intervals, flipped rows, behaviour, cost, verdict.

    Exit code 0: ship. 1: hold, or undecided (needs about N more rows). 2: usage or error. Models with different
    labels are compared on those that both know; a new label is measured by itself.

    Example: xuncha compare models/nano runs/nano/challenger labels/data --report report
    """
    with user_errors():
        from xuncha.models.bundle import open_bundle
        from xuncha.train.compare.comparison import compare
        from xuncha.train.compare.report import as_json as written
        from xuncha.train.compare.report import write_report
        from xuncha.train.compare.terminal import show
        from xuncha.train.compare.vocabulary import union
        from xuncha.train.evaluation.cli import chosen

        rules = _rules(recipe)
        champion, challenger = open_bundle(old), open_bundle(new)
        every = union(champion.taxonomy, challenger.taxonomy)
        found = compare(
            champion,
            challenger,
            chosen(_read(rows, every), split),
            rules=rules,
            cases=read_cases(cases, rules, every),
            speed=not no_speed,
            seed=seed,
        )
        if as_json:
            print(written(found), end="")
        else:
            show(found)
        if report is not None:
            _, page = write_report(found, report)
            print(f"report: {page}", file=sys.stderr if as_json else sys.stdout)
    raise typer.Exit(0 if str(found.verdict) == "ship" else 1)


def read_cases(path: Path | None, rules: Gate, taxonomy: Taxonomy) -> list[Row]:
    """The behaviour cases of a file; else of the rules, whose default may be missing."""
    from xuncha.train.compare.rules import CASES

    if path is None and rules.cases == CASES and not Path(CASES).is_file():
        return []
    named = path or (Path(rules.cases) if rules.cases else None)
    if named is None:
        return []
    if not named.is_file():
        raise XunchaError(f"{named}: there is no such file of behaviour cases. Name another with --cases.")
    return _read([named], taxonomy)


def _rules(recipe: str | None) -> Gate:
    from xuncha.train import recipe as recipes
    from xuncha.train.compare.rules import Gate

    return recipes.find(recipe).gate if recipe else Gate()


def _read(paths: Sequence[Path], taxonomy: Taxonomy) -> list[Row]:
    from xuncha.labels.io import read_files

    return [row for found in read_files(paths, taxonomy).values() for row in found]
