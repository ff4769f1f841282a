"""Scoring on a Ray cluster through Ray Data: one model an actor, rows in order, lost actors made up for.

The driver reads the input, as the local engine does, keeps each chunk's rows at hand and gets only the added columns
back; so every format, the journal and the output's bytes are those of the local engine. One task, next to the driver,
reads the texts a second time and streams them to the actors; nothing but texts and verdicts crosses the network.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from xuncha.labels.errors import XunchaError
from xuncha.serve.annotation import TextScorer, score_columns
from xuncha.serve.engines.arrow import Loader
from xuncha.serve.engines.task import Task
from xuncha.serve.tables.added import Added, Shape
from xuncha.serve.tables.parquet import values_of
from xuncha.serve.tables.rows import Rows

__all__ = ["Cluster", "Loader", "RayEngine"]

_ROW, _PROBLEM, _SOURCE = "row", "problem", "source"
_NO_TEXT = b"\xff"  # never valid UTF-8: stands for a value that is no text, which the scorer rules on
_READER_CPUS = 0.25
_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Ray runs. None: on this machine, as many actors as fit, 1 CPU each or a quarter of a small machine's."""

    address: str | None = None
    actors: int | None = None
    actor_cpus: float | None = None

    def sized(self, cpus: float) -> tuple[int, float]:
        """Actors, and CPUs of each, on a cluster of so many CPUs. Some are left for reading.

        >>> Cluster().sized(2.0), Cluster().sized(16.0)
        ((2, 0.5), (15, 1.0))
        """
        share = self.actor_cpus or min(1.0, cpus / 4)
        fitting = int((cpus - 2 * _READER_CPUS) / share + 1e-9)
        return self.actors or max(1, min(fitting, int(cpus))), share


@dataclass(frozen=True, slots=True)
class RayEngine:
    """Scores on the cluster. `loader` is called once an actor."""

    loader: Callable[[], TextScorer]
    cluster: Cluster

    def annotated(self, task: Task) -> Iterator[tuple[Rows, Added]]:
        """The chunks in order, each with its added columns. Raises `XunchaError` for what Ray cannot make up for."""
        with _connected(self.cluster) as cpus:
            results = _Results(_added_batches(task, self.loader, *self.cluster.sized(cpus)), task.skip)
            for rows in task.chunks():
                yield rows, results.take(len(rows))


@contextmanager
def _connected(cluster: Cluster) -> Iterator[float]:
    """Be connected to the cluster, of so many CPUs."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        from ray.exceptions import RayError
    except ImportError:
        raise XunchaError("--engine ray needs Ray: pip install 'xuncha[ray]'.") from None
    ours = not ray.is_initialized()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        if ours:
            try:
                ray.init(
                    address=cluster.address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
                )
            except Exception as error:  # Ray also raises plain ones
                raise XunchaError(f"Ray cannot be started or reached: {_line(error)}. See ray status.") from None
            if callable(handler):
                signal.signal(signal.SIGTERM, handler)  # Ray puts its own in place
        resources: dict[str, float] = ray.cluster_resources()
        yield float(resources.get("CPU", 1.0))
    except RayError as error:
        raise _failure(error) from error
    finally:
        if ours and ray.is_initialized():
            ray.shutdown()


def _failure(error: Exception) -> XunchaError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, XunchaError):
            return XunchaError(str(cause))
        cause = getattr(cause, "cause", None) or cause.__cause__
    _, ours, message = _line(error).rpartition("XunchaError: ")  # an actor that could not start is told as text
    if ours:
        return XunchaError(f"{message}.")
    return XunchaError(f"Ray gave up: {_line(error)}. Finished rows are kept; go on with --resume.")


def _line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1].strip().rstrip(".")[:300]


def _added_batches(task: Task, loader: Callable[[], TextScorer], actors: int, cpus: float) -> Iterator[pa.RecordBatch]:
    """Batches of row numbers and added columns, in the order of the rows."""
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.target_max_block_size = _BLOCK_BYTES  # a chunk a block, so that all actors have work
    texts = ray.data.read_datasource(_source(task), num_cpus=_READER_CPUS, override_num_blocks=1)
    scored = texts.map_batches(
        _Actor,
        fn_constructor_kwargs={"loader": loader, "names": task.columns.text},
        batch_size=None,
        batch_format="pyarrow",
        zero_copy_batch=True,
        num_cpus=cpus,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors, initial_size=actors),
    )
    for table in scored.iter_batches(batch_size=None, batch_format="pyarrow"):
        yield from table.to_batches()


def _source(task: Task) -> Any:
    """The texts of a task as a Ray Data source: one stream, read beside the driver, which has the file."""
    from ray.data import Datasource, ReadTask
    from ray.data.block import BlockMetadata

    class Texts(Datasource):  # type: ignore[misc]
        supports_distributed_reads = False

        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, *_: object, **__: object) -> list[ReadTask]:
            return [ReadTask(lambda: _text_tables(task), BlockMetadata(None, None, None))]

    return Texts()


def _text_tables(task: Task) -> Iterator[pa.Table]:
    """What the actors need of each chunk: row number, problem, source, and the text columns by place."""
    row = task.skip
    for rows in task.chunks():
        origin = task.columns.source
        columns: dict[str, pa.Array] = {
            _ROW: pa.array(range(row, row + len(rows)), pa.int64()),
            _PROBLEM: pa.array(rows.problems, pa.string()),
            _SOURCE: _packed(rows.values(origin) if origin else [None] * len(rows)),
        }
        for place, name in enumerate(task.columns.text):
            columns[str(place)] = _packed(rows.values(name))
        row += len(rows)
        yield pa.table(columns)


def _packed(values: Iterable[object]) -> pa.Array:
    return pa.array([_bytes(value) for value in values], pa.large_binary())


def _bytes(value: object) -> bytes | None:
    if value is None:
        return None
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else _NO_TEXT


class _Actor:
    """Holds one model and scores tables of texts with it."""

    def __init__(self, loader: Callable[[], TextScorer], names: tuple[str, ...]) -> None:
        self._scorer, self._names = loader(), names

    def __call__(self, table: pa.Table) -> pa.Table:
        scored = [self._added(batch) for batch in table.combine_chunks().to_batches()]
        return pa.Table.from_batches(scored) if scored else table.select([_ROW])

    def _added(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        added = score_columns(
            {name: values_of(batch.column(str(place))) for place, name in enumerate(self._names)},
            self._scorer,
            sources=values_of(batch.column(_SOURCE)),
            problems=batch.column(_PROBLEM).to_pylist(),
        )
        arrays = [batch.column(_ROW), added.batch()]
        columns = [arrays[0], *arrays[1].columns]
        return pa.RecordBatch.from_arrays(columns, names=[_ROW, *arrays[1].schema.names])


class _Results:
    """Rows that came back, handed out as they are asked for; none may be missing, doubled or out of order."""

    def __init__(self, batches: Iterator[pa.RecordBatch], first: int) -> None:
        self._batches, self._next = batches, first
        self._rows: list[list[object]] = []

    def take(self, count: int) -> Added:
        while len(self._rows) < count:
            batch = next(self._batches, None)
            if batch is None:
                raise XunchaError("Ray gave back fewer rows than it was given. Run again with --resume.")
            expected = self._next + len(self._rows)
            if batch.column(_ROW).to_pylist() != list(range(expected, expected + batch.num_rows)):
                raise XunchaError("Ray gave back rows out of order. Run again with --resume.")
            columns = [batch.column(name).to_pylist() for name in batch.schema.names if name != _ROW]
            self._rows += map(list, zip(*columns, strict=True))
            self._shape = _shape_of(batch)
        taken, self._rows = self._rows[:count], self._rows[count:]
        self._next += count
        return Added(self._shape, taken)


def _shape_of(batch: pa.RecordBatch) -> Shape:
    labels = tuple(name.removeprefix("score_") for name in batch.schema.names if name.startswith("score_"))
    pieces = batch.schema.field("evidence").type.value_type
    return Shape(labels, any(field.name == "field" for field in pieces))
