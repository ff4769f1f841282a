"""Rows whose figures can be counted by hand, and the model of single characters of tests/train/conftest.py."""

from collections.abc import Callable

import pytest

from xuncha.labels.rows import Row, Source
from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference

MakeRow = Callable[..., Row]


@pytest.fixture(scope="session")
def bundle(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def inference(bundle: Bundle) -> Inference:
    return Inference(bundle, threads=1)


@pytest.fixture(scope="session")
def rows(make_row: MakeRow) -> list[Row]:
    """Rows whose figures can be counted by hand; the last is not judged for off_platform."""
    off = ["off_platform"]
    return [
        make_row("1", "加微", off, [("加微", "off_platform", "contact")], kind="obfuscated", origin="A"),
        make_row("2", "好货加微", off, [("加微", "off_platform", "contact")], group="p", origin="A"),
        make_row("3", "好货加购", group="p", kind="hard_negative", origin="A"),
        make_row("4", "来店", off, [("来店", "off_platform", "private_deal")], kind="plain", origin="B"),
        make_row("5", "微波炉", kind="hard_negative", origin="B"),
        make_row("6", "进群", off, [("群", "off_platform", "redirect")], source=Source.COMMENT),
        make_row("7", "最好的", ["exaggerated"], [("最好的", "exaggerated", "absolute")], source=Source.SPEECH),
        make_row("8", "微", unjudged=off),
    ]
