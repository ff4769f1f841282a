"""`xuncha evaluate`: the figures of a model folder on labelled rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from xuncha.labels.errors import XunchaError, user_errors

if TYPE_CHECKING:
    from xuncha.labels.rows import Row

TRAIN, TEST, ALL = "train", "test", "all"


def evaluate_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, or the name of a shipped model.")],
    rows: Annotated[
        list[Path],
        typer.Argument(metavar="ROWS", help="JSONL or JSONL.gz files of labelled rows, folders of them, or -."),
    ],
    split: Annotated[
        Literal["train", "dev", "test", "all"] | None,
        typer.Option(help="Rows to evaluate on. Default: test where rows carry splits, else all."),
    ] = None,
    point: Annotated[
        Literal["strict", "balanced", "lenient"],
        typer.Option(help="Operating point of slices, evidence, robustness and errors."),
    ] = "balanced",
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write evaluation.json and report.html into this folder.")
    ] = None,
    ordinary: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="JSONL files of unlabelled ordinary texts: how many of them are flagged."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
    no_baselines: Annotated[bool, typer.Option("--no-baselines", help="Leave the baselines out.")] = False,
    no_robustness: Annotated[bool, typer.Option("--no-robustness", help="Leave the attacks out.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of resamples, attacks and folds.", min=0)] = 0,
) -> None:
    """Measure MODEL on ROWS: figures with intervals, slices, evidence, calibration, attacks, baselines, errors.

    Baselines are trained in the same run on the rows of split train in the same files. The committed rows were
    written for this project, they are not production data, and results on them flatter: report results on real
    text beside them.

    Example: xuncha evaluate nano labels/data --report report
    """
    with user_errors():
        from xuncha.labels.io import read_files
        from xuncha.models.bundle import open_bundle
        from xuncha.train.evaluation.evaluation import evaluate
        from xuncha.train.evaluation.report import as_json as written
        from xuncha.train.evaluation.report import write_report
        from xuncha.train.evaluation.terminal import show

        bundle = open_bundle(model)
        every = [row for found in read_files(rows, bundle.taxonomy).values() for row in found]
        found = evaluate(
            bundle,
            chosen(every, split),
            point=point,
            robustness=not no_robustness,
            baselines=not no_baselines,
            train_rows=[row for row in every if row.split == TRAIN],
            ordinary_texts=ordinary,
            seed=seed,
        )
        if as_json:
            print(written(found), end="")
        else:
            show(found)
        if report is not None:
            _, page = write_report(found, report)
            print(f"report: {page}", file=sys.stderr if as_json else sys.stdout)


def chosen(rows: Sequence[Row], split: str | None) -> list[Row]:
    """The rows of a split. Without one: test where any row carries a split, else all rows.

    Raises `XunchaError` where that leaves none.
    """
    if split is None:
        split = TEST if any(row.split for row in rows) else ALL
    found = [row for row in rows if split in (ALL, row.split)]
    if not found:
        held = sorted({row.split or "none" for row in rows}) or ["no rows"]
        raise XunchaError(
            f"No row is of split {split}; the files hold: {', '.join(held)}. Choose another --split, or all."
        )
    return found
