"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from xuncha.serve.commands.spot import Device, Point

PointOption = Annotated[
    Point, typer.Option("--point", help="strict: few false alarms; balanced: best F1; lenient: few misses.")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Name of a shipped model, or path of a model folder.", metavar="NAME|PATH")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", help="Threads to score with; default: one a core.", min=1)
]
DeviceOption = Annotated[
    Device, typer.Option("--device", help="cuda: a GPU, with a CUDA build of ONNX Runtime (untested).")
]
