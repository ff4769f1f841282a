"""The command line: a table of commands, each loaded when it is called, so that help and one check start fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

from xuncha.serve.commands.spot import read_arguments, spot_check

if TYPE_CHECKING:
    import typer

# Commands that compute with onnxruntime alone. numpy comes with a BLAS that starts a thread a core when it is imported.
_WITHOUT_BLAS = ("check", "score", "live", "report", "demo", "models")


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is (`module:attribute`, a function or a Typer app), its line of help, what it needs.

    `also` are commands of a Typer app that live elsewhere.
    """

    target: str
    help: str
    needs: str = ""
    extra: str = ""
    also: Mapping[str, Command] = field(default_factory=dict)


COMMANDS = {
    "check": Command("xuncha.serve.commands.check:check", "Check texts at the prompt: coloured evidence, score, rule."),
    "score": Command(
        "xuncha.serve.commands.score:score", "Score tables: CSV, TSV, JSONL, XLSX, Parquet; folders, URLs."
    ),
    "live": Command("xuncha.serve.commands.live:live", "Find violations in live-room records and running streams."),
    "report": Command(
        "xuncha.serve.commands.report:report", "Report on a scored table: page, workbook, merchants, announcement."
    ),
    "sample": Command(
        "xuncha.serve.commands.sample:sample", "Draw a review sample; estimate the violation rate from it."
    ),
    "demo": Command("xuncha.serve.commands.demo:demo", "Score two sample tables and show some verdicts."),
    "models": Command("xuncha.models.cli:app", "List, show, diff and verify models."),
    "labels": Command(
        "xuncha.labels.cli:app",
        "Check, count, convert, compare and choose labelled rows; look at the taxonomy.",
        also={
            "audit": Command(
                "xuncha.train.curation.cli:audit_command", "List labels that are likely wrong.", "cleanlab", "train"
            ),
            "suggest": Command(
                "xuncha.train.curation.cli:suggest_command", "Say which rows to label next.", "sklearn", "train"
            ),
        },
    ),
    "train": Command("xuncha.train.cli:train_command", "Train a model from labelled rows.", "torch", "train"),
    "evaluate": Command(
        "xuncha.train.evaluation.cli:evaluate_command", "Measure a model on labelled rows.", "sklearn", "train"
    ),
    "compare": Command(
        "xuncha.train.compare.cli:compare_command",
        "Tell whether a new model may take the old one's place.",
        "sklearn",
        "train",
    ),
    "bench": Command("xuncha.train.bench.cli:bench_command", "Measure scoring speed beside peers.", "torch", "train"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that `arguments` (default: the process's own) name, then exit the process.

    Exit codes: 0 done; 1 the command found what it looks for (`check`: something is flagged); 2 usage or error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    called = next((one for one in given if not one.startswith("-")), "")
    if called in _WITHOUT_BLAS:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    asked = read_arguments(given)
    if asked is not None:
        _leave(spot_check(asked), at_once=arguments is None)
    from xuncha.serve.app import command_line

    found = _load(called, COMMANDS[called], given) if called in COMMANDS else None
    command_line({name: command.help for name, command in COMMANDS.items()}, called, found)(given, prog_name="xuncha")


def _leave(code: int, *, at_once: bool) -> NoReturn:
    """End the process; at once, without taking down what the system takes down anyway, a tenth of one check."""
    if at_once:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def _load(name: str, command: Command, given: Sequence[str] = ()) -> Callable[..., Any] | typer.Typer:
    """What a command is; of those that live elsewhere, only the one that is called is loaded."""
    if command.needs and find_spec(command.needs) is None:
        print(f"xuncha {name} needs {command.needs}: pip install 'xuncha[{command.extra}]'", file=sys.stderr)
        raise SystemExit(2)
    module, attribute = command.target.split(":")
    found: Callable[..., Any] | typer.Typer = getattr(import_module(module), attribute)
    if command.also:
        from xuncha.serve.app import with_commands

        asked = next((one for one in given[given.index(name) + 1 :] if not one.startswith("-")), "")
        helps = {one: other.help for one, other in command.also.items()}
        return with_commands(
            found, helps, asked, _load(f"{name} {asked}", command.also[asked]) if asked in helps else None
        )
    return found
