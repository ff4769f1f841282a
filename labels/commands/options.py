"""Arguments that several commands share, and JSON on stdout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, TextIO

import typer

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH", help="Files (JSONL, CSV, TSV, XLSX, Parquet), folders of JSONL, or - for stdin."),
]
TaxonomyFile = Annotated[Path | None, typer.Option("--taxonomy", help="A taxonomy file other than the packaged one.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def show_json(value: object, out: TextIO | None = None) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2), file=out)
