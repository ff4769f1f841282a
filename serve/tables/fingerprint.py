"""What tells one run's input from another's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from xuncha.serve.tables.inputs import Inputs
from xuncha.serve.tables.storage import Source


def fingerprint(inputs: Inputs, sources: Sequence[Source]) -> str:
    """A hash of the bytes of all files and, where there are several, of their places below the folder."""
    digest = hashlib.sha256()
    places = {file.path: file.relative for file in inputs.files}
    for source in sources:
        digest.update(
            f"{places.get(source.name, '') if inputs.several else ''}\0{source.sha256()}\n".encode(
                "utf-8", "surrogateescape"
            )
        )
    return digest.hexdigest()


def version() -> str:
    """The version of xuncha that is installed."""
    try:
        return installed("xuncha")
    except PackageNotFoundError:
        return "not installed"
