from __future__ import annotations

import subprocess
import sys

import pytest

import xuncha.serve
from xuncha.serve import tables


def test_serve_exports_ten_names_at_most() -> None:
    assert xuncha.serve.__all__ == ["Evidence", "Ruled", "RuledReason", "Scored", "Scorer", "Verdict"]
    assert all(getattr(xuncha.serve, name) for name in xuncha.serve.__all__)
    assert len(tables.__all__) == 10
    assert all(getattr(tables, name) for name in tables.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Scorrer'"):
        xuncha.serve.Scorrer  # noqa: B018


def test_importing_serve_does_not_load_onnxruntime() -> None:
    script = "import sys, xuncha.serve; assert not {'onnxruntime', 'numpy', 'pyarrow'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
