"""How good a model is, measured on labelled rows: figures with intervals, baselines beside them, a report."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xuncha.train.evaluation.evaluation import Evaluation, evaluate, evaluate_inference
    from xuncha.train.evaluation.report import write_report
    from xuncha.train.evaluation.terminal import show

__all__ = ["Evaluation", "evaluate", "evaluate_inference", "show", "write_report"]

_HOMES = {"show": "terminal", "write_report": "report"}


def __getattr__(name: str) -> object:
    """Import on first use: a command line that only shows its help must not wait for numpy and ONNX Runtime."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'evaluation')}"), name)
