"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Point(StrEnum):
    """Operating points of every model."""

    STRICT = "strict"
    BALANCED = "balanced"
    LENIENT = "lenient"


class TextSource(StrEnum):
    """Where a text comes from."""

    LISTING = "listing"
    SPEECH = "speech"
    COMMENT = "comment"


PointOption = Annotated[
    Point, typer.Option("--point", help="strict: few false alarms; balanced: best F1; lenient: few misses.")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Name of a shipped model, or path of a model folder.", metavar="NAME|PATH")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", help="Threads to score with; default: one a core.", min=1)
]
