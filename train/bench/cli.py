"""`xuncha bench`: an adapter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from xuncha.labels.errors import user_errors


def bench_command(
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Write bench.json, bench.svg and bench.md there."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME|PATH", help="A shipped model, or a model folder.")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="Measure with the texts of your own table.")
    ] = None,
    text_column: Annotated[
        list[str] | None, typer.Option("--text-column", metavar="NAME", help="Column of --file; may be repeated.")
    ] = None,
    texts: Annotated[int, typer.Option(help="Texts of the workload.", min=1)] = 8000,
    rounds: Annotated[int, typer.Option(help="Interleaved rounds.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="About so long scores each contestant in a round.", min=0.1)] = 6.0,
    repeats: Annotated[float, typer.Option(help="Share of repeats in the workload of repeats.", min=0, max=0.95)] = 0.3,
    seed: Annotated[int, typer.Option(help="Seed of the workload.", min=0)] = 1,
    growth: Annotated[bool, typer.Option("--growth", help="Also growth curves, up to a million rows (long).")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Everything at tiny size, --here: does it run at all?")
    ] = False,
    here: Annotated[bool, typer.Option("--here", help="Install nothing; peers that are installed here.")] = False,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="PEER", help="Leave a peer out; may be repeated.")
    ] = None,
    environments: Annotated[Path, typer.Option(metavar="DIR", help="Where the peers' own environments are.")] = Path(
        ".bench-venv"
    ),
    device: Annotated[
        Literal["cpu", "cuda"], typer.Option(help="cuda: also xuncha on a GPU (CUDA build of ONNX Runtime; untested).")
    ] = "cpu",
    rows: Annotated[str, typer.Option(help="Labelled rows that texts are drawn from.")] = "labels/data",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Measure scoring speed beside what you would pick instead, the same model in each, in one run.

    Peers: transformers, optimum, ONNX Runtime, OpenVINO, installed once into environments of their own (3 GB). Only
    ratios within one run mean anything; leave the machine alone meanwhile.

    Example: xuncha bench -o speed
    """
    with user_errors():
        from tempfile import TemporaryDirectory

        from xuncha.train.bench import report
        from xuncha.train.bench.agreement import require
        from xuncha.train.bench.processes import quiet_surroundings
        from xuncha.train.bench.run import bench
        from xuncha.train.bench.settings import Options, Sizes
        from xuncha.train.cli import require_training

        require_training()
        options = Options(
            model, file, tuple(text_column or ()), rows, environments, here, tuple(without or ()), seed, repeats, quick,
            growth, device == "cuda", Sizes(texts=texts, rounds=rounds, seconds=seconds),
        )  # fmt: skip
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="xuncha-bench-") as work, quiet_surroundings(Path(work)):
            found = bench(options, Path(work), _say)
        print(report.as_json(found) if as_json else report.markdown(found), end="")
        if output is not None:
            for path in report.write(found, output):
                _say(f"wrote {path}")
        require(found.agreement)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
