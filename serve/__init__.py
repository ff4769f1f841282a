"""Scores become decisions that people use: verdicts with evidence and rule, a command line, a batch scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xuncha.serve.verdict import Evidence, Ruled, RuledReason, Scored, Verdict

if TYPE_CHECKING:
    from xuncha.serve.scorer import Scorer

__all__ = ["Evidence", "Ruled", "RuledReason", "Scored", "Scorer", "Verdict"]


def __getattr__(name: str) -> object:
    """Load the scorer, and with it onnxruntime, only when it is asked for."""
    if name == "Scorer":
        from xuncha.serve.scorer import Scorer

        return Scorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
