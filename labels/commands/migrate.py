"""`xuncha labels migrate`: an adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xuncha.labels.commands.options import Force, Json, Paths, show_json
from xuncha.labels.errors import escape_controls, quote, user_errors

if TYPE_CHECKING:
    from xuncha.labels.replay import Change, Replayed
    from xuncha.labels.rows import Row

_SHOWN = 10


def migrate(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="YAML: from, to, steps (docs/labels.md).")],
    paths: Paths,
    taxonomy: Annotated[Path, typer.Option("--taxonomy", help="The taxonomy file that the plan changes.")],
    write: Annotated[bool, typer.Option("--write", help="Write the files; else only show what would change.")] = False,
    diff: Annotated[Path | None, typer.Option(help="JSONL: every changed row before and after.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Rename, merge or split labels and reasons, in the taxonomy and in rows, and show the difference.

    Nothing is written without --write, and nothing at all if a step or a row does not fit. The same plan brings rows
    that turn up later up to date.

    Example: xuncha labels migrate plan.yaml labels/data --taxonomy labels/taxonomy.yaml
    """
    with user_errors():
        from xuncha.labels.files import refuse_existing, write_lines
        from xuncha.labels.migration import read_migration
        from xuncha.labels.replay import replay
        from xuncha.labels.replay import write as write_files

        refuse_existing((diff,), force=force)
        found = replay(read_migration(plan), paths, taxonomy)
        if diff is not None:
            write_lines(diff, [(json.dumps(_change(one), ensure_ascii=False) + "\n").encode() for one in found.changes])
        written = write_files(found, taxonomy) if write else []
        if as_json:
            show_json(
                {
                    "taxonomy": found.taxonomy_diff(str(taxonomy)),
                    "notes": found.notes,
                    "rows": sum(map(len, found.files.values())),
                    "changed": len(found.changes),
                    "counts": found.counts(),
                    "to_judge": [row.id for row in found.to_judge],
                    "written": [str(file) for file in written],
                }
            )
            return
        _show(found, str(taxonomy), written)


def _show(found: Replayed, taxonomy: str, written: list[Path]) -> None:
    print(escape_lines(found.taxonomy_diff(taxonomy)) or f"{taxonomy}: migrated before")
    for note in found.notes:
        print(f"note: {escape_controls(note)}")
    for one in found.changes[:_SHOWN]:
        print(f"{one.file}: row {quote(one.after.id)}\n  - {_said(one.before)}\n  + {_said(one.after)}")
    if len(found.changes) > _SHOWN:
        print(f"… and {len(found.changes) - _SHOWN} more rows; --diff FILE writes all")
    for name, (before, after) in found.counts().items():
        print(f"{name}: {before} → {after}")
    if found.to_judge:
        ids = ", ".join(row.id for row in found.to_judge[:_SHOWN])
        print(f"{len(found.to_judge)} rows to judge anew (old judgement in meta.was): {escape_controls(ids)} …")
    print(f"{len(found.changes)} of {sum(map(len, found.files.values()))} rows change; {len(written)} files written")
    if not written:
        print("nothing written: add --write")


def _said(row: Row) -> str:
    labels = ", ".join(f"{label} {json.dumps(judged)}" for label, judged in row.labels.items())
    spans = ", ".join(f"{quote(row.text[one.start : one.end])} {one.label}/{one.reason}" for one in row.spans)
    return f"{labels}; {spans}" if spans else labels


def _change(one: Change) -> dict[str, Any]:
    from xuncha.labels.record import row_to_json

    return {"file": str(one.file), "before": row_to_json(one.before), "after": row_to_json(one.after)}


def escape_lines(text: str) -> str:
    """`text` with control characters made visible, line ends aside."""
    return "\n".join(escape_controls(line) for line in text.splitlines())
