"""`xuncha score`: tables, whatever their number and place."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xuncha.labels.errors import XunchaError, escape_controls, user_errors
from xuncha.serve.commands.options import DeviceOption, ModelOption, PointOption, ThreadsOption
from xuncha.serve.commands.spot import Device, Point

if TYPE_CHECKING:
    from xuncha.serve.engines import Engine
    from xuncha.serve.summary import Summary

_FORMATS = "csv, tsv, jsonl, xlsx or parquet, each also with .gz or .zst; default: by the name."

SOME_UNREADABLE = 1
STRICT_FAILED = 3


class EngineName(StrEnum):
    """Where to score."""

    LOCAL = "local"
    RAY = "ray"


class ProgressName(StrEnum):
    """How to show progress."""

    AUTO = "auto"
    BAR = "bar"
    JSON = "json"
    NONE = "none"


def score(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="A table, a folder, a glob, a URL (s3://, oss://, hdfs:// …); - is stdin."
        ),
    ],
    target: Annotated[
        str,
        typer.Option("-o", "--output", metavar="OUTPUT", help="A table, a folder for many, a URL; - is stdout."),
    ],
    text_column: Annotated[
        list[str] | None,
        typer.Option("--text-column", metavar="NAME", help="A column of texts; may be repeated. Default: guessed."),
    ] = None,
    source_column: Annotated[
        str | None, typer.Option("--source-column", metavar="NAME", help="Column that says listing, speech or comment.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="ROLE=NAME",
            help="What a column is: text, source, id, merchant, category or time; may be repeated. Default: guessed.",
        ),
    ] = None,
    model: ModelOption = None,
    point: PointOption = Point.BALANCED,
    input_format: Annotated[str | None, typer.Option("--input-format", metavar="FORMAT", help=_FORMATS)] = None,
    output_format: Annotated[str | None, typer.Option("--output-format", metavar="FORMAT", help=_FORMATS)] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Of INPUT; default: UTF-8, GB18030 and UTF-16 are told apart."),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option("--sheet", metavar="NAME", help="Sheet of an XLSX input; default: the first with rows."),
    ] = None,
    header_row: Annotated[
        int | None,
        typer.Option(
            "--header-row",
            metavar="N",
            min=1,
            help="Row of the header in CSV, TSV and XLSX, from 1; default: found among the first ten.",
        ),
    ] = None,
    overwrite_columns: Annotated[
        bool, typer.Option("--overwrite-columns", help="Replace input columns that have the name of an added one.")
    ] = False,
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas/--keep-formulas",
            help="CSV, TSV: put ' before input cells that begin with = + - @, tab or CR, numbers aside; or leave them.",
        ),
    ] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace OUTPUT if it exists; drop an unfinished run of it.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an unfinished run of the same job; start if there is none.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Score nothing, exit with 3, if a row cannot be read or scored.")
    ] = False,
    trust_input: Annotated[
        bool, typer.Option("--trust-input", help="Lift the limits that refuse zip bombs and huge cells.")
    ] = False,
    work_dir: Annotated[
        Path | None,
        typer.Option("--work-dir", metavar="DIR", help="Keep unfinished work here; default: beside OUTPUT."),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="Score in this process, or with Ray.")
    ] = EngineName.LOCAL,
    address: Annotated[
        str | None, typer.Option("--address", metavar="ADDRESS", help="Ray cluster; default: one on this machine.")
    ] = None,
    actors: Annotated[
        int | None, typer.Option("--actors", help="Ray: models to load at most; default: as many as fit.", min=1)
    ] = None,
    actor_cpus: Annotated[
        float | None, typer.Option("--actor-cpus", help="Ray: CPUs of one actor, may be below 1.", min=0.05)
    ] = None,
    threads: ThreadsOption = None,
    progress: Annotated[
        ProgressName, typer.Option("--progress", help="On stderr: a bar on a terminal, JSON lines for schedulers.")
    ] = ProgressName.AUTO,
    device: DeviceOption = Device.CPU,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary as JSON on stdout, progress as JSON lines on stderr.")
    ] = False,
) -> None:
    """Score every row of INPUT: the same rows and columns come out, with scores, flags, evidence and status added.

    OUTPUT appears only when it is whole; after a kill, the same command with --resume goes on. A row that cannot be
    read or scored stays in its place with a status that says why, and is listed in OUTPUT.rejects.jsonl.

    Exit codes: 0 done; 1 done, but files of a folder could not be read; 2 usage or error; 3 --strict found rejects;
    130 and 143 ended by Ctrl-C or SIGTERM, go on with --resume.

    Example: xuncha score listings.csv -o scored.csv --text-column title --text-column description
    """
    from xuncha.serve.commands.stopping import stoppable

    with stoppable(target), user_errors():
        from xuncha.serve.batch import Options, score_file
        from xuncha.serve.commands.progress import Style, progress_for
        from xuncha.serve.scorer import Scorer
        from xuncha.serve.strict import RejectsFound

        texts, roles = _columns(column or [])
        options = Options(
            text_columns=(*(text_column or ()), *texts), source_column=source_column, columns=roles,
            input_format=input_format, output_format=output_format, encoding=encoding, sheet=sheet,
            header_row=header_row,
            overwrite_columns=overwrite_columns, force=force, resume=resume, strict=strict, trusted=trust_input,
            escape_formulas=escape_formulas, work_dir=work_dir,
        )  # fmt: skip
        scorer = Scorer.load(model, operating_point=point, threads=threads, device=device)
        style = Style.JSON if as_json and progress is ProgressName.AUTO else Style(progress)
        chosen = _engine(engine, model, str(point), address, actors, actor_cpus, scorer)
        try:
            with progress_for(quiet=quiet, style=style) as shown:
                summary = score_file(scorer, source, target, options, shown, chosen)
        except RejectsFound as error:
            print(escape_controls(str(error)), file=sys.stderr)
            raise SystemExit(STRICT_FAILED) from None
        _tell(summary, target, quiet=quiet, as_json=as_json)
    if summary.unreadable:
        raise SystemExit(SOME_UNREADABLE)


def _columns(given: list[str]) -> tuple[list[str], dict[str, str]]:
    """Text columns, and other roles with their columns."""
    texts: list[str] = []
    roles: dict[str, str] = {}
    for one in given:
        role, equals, name = one.partition("=")
        if not equals:
            raise XunchaError(f'--column: "{one}" has no "=". Write it like merchant=店铺名称.')
        if role.strip() == "text":
            texts.append(name)
        else:
            roles[role.strip()] = name.strip()
    return texts, roles


def _engine(
    name: EngineName, model: str | None, point: str, address: str | None, actors: int | None,
    cpus: float | None, scorer: Any,
) -> Engine | None:  # fmt: skip
    if name is EngineName.LOCAL:
        if address or actors or cpus:
            raise XunchaError(
                "--address, --actors and --actor-cpus belong to --engine ray. Add that, or leave them out."
            )
        return None
    from xuncha.serve.engines.ray import Cluster, Loader, RayEngine

    return RayEngine(Loader(model, point, scorer.model_id), Cluster(address, actors, cpus))


def _tell(summary: Summary, target: str, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        from xuncha.serve.tables.json_values import shown_json

        print(shown_json(summary.to_json()), file=sys.stderr if target == "-" else sys.stdout)
    elif not quiet:
        print("\n".join(summary.lines()), file=sys.stderr)
