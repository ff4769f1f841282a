"""`xuncha demo`: the sample tables that ship with xuncha, scored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xuncha.labels.errors import user_errors
from xuncha.serve.commands.options import ModelOption, PointOption
from xuncha.serve.commands.spot import Point

if TYPE_CHECKING:
    from xuncha.serve.scorer import Scorer

_SHOWN = 8
_FOLDER = Path("demo-output")


def demo(
    folder: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the scored tables.")
    ] = _FOLDER,
    model: ModelOption = None,
    point: PointOption = Point.BALANCED,
) -> None:
    """Score a category of coin and jade listings and a live-room record, and show some verdicts.

    Example: xuncha demo -o demo-output
    """
    with user_errors():
        from xuncha.serve.batch import Options
        from xuncha.serve.scorer import Scorer

        scorer = Scorer.load(model, operating_point=point)
        folder.mkdir(parents=True, exist_ok=True)
        listings = _score(scorer, "listings.csv", folder, Options(text_columns=("title", "description"), force=True))
        room = _score(
            scorer, "live_room.jsonl", folder, Options(text_columns=("text",), source_column="source", force=True)
        )
        _show_some(scorer, [*_flagged(listings, ("title", "description")), *_flagged(room, ("text",))])
        print(f"\nScored tables: {listings}\n               {room}")


def _score(scorer: Scorer, name: str, folder: Path, options: Any) -> Path:
    from xuncha.serve.batch import score_file
    from xuncha.serve.commands.progress import progress_for

    target = folder / f"scored_{name}"
    with as_file(files("xuncha.serve") / "demo" / name) as source, progress_for(quiet=False) as progress:
        summary = score_file(scorer, source, target, options, progress)
    print("\n".join(summary.lines()[1:]).replace("read: ", f"\n{name}: {summary.tally.rows} rows · ", 1), flush=True)
    return target


def _flagged(scored: Path, fields: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Text and reasons of each field with evidence in a scored table."""
    for row in _rows(scored):
        pieces = row["evidence"]
        for field in fields:
            reasons = [piece["reason"] for piece in pieces if piece.get("field", field) == field]
            if reasons:
                yield row[field], reasons


def _rows(scored: Path) -> Iterator[dict[str, Any]]:
    from xuncha.serve.tables import open_table

    with open_table(str(scored)) as table:
        for rows in table.chunks(8192):
            for inner in rows.members(frozenset()):
                row = json.loads(f"{{{inner}}}")
                evidence = row["evidence"]
                yield {**row, "evidence": json.loads(evidence) if isinstance(evidence, str) else evidence}


def _show_some(scorer: Scorer, found: Iterable[tuple[str, list[str]]]) -> None:
    """Show a few texts that between them have as many reasons as there are, short ones first."""
    from xuncha.serve.terminal import View, show, verdict_lines

    chosen: list[str] = []
    seen: set[str] = set()
    by_length = sorted(found, key=lambda one: len(one[0]))
    for text, reasons in by_length:
        if not seen.issuperset(reasons):
            seen.update(reasons)
            chosen.append(text)
    chosen += [text for text, _ in by_length if text not in chosen][: max(0, _SHOWN - len(chosen))]
    view = View(scorer.bundle.taxonomy, scorer.thresholds)
    for text, verdict in zip(chosen[:_SHOWN], scorer.score(chosen[:_SHOWN]), strict=True):
        print()
        show(verdict_lines(text, verdict, view))
    sys.stdout.flush()
