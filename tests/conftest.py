"""A whole model, trained by the `debug` recipe once per session: no network, a tiny random encoder."""

from __future__ import annotations

from pathlib import Path

import pytest


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
