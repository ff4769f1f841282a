"""The seam for engines that hand out Arrow batches: Spark's `mapInArrow`, Ray Data, Dask, a Flight server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from xuncha.labels.errors import XunchaError
from xuncha.serve.annotation import TextScorer, added_schema, score_batch

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads a scorer where it is called, so only names travel to workers.

    `model_id`: what the caller loaded; a worker that has another model under the name refuses to score.
    """

    model: str | None = None
    point: str = "balanced"
    model_id: str | None = None
    threads: int | None = 1

    def __call__(self) -> TextScorer:
        """A scorer. Raises `XunchaError` if the model is missing, broken, or another than `model_id`."""
        from xuncha.serve.scorer import Scorer

        scorer = Scorer.load(self.model, operating_point=self.point, threads=self.threads)
        if self.model_id is not None and scorer.model_id != self.model_id:
            raise XunchaError(
                f"A worker has the model {scorer.model_id}, and {self.model_id} is wanted. Install the same there."
            )
        return scorer


@lru_cache(maxsize=2)
def loaded(loader: Callable[[], TextScorer]) -> TextScorer:
    """The scorer that `loader` gives, loaded once a process."""
    return loader()


def score_batches(
    batches: Iterable[pa.RecordBatch],
    text_columns: Sequence[str],
    loader: Callable[[], TextScorer] | None = None,
    source_column: str | None = None,
) -> Iterator[pa.RecordBatch]:
    """Each batch with the columns of a scored table after its own; the model is loaded once a process.

    Made for `DataFrame.mapInArrow` of Spark; `scored_schema` gives the schema that it wants.
    """
    scorer = loaded(loader or Loader())
    for batch in batches:
        yield score_batch(batch, text_columns, scorer, source_column)


def scored_schema(schema: pa.Schema, text_columns: Sequence[str], labels: Sequence[str]) -> pa.Schema:
    """The schema of what `score_batches` gives for batches of `schema`."""
    import pyarrow as pa

    return pa.schema([*schema, *added_schema(labels, text_columns)], metadata=schema.metadata)
