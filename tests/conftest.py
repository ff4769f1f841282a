"""A whole model, trained by the `debug` recipe once per session: no network, a tiny random encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; skips with a reason where there is none, fails in CI."""
    from tests.browser import chromium

    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def debug_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of a finished `debug` training; the model folder is `model` in it."""
    from dataclasses import replace

    from xuncha.labels.taxonomy import Taxonomy
    from xuncha.train import pipeline
    from xuncha.train import recipe as recipes

    work = tmp_path_factory.mktemp("debug")
    recipe = replace(recipes.find("debug"), rows=str(Path(__file__).parents[1] / "labels" / "data"))
    pipeline.train(pipeline.Run(recipe, Taxonomy.load(), work, work / "model", say=lambda _: None))
    return work
