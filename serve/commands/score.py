"""`xuncha score`: a whole table."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from xuncha.labels.errors import user_errors
from xuncha.serve.commands.options import DeviceOption, ModelOption, PointOption, ThreadsOption
from xuncha.serve.commands.spot import Device, Point

if TYPE_CHECKING:
    from xuncha.serve.summary import Summary

_FORMATS = "csv, tsv, jsonl or parquet; default: by the name."


def score(
    source: Annotated[str, typer.Argument(metavar="INPUT", help="The table to score; - for stdin.")],
    target: Annotated[str, typer.Option("-o", "--output", metavar="OUTPUT", help="The scored table; - for stdout.")],
    text_column: Annotated[
        list[str] | None,
        typer.Option("--text-column", metavar="NAME", help="A column of texts; may be repeated. Default: guessed."),
    ] = None,
    source_column: Annotated[
        str | None, typer.Option("--source-column", metavar="NAME", help="Column that says listing, speech or comment.")
    ] = None,
    model: ModelOption = None,
    point: PointOption = Point.BALANCED,
    input_format: Annotated[str | None, typer.Option("--input-format", metavar="FORMAT", help=_FORMATS)] = None,
    output_format: Annotated[str | None, typer.Option("--output-format", metavar="FORMAT", help=_FORMATS)] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Of INPUT; default: UTF-8, GB18030 and UTF-16 are told apart."),
    ] = None,
    overwrite_columns: Annotated[
        bool, typer.Option("--overwrite-columns", help="Replace input columns that have the name of an added one.")
    ] = False,
    escape_formulas: Annotated[
        bool, typer.Option("--escape-formulas", help="CSV, TSV: put ' before input cells that begin with = + - @.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUTPUT if it exists.")] = False,
    threads: ThreadsOption = None,
    device: DeviceOption = Device.CPU,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Score every row of INPUT: the same rows and columns come out, with scores, flags, evidence and status added.

    OUTPUT appears only when it is whole. A row that cannot be read or scored stays in its place; its status says why.

    Example: xuncha score listings.csv -o scored.csv --text-column title --text-column description
    """
    with user_errors():
        from xuncha.serve.batch import Options, score_file
        from xuncha.serve.commands.progress import progress_for
        from xuncha.serve.scorer import Scorer

        options = Options(
            text_columns=tuple(text_column or ()),
            source_column=source_column,
            input_format=input_format,
            output_format=output_format,
            encoding=encoding,
            overwrite_columns=overwrite_columns,
            force=force,
            escape_formulas=escape_formulas,
        )
        scorer = Scorer.load(model, operating_point=point, threads=threads, device=device)
        with progress_for(quiet=quiet or as_json) as progress:
            summary = score_file(scorer, source, target, options, progress)
        _tell(summary, target, quiet=quiet, as_json=as_json)


def _tell(summary: Summary, target: str, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary.to_json(), ensure_ascii=False), file=sys.stderr if target == "-" else sys.stdout)
    elif not quiet:
        print("\n".join(summary.lines()), file=sys.stderr)
