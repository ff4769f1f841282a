"""The command line as Typer knows it: every command has its line of help, the one that is called is whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

_HELP = "Find listing violations in Chinese live-commerce text: which words, which reason, which rule."
_SETTINGS = {"help_option_names": ["-h", "--help"]}


def command_line(helps: Mapping[str, str], called: str, found: Callable[..., Any] | typer.Typer | None) -> typer.Typer:
    """The whole app, in which only the command `called` is loaded (`found`); the others are their line of help."""
    app = typer.Typer(
        name="xuncha", help=_HELP, no_args_is_help=True, add_completion=False, rich_markup_mode=None,
        pretty_exceptions_enable=False, context_settings=_SETTINGS,
    )  # fmt: skip
    app.callback()(_root)
    for name, line in helps.items():
        command = found if name == called and found is not None else _unloaded
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, help=line, context_settings=_SETTINGS)
        else:
            app.command(name, short_help=line, context_settings=_SETTINGS)(command)
    return app


def with_commands(found: object, helps: Mapping[str, str], called: str, loaded: object) -> typer.Typer:
    """The app `found` with further commands: the one that is `called` as `loaded`, the others as their line of help."""
    assert isinstance(found, typer.Typer)
    for name, line in helps.items():
        command = loaded if name == called and callable(loaded) else _unloaded
        found.command(name, short_help=line)(command)
    return found


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


def _unloaded() -> None:
    """Stand in for a command that was not called."""
