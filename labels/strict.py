"""Strict reading of what people write: unknown, missing, doubled and wrongly typed keys are errors."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING

from xuncha.labels.errors import XunchaError, did_you_mean, quote

if TYPE_CHECKING:
    import yaml

_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON_NAMES = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}

Fields = Mapping[str, object]


def fields(where: str, value: object, required: Collection[str], optional: Collection[str] = ()) -> Fields:
    """`value` as a mapping that has every required key and no key beyond the two collections.

    Raises `XunchaError` that begins with `where` and names the key.
    """
    if not isinstance(value, dict):
        raise XunchaError(f"{where}: must be an object with the keys {', '.join(required)}; got {kind(value)}.")
    allowed = [*required, *optional]
    for key in value:
        if key not in allowed:
            hint = did_you_mean(str(key), allowed) or f" Allowed: {', '.join(allowed)}."
            raise XunchaError(f"{where}: unknown field {quote(str(key))}.{hint}")
    for key in required:
        if key not in value:
            raise XunchaError(f'{where}: field "{key}" is missing. Add it.')
    return value


def text(where: str, given: Fields, key: str) -> str:
    """The string under `key`: not empty, and without lone surrogates, which no encoding can carry."""
    value = given[key]
    if not isinstance(value, str):
        raise XunchaError(f'{where}: field "{key}" must be a string; got {kind(value)}.')
    if not value.strip():
        raise XunchaError(f'{where}: field "{key}" is empty. Give it a value or take the row or key out.')
    surrogate = _SURROGATE.search(value)
    if surrogate:
        code = f"U+{ord(surrogate[0]):04X} at character {surrogate.start()}"
        raise XunchaError(f'{where}: field "{key}" holds a lone surrogate, {code}. Write the whole character.')
    return value


def optional_text(where: str, given: Fields, key: str) -> str | None:
    """The string under `key`, or None where the key is absent or null."""
    return None if given.get(key) is None else text(where, given, key)


def items(where: str, given: Fields, key: str) -> list[object]:
    """The list under `key`; absent counts as empty."""
    value = given.get(key, [])
    if not isinstance(value, list):
        raise XunchaError(f'{where}: field "{key}" must be a list; got {kind(value)}.')
    return value


def kind(value: object) -> str:
    """What `value` is in the words of JSON, for a message."""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return quote(value) if isinstance(value, str) else _JSON_NAMES.get(type(value), type(value).__name__)


def load_json(where: str, line: str) -> object:
    """One JSON value, without doubled keys or NaN. Raises `XunchaError` that begins with `where`."""
    try:
        return json.loads(line, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise XunchaError(
            f"{where}: not valid JSON: {error.msg.removesuffix(' at')} at column {error.colno}."
        ) from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise XunchaError(f"{where}: not valid JSON: {reason}.") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {quote(key)} stands twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def load_yaml(where: str, source: str) -> object:
    """One plain YAML document, without doubled keys. Raises `XunchaError` that begins with `where`."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
            _refuse_doubled(node)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(source, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise XunchaError(f"{where}{line}: not valid YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise XunchaError(f"{where}: not valid YAML: {quote(str(error), 80)}.") from None


def _refuse_doubled(node: yaml.MappingNode) -> None:
    import yaml

    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key {quote(str(key.value))} stands twice", problem_mark=key.start_mark
            )
        seen.add(key.value)
