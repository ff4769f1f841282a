"""Two models side by side on the same rows: what changed, what flipped, and whether the new one may ship."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xuncha.train.compare.comparison import Comparison, compare
    from xuncha.train.compare.report import write_report
    from xuncha.train.compare.rules import Gate
    from xuncha.train.compare.verdict import Outcome, Verdict

__all__ = ["Comparison", "Gate", "Outcome", "Verdict", "compare", "write_report"]

_HOMES = {"Gate": "rules", "Outcome": "verdict", "Verdict": "verdict", "write_report": "report"}


def __getattr__(name: str) -> object:
    """Import on first use: a recipe that names rules must not wait for ONNX Runtime."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'comparison')}"), name)
