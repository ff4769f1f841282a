"""`xuncha models …`: which models there are, what is in them, and whether they work on this machine."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from xuncha.labels.errors import escape_controls, user_errors

app = typer.Typer(
    name="models", help="List, show, diff and verify models.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip
Name = Annotated[str | None, typer.Argument(metavar="MODEL", help="A shipped model, or the path of a model folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """List the models that ship with the package.

    Example: xuncha models list
    """
    with user_errors():
        from xuncha.labels.tables import show_table
        from xuncha.models.bundle import DEFAULT, open_bundle, shipped_bundles

        bundles = [open_bundle(folder, check_hashes=False) for folder in shipped_bundles().values()]
        if as_json:
            print(
                json.dumps([{"name": b.name, "model": b.model_id, "folder": str(b.folder)} for b in bundles], indent=1)
            )
            return
        lines = [
            [
                bundle.name + (" (default)" if bundle.name == DEFAULT else ""),
                bundle.model_id,
                ", ".join(bundle.taxonomy.label_ids),
                bundle.precision,
                f"{sum(path.stat().st_size for path in bundle.folder.iterdir()) / 1e6:.1f} MB",
                bundle.created,
            ]
            for bundle in bundles
        ]
        show_table("Shipped models", ["name", "model", "labels", "precision", "size", "created"], lines)


@app.command()
def show(model: Name = None, as_json: Json = False) -> None:
    """Show what a model folder says about itself: labels, rows, recipe, code, environment, seeds, gate, figures.

    Example: xuncha models show nano
    """
    with user_errors():
        from xuncha.labels.tables import show_table
        from xuncha.models.bundle import open_bundle
        from xuncha.models.provenance import SECTIONS, facts, read_metrics, size_of, taxonomy_hash

        bundle = open_bundle(model)
        metrics = read_metrics(bundle)
        if as_json:
            print(
                json.dumps({**bundle.raw, "model": bundle.model_id, "metrics": metrics}, ensure_ascii=False, indent=1)
            )
            return
        known = facts(bundle)
        model_facts = {
            "model": bundle.model_id, "folder": str(bundle.folder), "created": bundle.created,
            "encoder": known["encoder"].get("name", ""), "precision": bundle.precision,
            "window": f"{bundle.window} tokens, stride {bundle.stride}", "size": f"{size_of(bundle) / 1e6:.1f} MB",
            "rows": _counts(bundle.raw["data"]), "taxonomy": taxonomy_hash(bundle.taxonomy),
            "seed": known["recipe"].get("seed", ""), "commit": known["code"].get("commit", ""),
            "gate": known["gate"].get("verdict", "no champion"),
        }  # fmt: skip
        show_table("Model", ["what", "value"], [[key, value] for key, value in model_facts.items()])
        for section in ("taxonomy", "rows", "recipe", "encoder", "code", "environment", "gate", "files"):
            if known[section]:
                print()
                title = f"{section}: {SECTIONS[section]}"
                show_table(title, [section, "value"], [[key, value] for key, value in known[section].items()])
        print()
        show_table("Thresholds and what to expect (dev rows)", _POINT_COLUMNS, _point_lines(metrics))
        print()
        show_table("Figures at the balanced point", _SPLIT_COLUMNS, _split_lines(metrics))


@app.command("diff")
def diff_models(
    first: Annotated[str, typer.Argument(metavar="A", help="A shipped model, or the path of a model folder.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The model to set beside it.")],
    as_json: Json = False,
) -> None:
    """Explain what two models differ in: labels, rows, recipe, encoder, code, environment, thresholds, figures.

    What they decide differently is told by `xuncha compare`.

    Example: xuncha models diff models/nano runs/nano/model
    """
    with user_errors():
        from dataclasses import asdict

        from xuncha.labels.tables import show_table
        from xuncha.models.bundle import open_bundle
        from xuncha.models.provenance import differences, explained

        bundles = open_bundle(first), open_bundle(second)
        found = differences(*bundles)
        names = [bundle.model_id for bundle in bundles]
        if as_json:
            values = {"first": names[0], "second": names[1], "differences": [asdict(one) for one in found]}
            print(json.dumps(values, ensure_ascii=False, indent=1))
            return
        print(f"{names[0]} → {names[1]}")
        for line in explained(found):
            print(f"  {escape_controls(line)}")
        if found:
            print()
            lines = [[one.section, one.what, one.first or "–", one.second or "–"] for one in found]
            show_table("Differences", ["section", "what", *names], lines)


@app.command()
def verify(model: Name = None, as_json: Json = False) -> None:
    """Check a model folder: every hash, and its frozen answers replayed on this machine, alone and in a batch.

    Example: xuncha models verify nano
    """
    with user_errors():
        from xuncha.models.bundle import open_bundle
        from xuncha.models.reference import replay

        bundle = open_bundle(model)
        found = replay(bundle)
        if as_json:
            values = {"model": bundle.model_id, "texts": found.texts, "difference": found.difference}
            print(json.dumps({**values, "batch_difference": found.batch_difference}))
            return
        print(
            f"{bundle.model_id} is whole: {len(bundle.files)} files match their hashes; {found.texts} frozen answers "
            f"replayed, largest difference {found.difference:.1e}; alone to batch {found.batch_difference:.1e}."
        )


_POINT_COLUMNS = ["point", "label", "threshold", "precision", "95 %", "recall", "95 %"]
_SPLIT_COLUMNS = ["split", "label", "rows", "true", "precision", "recall", "F1"]


def _counts(data: dict[str, Any]) -> str:
    return ", ".join(f"{split} {sum(origins.values()):,}" for split, origins in data.get("rows", {}).items())


def _point_lines(metrics: dict[str, Any]) -> list[list[str]]:
    return [
        [
            point, label, f"{values['threshold']:.3f}",
            f"{values['precision']:.3f}", "{:.3f} to {:.3f}".format(*values["precision_interval"]),
            f"{values['recall']:.3f}", "{:.3f} to {:.3f}".format(*values["recall_interval"]),
        ]
        for point, labels in metrics.get("operating_points", {}).items()
        for label, values in labels.items()
    ]  # fmt: skip


def _split_lines(metrics: dict[str, Any]) -> list[list[str]]:
    return [
        [
            split, label, str(values["rows"]), str(values["true"]),
            *(f"{values['balanced'][key]:.3f}" for key in ("precision", "recall", "f1")),
        ]
        for split, labels in metrics.get("splits", {}).items()
        for label, values in labels.items()
    ]  # fmt: skip
