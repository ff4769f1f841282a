from collections.abc import Callable
from pathlib import Path

import pytest

from xuncha.labels import Row, Source, Taxonomy

MakeRow = Callable[..., Row]


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.load()


@pytest.fixture(scope="session")
def data() -> Path:
    """The committed labelled rows."""
    return Path(__file__).parents[2] / "labels" / "data"


@pytest.fixture(scope="session")
def make_row() -> MakeRow:
    """A judged row without violations; keyword arguments change single fields."""

    def make(row_id: str, text: str, **changes: object) -> Row:
        labels = {"off_platform": False, "exaggerated": False}
        fields = {"id": row_id, "text": text, "source": Source.LISTING, "labels": labels, **changes}
        return Row(**fields)  # type: ignore[arg-type]

    return make
