"""`xuncha labels agree`: an adapter."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xuncha.labels.commands.options import Force, Json, Paths, TaxonomyFile, show_json
from xuncha.labels.errors import quote, user_errors
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from xuncha.labels.agreement import Agreement, Disagreement

_COLUMNS = ("label", "annotators", "texts", "agreed", "kappa")


def agree(
    paths: Paths,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Rows that disagree, in any format, to be settled.")
    ] = None,
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Measure how far annotators agree, per label, and list every text on which they differ.

    Annotators are told apart by the rows' `annotator`; where that is the same everywhere, by file. Texts are matched by
    their words, not by id. Cohen's kappa for each pair, Krippendorff's alpha over all.

    Example: xuncha labels agree anna.jsonl bo.jsonl
    """
    with user_errors():
        from xuncha.labels.agreement import agreement, by_annotator
        from xuncha.labels.files import refuse_existing
        from xuncha.labels.io import read_files
        from xuncha.labels.tables import show_table

        refuse_existing((output,), force=force)
        known = Taxonomy.load(taxonomy)
        files = {file: rows for path in paths for file, rows in read_files([path], known).items()}
        found = agreement(by_annotator(files), known.label_ids)
        if output is not None:
            _write(found, output, known)
        if as_json:
            labels = [asdict(one) for one in found.labels]
            listed = [_shown(one) for one in found.disagreements]
            show_json({"annotators": found.annotators, "labels": labels, "disagreements": listed})
            return
        show_table(f"Agreement of {len(found.annotators)} annotators", _COLUMNS, _lines(found))
        for one in found.disagreements:
            said = ", ".join(f"{name} {'true' if judged else 'false'}" for name, judged in one.judged.items())
            print(f"{one.label}: {said}: {quote(one.text, 80)}")
        print(f"{len(found.disagreements)} disagreements")


def _lines(found: Agreement) -> list[list[str]]:
    lines = []
    for label in found.labels:
        for pair in label.pairs:
            names = f"{pair.first} / {pair.second}"
            lines.append([label.label, names, str(pair.texts), _number(pair.agreed), _number(pair.kappa)])
        lines.append([label.label, "all (alpha)", str(label.texts), "", _number(label.alpha)])
    return lines


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _shown(one: Disagreement) -> dict[str, Any]:
    rows = {name: row.id for name, row in one.rows.items()}
    return {"label": one.label, "text": one.text, "judged": dict(one.judged), "rows": rows}


def _write(found: Agreement, output: Path, taxonomy: Taxonomy) -> None:
    """Every row that disagrees once, with its annotator after its id, since annotators may use the same ids."""
    from dataclasses import replace

    from xuncha.labels.interchange import write_any

    rows = {}
    for one in found.disagreements:
        for name, row in one.rows.items():
            rows[f"{row.id}@{name}"] = replace(row, id=f"{row.id}@{name}", annotator=row.annotator or name)
    write_any(output, list(rows.values()), taxonomy.label_ids)
