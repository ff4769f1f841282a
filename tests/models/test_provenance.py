"""What a model folder says about where it comes from, and what two differ in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from xuncha.models.bundle import Bundle, file_hash, open_bundle
from xuncha.models.cli import app
from xuncha.models.provenance import SECTIONS, differences, explained, facts


@pytest.fixture
def other(nano: Bundle, tmp_path: Path) -> Bundle:
    """The released model, as if trained by another seed, on one more file, and forced over a champion."""
    folder = tmp_path / "other"
    shutil.copytree(nano.folder, folder)
    raw: dict[str, Any] = json.loads((folder / "bundle.json").read_text("utf-8"))
    raw["recipe"]["seed"] = 7
    raw["data"]["extra_files"] = {"decisions.jsonl": "ab" * 32}
    raw["environment"]["torch"] = "9.9.9"
    raw["taxonomy"]["labels"][0]["name_en"] = "Off the platform"
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    metrics["gate"] = {"champion": "nano@00000000", "rows": 12, "verdict": "hold", "reasons": ["worse"], "forced": True}
    (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    raw["files"]["metrics.json"] = file_hash(folder / "metrics.json")
    (folder / "bundle.json").write_text(json.dumps(raw, ensure_ascii=False), "utf-8")
    return open_bundle(folder)


def test_facts_name_rows_taxonomy_recipe_code_environment_and_seed(nano: Bundle) -> None:
    known = facts(nano)
    assert set(known) == set(SECTIONS)
    assert known["rows"]["L1.jsonl"] == nano.raw["data"]["files"]["L1.jsonl"][:12]
    assert known["recipe"]["seed"] == str(nano.raw["recipe"]["seed"])
    assert known["code"]["commit"] and known["environment"]["torch"]
    assert "站外引流" in known["taxonomy"]["off_platform"]


def test_a_model_differs_in_nothing_from_itself(nano: Bundle) -> None:
    assert differences(nano, nano) == []
    assert explained([]) == [f"{section}: the same" for section in SECTIONS]


def test_differences_are_found_and_explained_by_section(nano: Bundle, other: Bundle) -> None:
    told = dict(line.split(": ", 1) for line in explained(differences(nano, other)))
    assert told["taxonomy"] == "changed off_platform"
    assert told["rows"] == "added decisions.jsonl (extra)"
    assert told["recipe"] == "changed seed"
    assert told["environment"] == "changed torch"
    assert told["gate"] == "added champion, verdict, reasons, rows compared"
    assert told["files"] == "changed metrics.json"
    assert {told[section] for section in ("encoder", "code", "thresholds", "figures")} == {"the same"}


def test_show_prints_the_fingerprint_of_every_file_of_rows_and_that_force_was_used(other: Bundle) -> None:
    printed = CliRunner().invoke(app, ["show", str(other.folder)]).stdout
    for name, digest in other.raw["data"]["files"].items():
        assert f"{name}\t{digest[:12]}" in printed
    assert "gate\thold, shipped by --force" in printed


def test_diff_prints_both_sides_and_json(nano: Bundle, other: Bundle) -> None:
    printed = CliRunner().invoke(app, ["diff", str(nano.folder), str(other.folder)]).stdout
    assert printed.startswith(f"{nano.model_id} → {other.model_id}\n  taxonomy: changed off_platform\n")
    assert f"recipe\tseed\t{nano.raw['recipe']['seed']}\t7" in printed
    data = json.loads(CliRunner().invoke(app, ["diff", str(nano.folder), str(other.folder), "--json"]).stdout)
    assert {"section": "recipe", "what": "seed", "first": str(nano.raw["recipe"]["seed"]), "second": "7"} in data[
        "differences"
    ]


def test_a_model_that_is_not_there_is_one_sentence(nano: Bundle, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["diff", "nano", str(tmp_path)])
    assert done.exit_code == 2
    assert done.stderr == (f"{tmp_path}: there is no bundle.json in this folder, so it is not a model folder.\n")
