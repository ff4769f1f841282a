"""What a model folder says about where it comes from, as flat facts, and what two folders differ in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import MANIFEST, Bundle, canonical

SECTIONS = {
    "taxonomy": "labels, reasons, their definitions and rules",
    "rows": "files of labelled rows (sha256), rows by split",
    "recipe": "what the training was told",
    "encoder": "the base it started from",
    "code": "the program that trained it",
    "environment": "packages and machine",
    "thresholds": "operating points and calibration",
    "figures": "F1 at the balanced point",
    "gate": "the champion it was compared with",
    "files": "the folder itself (sha256)",
}
# Characters of a sha256 that a table shows.
DIGITS = 12
Facts = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that two models do not share; "" where one of them has no such fact."""

    section: str
    what: str
    first: str
    second: str


def facts(bundle: Bundle) -> Facts:
    """Every fact by section and name, as text. Hashes are cut to 12 digits."""
    raw, metrics = bundle.raw, read_metrics(bundle)
    environment = dict(raw["environment"])
    code = {key: str(environment.pop(key)) for key in ("code", "commit", "xuncha") if key in environment}
    return {
        "taxonomy": dict(_taxonomy(bundle.taxonomy)),
        "rows": dict(_rows(raw["data"])),
        "recipe": dict(flat(raw["recipe"])),
        "encoder": dict(flat(raw["encoder"])),
        "code": {key: value[:DIGITS] if key == "code" else value for key, value in code.items()},
        "environment": dict(flat(environment)),
        "thresholds": {
            **_thresholds(bundle),
            **{f"evidence.{k}": _number(v) for k, v in bundle.evidence_thresholds.items()},
        },
        "figures": dict(_figures(metrics)),
        "gate": dict(_gate(metrics)),
        "files": {"created": bundle.created, **{name: digest[:DIGITS] for name, digest in bundle.files.items()}},
    }


def differences(first: Bundle, second: Bundle) -> list[Difference]:
    """What two models differ in, section by section."""
    ours, theirs = facts(first), facts(second)
    found = []
    for section in SECTIONS:
        names = dict.fromkeys((*ours[section], *theirs[section]))
        pairs = ((name, ours[section].get(name, ""), theirs[section].get(name, "")) for name in names)
        found += [Difference(section, name, one, other) for name, one, other in pairs if one != other]
    return found


def explained(found: list[Difference]) -> list[str]:
    """One line a section: the same, or what is other in it."""
    return [f"{section}: {_told([one for one in found if one.section == section])}" for section in SECTIONS]


def read_metrics(bundle: Bundle) -> dict[str, Any]:
    """metrics.json of a model folder."""
    found: dict[str, Any] = json.loads(bundle.path("metrics.json").read_text(encoding="utf-8"))
    return found


def taxonomy_hash(taxonomy: Taxonomy) -> str:
    """12 hexadecimal digits that change with any label, reason, definition or rule."""
    return hashlib.sha256(canonical(taxonomy.to_json()).encode()).hexdigest()[:DIGITS]


def flat(values: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, str]]:
    """Nested values as dotted names and text."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{under}{key}.")
        else:
            yield f"{under}{key}", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def size_of(bundle: Bundle) -> int:
    """Bytes of the files of a model folder."""
    return sum(bundle.path(name).stat().st_size for name in (*bundle.files, MANIFEST))


def _told(changes: list[Difference]) -> str:
    if not changes:
        return "the same"
    added = [one.what for one in changes if not one.first]
    gone = [one.what for one in changes if not one.second]
    changed = [one.what for one in changes if one.first and one.second]
    groups = (("added", added), ("gone", gone), ("changed", changed))
    return "; ".join(f"{name} {_listed(names)}" for name, names in groups if names)


def _listed(names: list[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _taxonomy(taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    yield "version", taxonomy.version
    yield "order", ", ".join(taxonomy.label_ids)
    for label in taxonomy.labels:
        yield label.id, f"{label.name_zh} · {label.name_en}"
        yield f"{label.id} definition", label.definition_zh
        yield f"{label.id} exemptions", "；".join(label.exemptions)
        for reason in label.reasons:
            yield f"{label.id}.{reason.id}", f"{reason.name_zh} · {reason.name_en}: {reason.definition_zh}"
            yield f"{label.id}.{reason.id} rule", f"{reason.rule.citation}: {reason.rule.summary_zh}"


def _rows(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, mark in (("files", ""), ("extra_files", " (extra)")):
        for name, digest in data.get(key, {}).items():
            yield f"{name}{mark}", digest[:DIGITS]
    for split, origins in data.get("rows", {}).items():
        yield f"{split} rows", f"{sum(origins.values()):,}"
    if "teacher" in data:
        yield "teacher", data["teacher"]


def _thresholds(bundle: Bundle) -> dict[str, str]:
    points = {f"{point}.{label}": value for point, found in bundle.thresholds.items() for label, value in found.items()}
    for label, one in bundle.calibration.items():
        points |= {f"slope.{label}": one.slope, f"intercept.{label}": one.intercept}
    return {name: _number(value) for name, value in points.items()}


def _figures(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for split, labels in metrics.get("splits", {}).items():
        for label, values in labels.items():
            yield f"{split} {label}", _number(values["balanced"]["f1"])


def _gate(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    gate = metrics.get("gate")
    if gate:
        yield "champion", gate["champion"]
        yield "verdict", gate["verdict"] + (", shipped by --force" if gate["forced"] else "")
        yield "reasons", "; ".join(gate["reasons"])
        yield "rows compared", f"{gate['rows']:,}"


def _number(value: float) -> str:
    return f"{value:.4f}"
