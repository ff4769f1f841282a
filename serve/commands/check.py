"""`xuncha check`: one or a few texts, at once."""

from __future__ import annotations

from typing import Annotated

import typer

from xuncha.labels.rows import Source
from xuncha.serve.commands.options import DeviceOption, ModelOption, PointOption
from xuncha.serve.commands.spot import Asked, Device, Point, spot_check


def check(
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Texts; else lines of stdin.")] = None,
    model: ModelOption = None,
    point: PointOption = Point.BALANCED,
    source: Annotated[Source | None, typer.Option("--source", help="Where the texts come from.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a text.")] = False,
    device: DeviceOption = Device.CPU,
) -> None:
    """Check texts: what is flagged, by which words, for which reason, against which rule.

    Lines of stdin are UTF-8 or GB18030.

    Exit code 0: nothing is flagged; 1: something is; 2: usage or error, or
    nothing is flagged but a text could not be scored.

    Example: xuncha check "加V看货,全网最低价"
    """
    if code := spot_check(Asked(tuple(texts or ()), model, point, source, as_json, device)):
        raise typer.Exit(code)
