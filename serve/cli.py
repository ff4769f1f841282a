"""The command line: a table of commands, each loaded when it is called, so that help and one check start fast."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer

_HELP = "Find listing violations in Chinese live-commerce text: which words, which reason, which rule."
_SETTINGS = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is (`module:attribute`, a function or a Typer app), its line of help, what it needs."""

    target: str
    help: str
    needs: str = ""
    extra: str = ""


COMMANDS = {
    "check": Command("xuncha.serve.commands.check:check", "Check texts at the prompt: coloured evidence, score, rule."),
    "score": Command("xuncha.serve.commands.score:score", "Score a table: CSV, TSV, JSONL or Parquet, plain or gzip."),
    "demo": Command("xuncha.serve.commands.demo:demo", "Score two sample tables and show some verdicts."),
    "models": Command("xuncha.models.cli:app", "List, show and verify models."),
    "labels": Command("xuncha.labels.cli:app", "Look at the taxonomy; check, count, split and convert labelled rows."),
    "train": Command("xuncha.train.cli:train_command", "Train a model from labelled rows.", "torch", "train"),
    "evaluate": Command(
        "xuncha.train.evaluation.cli:evaluate_command", "Measure a model on labelled rows.", "sklearn", "train"
    ),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that `arguments` (default: the process's own) name, then exit the process.

    Exit codes: 0 done; 1 the command found what it looks for (`check`: something is flagged); 2 usage or error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    called = next((one for one in given if not one.startswith("-")), "")
    command_line(called)(given, prog_name="xuncha")


def command_line(called: str) -> typer.Typer:
    """The whole app, in which only the command `called` is loaded; the others are their line of help."""
    app = typer.Typer(
        name="xuncha", help=_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None,
        pretty_exceptions_enable=False, context_settings=_SETTINGS,
    )  # fmt: skip
    app.callback()(_root)
    for name, command in COMMANDS.items():
        found = _load(name, command) if name == called else _unloaded
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name, help=command.help, context_settings=_SETTINGS)
        else:
            app.command(name, short_help=command.help, context_settings=_SETTINGS)(found)
    return app


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"xuncha {version('xuncha')}")
    except PackageNotFoundError:
        print("xuncha, not installed")
    raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


def _load(name: str, command: Command) -> Callable[..., Any] | typer.Typer:
    if command.needs and find_spec(command.needs) is None:
        print(f"xuncha {name} needs {command.needs}: pip install 'xuncha[{command.extra}]'", file=sys.stderr)
        raise SystemExit(2)
    module, attribute = command.target.split(":")
    found: Callable[..., Any] | typer.Typer = getattr(import_module(module), attribute)
    return found


def _unloaded() -> None:
    """Stand in for a command that was not called."""
