from __future__ import annotations

import numpy as np
import pytest

from xuncha.labels.rows import Row, Source, Span
from xuncha.labels.taxonomy import Taxonomy


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.load()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def violating() -> Row:
    text = "老银元加微信a13看图,全网最低价"
    return Row(
        id="t1",
        text=text,
        source=Source.LISTING,
        labels={"off_platform": True, "exaggerated": True},
        spans=(Span(3, 11, "off_platform", "contact"), Span(12, 17, "exaggerated", "absolute")),
    )
