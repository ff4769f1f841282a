"""Turns to and from plain values, for the state that a restart goes on from."""

from __future__ import annotations

from typing import Any

from xuncha.serve.live.turns import Source, Turn


def turn_to_json(turn: Turn) -> list[Any]:
    """The turn's fields in order."""
    return [
        turn.room, str(turn.source), turn.start, turn.end, turn.user, turn.role, turn.text, turn.where, turn.merchant
    ]  # fmt: skip


def turn_from_json(saved: list[Any]) -> Turn:
    """The turn that `turn_to_json` wrote."""
    room, source, *rest = saved
    return Turn(room, Source(source), *rest)
