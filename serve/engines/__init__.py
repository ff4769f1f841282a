"""Where rows are scored: in this process, on a Ray cluster, or wherever Arrow batches are handed out."""

from xuncha.serve.engines.task import Engine, Task, Unreadable

__all__ = ["Engine", "Task", "Unreadable"]
