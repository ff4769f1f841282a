import doctest
import importlib
import pkgutil

import pytest

import xuncha.labels

MODULES = [module.name for module in pkgutil.iter_modules(xuncha.labels.__path__)]


def test_the_package_exports_ten_names_that_exist() -> None:
    assert len(xuncha.labels.__all__) == 10
    assert all(hasattr(xuncha.labels, name) for name in xuncha.labels.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"xuncha.labels.{name}")).failed == 0
