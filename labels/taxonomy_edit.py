"""The taxonomy file after a migration: edited where it must change, comments and layout kept."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from importlib.util import find_spec
from io import StringIO
from typing import Any

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.migration import MergeLabels, MergeReasons, Migration, SplitLabel, SplitReason
from xuncha.labels.strict import load_yaml
from xuncha.labels.taxonomy import Taxonomy, not_there

Node = dict[str, Any]
_OWN = ("name_zh", "name_en")


def migrated(source: str, migration: Migration, where: str) -> str:
    """The text of a taxonomy file after the steps, with the new version.

    Raises `XunchaError` for a step that does not fit the taxonomy, for a new label or reason without names, and where
    the result would be no taxonomy.
    """
    if find_spec("ruamel") is None:
        raise XunchaError('Changing a taxonomy file needs ruamel.yaml: pip install "xuncha[train]".')
    from ruamel.yaml import YAML

    Taxonomy.from_json(load_yaml(where, source), where)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 16  # lines stay as long as they are
    yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(source)
    for step in migration.steps:
        match step:
            case MergeLabels(olds, new):
                _merge(data["labels"], olds, new, "label", migration.new, where)
            case MergeReasons(olds, new):
                _merge_reasons(data, olds, new, migration.new, where)
            case SplitLabel():
                _split_label(data["labels"], step, migration.new, where)
            case SplitReason():
                _split_reason(data, step, migration.new, where)
    data["version"] = type(data["version"])(migration.after)
    out = StringIO()
    yaml.dump(data, out)
    Taxonomy.from_json(load_yaml(where, out.getvalue()), f"{where} after the migration")
    return out.getvalue()


def _merge(nodes: list[Node], olds: tuple[str, ...], new: str, what: str, texts: Mapping[str, Any], where: str) -> None:
    """Put `olds` into one node in the place of the first, which keeps the texts of the node that keeps its id."""
    found = [_find(nodes, old, what, where) for old in olds]
    _refuse_taken(nodes, new, olds, what, where)
    kept = next((node for node in found if node["id"] == new), found[0])
    place = min(nodes.index(node) for node in found)
    for key in ("exemptions", "examples", "reasons"):
        for node in found:
            if node is not kept and key in node:
                kept[key].extend(one for one in node[key] if one not in kept[key])
    for node in found:
        nodes.remove(node)
    nodes.insert(place, kept)
    _rename(kept, new, texts)


def _merge_reasons(data: Node, olds: tuple[str, ...], new: str, texts: Mapping[str, Any], where: str) -> None:
    label = _label_of(data, olds[0], where)
    strange = next((old for old in olds if old not in [one["id"] for one in label["reasons"]]), None)
    if strange is not None:
        raise XunchaError(
            f"{where}: reason {quote(strange)} does not stand under label {quote(label['id'])}, as {quote(olds[0])} "
            "does. Only reasons of one label can be merged."
        )
    _refuse_taken([one for own in data["labels"] for one in own["reasons"]], new, olds, "reason", where)
    _merge(label["reasons"], olds, new, "reason", texts, where)
    for example in label["examples"]:
        if example["reason"] in olds:
            example["reason"] = new


def _split_label(nodes: list[Node], step: SplitLabel, texts: Mapping[str, Any], where: str) -> None:
    node = _find(nodes, step.old, "label", where)
    own = [one["id"] for one in node["reasons"]]
    named = [reason for reasons in step.parts.values() for reason in reasons]
    for reason in named:
        _find(node["reasons"], reason, f"label {quote(step.old)}, reason", where)
    missing = [reason for reason in own if reason not in named]
    if missing or len(named) != len(set(named)):
        said = f"{missing[0]} is in no part" if missing else "one stands in two parts"
        raise XunchaError(f"{where}: the split of {quote(step.old)} must put each reason in one part; {said}.")
    parts = []
    for part, reasons in step.parts.items():
        fresh = _part(node, part, "label", nodes, texts, where)
        for key, keep in (("reasons", "id"), ("examples", "reason")):
            drop = [one for one in fresh[key] if one[keep] not in (*reasons, None)]
            for one in drop:
                fresh[key].remove(one)
        parts.append(fresh)
    _replace(nodes, node, parts)


def _split_reason(data: Node, step: SplitReason, texts: Mapping[str, Any], where: str) -> None:
    label = _label_of(data, step.old, where)
    every = [one for own in data["labels"] for one in own["reasons"]]
    node = _find(label["reasons"], step.old, "reason", where)
    _replace(label["reasons"], node, [_part(node, part, "reason", every, texts, where) for part in step.parts])
    for example in label["examples"]:
        if example["reason"] == step.old:
            example["reason"] = SplitReason(step.old, step.parts)._part(example["text"])


def _part(node: Node, part: str, what: str, others: list[Node], texts: Mapping[str, Any], where: str) -> Node:
    _refuse_taken(others, part, (node["id"],), what, where)
    missing = [key for key in _OWN if key not in texts.get(part, {})]
    if part != node["id"] and missing:
        raise XunchaError(
            f"{where}: {what} {quote(part)} is new and has no {missing[0]}. Write it in the plan, under new: {part}."
        )
    fresh = deepcopy(node)
    _rename(fresh, part, texts)
    return fresh


def _rename(node: Node, new: str, texts: Mapping[str, Any]) -> None:
    node["id"] = new
    for key, value in texts.get(new, {}).items():
        node[key] = value


def _replace(nodes: list[Node], old: Node, fresh: list[Node]) -> None:
    place = nodes.index(old)
    nodes.remove(old)
    for number, node in enumerate(fresh):
        nodes.insert(place + number, node)


def _refuse_taken(nodes: list[Node], new: str, olds: tuple[str, ...], what: str, where: str) -> None:
    if new not in olds and new in [node["id"] for node in nodes]:
        raise XunchaError(f"{where}: {what} {quote(new)} is there already. Choose another id, or merge into it.")


def _find(nodes: list[Node], wanted: str, what: str, where: str) -> Node:
    for node in nodes:
        if node["id"] == wanted:
            return node
    raise XunchaError(not_there(f"{where}: {what} {quote(wanted)}", wanted, [node["id"] for node in nodes]))


def _label_of(data: Node, reason: str, where: str) -> Node:
    for label in data["labels"]:
        if reason in [one["id"] for one in label["reasons"]]:
            found: Node = label
            return found
    known = [one["id"] for label in data["labels"] for one in label["reasons"]]
    raise XunchaError(not_there(f"{where}: reason {quote(reason)}", reason, known))
