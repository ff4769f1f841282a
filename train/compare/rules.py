"""When a new model may take the place of the one in use: the `[gate]` table of a recipe."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.models.bundle import OPERATING_POINTS

CASES = "tests/behaviour/cases.jsonl"
_SHARES = ("tolerance", "slice_tolerance", "new_label_f1")


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of a comparison. F1 and shares are 0–1; a loss is OLD minus NEW."""

    # The operating point at which both models are measured, each with its own thresholds.
    point: str = "balanced"
    # F1 that a shared label may have lost at worst (lower end of the 95 % interval) for the verdict "ship".
    # Retraining alone moves F1 by about a point either way; a smaller margin needs more rows than most people have.
    tolerance: float = 0.02
    # What one slice may lose for sure (upper end of its interval). Dozens of slices are looked at, so that some look
    # worse by chance: a slice forbids shipping only beyond this.
    slice_tolerance: float = 0.05
    # Slices with fewer true (or, where they have none, false) rows are shown and forbid nothing.
    slice_rows: int = 30
    # A label that OLD does not know must not be surely worse than this.
    new_label_f1: float = 0.5
    # Rows with short cases by capability; this default is left out where the file is not there.
    cases: str = CASES
    # Shares of OLD that NEW must reach (texts a second) and may reach (bytes); 0 = no rule.
    speed: float = 0.5
    size: float = 2.0

    @classmethod
    def of(cls, raw: object, where: str) -> Gate:
        """Check a `[gate]` table; raises `XunchaError` naming file and key."""
        if not isinstance(raw, dict):
            raise XunchaError(f"{where}: [gate] must be a table of rules, not {raw!r}.")
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in raw.items():
            if key not in known:
                raise XunchaError(
                    f'{where}: unknown key "gate.{key}".{did_you_mean(key, known)} docs/retraining.md lists all keys.'
                )
            kind = {"str": str, "int": int, "float": float}[str(known[key].type)]
            fits = type(value) is kind or (kind is float and type(value) is int)
            if not fits:
                name = type(value).__name__
                raise XunchaError(f'{where}: key "gate.{key}" must be {kind.__name__}, not {name} ({value!r}).')
            values[key] = kind(value)
        gate = cls(**values)
        for key in _SHARES:
            if not 0 <= getattr(gate, key) <= 1:
                raise XunchaError(f'{where}: key "gate.{key}" must lie between 0 and 1.')
        if gate.point not in OPERATING_POINTS:
            raise XunchaError(f'{where}: key "gate.point" must be one of {", ".join(OPERATING_POINTS)}.')
        return gate

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
