from __future__ import annotations

import pytest

from xuncha.models.bundle import Bundle, open_bundle
from xuncha.models.inference import Inference


@pytest.fixture(scope="session")
def nano() -> Bundle:
    return open_bundle("nano")


@pytest.fixture(scope="session")
def inference(nano: Bundle) -> Inference:
    return Inference(nano, threads=2)
