"""`xuncha labels dedup`: an adapter."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xuncha.labels.commands.options import Force, Json, Paths, TaxonomyFile, show_json
from xuncha.labels.errors import quote, user_errors
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from xuncha.labels.dedup import Duplicate


def dedup(
    paths: Paths,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where kept rows go; - for stdout.")] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="JSONL: each dropped row beside the one that it is like.")
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="Rows that are there already: compared with, neither dropped nor written.")
    ] = None,
    exact_only: Annotated[bool, typer.Option("--exact-only", help="Leave near-duplicates alone.")] = False,
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Find rows that repeat others, exactly or nearly, and show what is like what.

    Only rows whose labels agree are dropped; the others are listed as conflicts and kept. Contrast pairs and rows of
    one group are left alone. Without -o nothing is written.

    Of rows that are alike the first is kept, in the order of the files.

    Example: xuncha labels dedup new.jsonl --against labels/data -o deduped.jsonl --evidence matches.jsonl
    """
    with user_errors():
        from xuncha.labels.dedup import dedup as find
        from xuncha.labels.files import refuse_existing
        from xuncha.labels.interchange import write_any
        from xuncha.labels.io import STDIO, read_files, write_lines

        refuse_existing((output, evidence), force=force)
        known = Taxonomy.load(taxonomy)
        older = [row for rows in read_files(against or [], known).values() for row in rows]
        rows = [row for rows in read_files(paths, known).values() for row in rows]
        found = find(older, rows, near=not exact_only)
        every = [*found.dropped, *found.conflicts]
        if evidence is not None:
            write_lines(evidence, [(json.dumps(_shown(one), ensure_ascii=False) + "\n").encode() for one in every])
        if output is not None:
            write_any(output, found.kept, known.label_ids)
        out = sys.stderr if output == STDIO else sys.stdout
        if as_json:
            show_json(
                {
                    "kept": len(found.kept),
                    "dropped": [_shown(one) for one in found.dropped],
                    "conflicts": [_shown(one) for one in found.conflicts],
                },
                out,
            )
            return
        for one in every:
            print(_line(one), file=out)
        kinds = Counter(one.likeness for one in found.dropped)
        counted = ", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds)) or "none"
        print(f"{len(found.kept)} rows kept; dropped: {counted}; conflicts: {len(found.conflicts)}", file=out)
        if output is None:
            print("nothing written: add -o", file=out)


def _line(one: Duplicate) -> str:
    said = f"kept, {one.conflict}:" if one.conflict else "dropped:"
    like = f"{one.row.id} is like {one.like.id} ({one.likeness}, similarity {one.similarity:.2f})"
    return f"{said} {like}: {quote(one.row.text)} / {quote(one.like.text)}"


def _shown(one: Duplicate) -> dict[str, Any]:
    return {
        "id": one.row.id,
        "like": one.like.id,
        "likeness": one.likeness,
        "similarity": one.similarity,
        "conflict": one.conflict,
        "text": one.row.text,
        "like_text": one.like.text,
        "labels": dict(one.row.labels),
        "like_labels": dict(one.like.labels),
    }
