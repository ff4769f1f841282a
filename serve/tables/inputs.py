"""What INPUT stands for: a file, or the files of a folder or a glob, here or at a URL."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xuncha.labels.errors import XunchaError, sentence
from xuncha.serve.tables.formats import STDIO, Layout, layout_of, names_a_table, stem_of
from xuncha.serve.tables.remote import is_remote, listed_files, local_path
from xuncha.serve.tables.target import REJECTS

_MAGIC = "*?["


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: its path or URL, its place below the folder that was named, and why it cannot be read.

    A folder that may not be listed is one too: what it holds would be missing without a word.
    """

    path: str
    relative: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files, in order of their names. `several`: a folder or a glob was named. `skipped`: no tables by name."""

    name: str
    files: tuple[InputFile, ...]
    several: bool = False
    skipped: int = 0


def inputs_of(given: str, format: str | None, *, beside: Sequence[Path] = ()) -> Inputs:
    """The files that `given` stands for. Files in `beside` (what the run itself writes) are none of them.

    Raises `XunchaError` if there is no table among them.
    """
    closed: dict[str, str] = {}
    remote = is_remote(given)
    found = None if given == STDIO else listed_files(given) if remote else _local_files(local_path(given), closed)
    if found is None:
        return Inputs(given, (InputFile(given, Path(given).name),))
    own = [str(path.resolve()) for path in beside]
    seen = (path for path in found if not _hidden(path, given) and not path.endswith(REJECTS))
    files = [path for path in seen if not _within(path, own)]
    tables = [path for path in files if format is not None or names_a_table(path) or path in closed]
    if not tables:
        what = f"{len(files)} files, but none whose ending names a table format" if files else "no files"
        raise XunchaError(f"{given}: there are {what}. Check the path, or name the format with --input-format.")
    base = _base(given)
    relative = [path.removeprefix(base).lstrip("/") or Path(path).name for path in tables]
    pairs = tuple(InputFile(path, place, closed.get(path)) for path, place in zip(tables, relative, strict=True))
    return Inputs(given, pairs, several=True, skipped=len(files) - len(tables))


def _local_files(path: str, closed: dict[str, str]) -> list[str] | None:
    """The files, sorted; None if `path` is one file. Folders that may not be listed are added to `closed`, with why."""
    if os.path.isdir(path):
        return sorted(_walked(path, closed))
    if any(mark in path for mark in _MAGIC) and not os.path.lexists(path):
        return sorted(_once(one for one in glob.glob(path, recursive=True) if _is_file(one)))
    return None


def _once(paths: Iterable[str]) -> Iterable[str]:
    """The paths without those that come to the same name in the same folder by way of more links."""
    shortest = sorted(paths, key=lambda path: (path.count(os.sep), path), reverse=True)
    return {(os.path.realpath(os.path.dirname(path)), os.path.basename(path)): path for path in shortest}.values()


def _walked(folder: str, closed: dict[str, str]) -> Iterator[str]:
    """Every file below `folder`. Linked folders are followed, but none is read twice: links may go in circles."""

    def note(error: OSError) -> None:
        closed[str(error.filename)] = sentence(error)

    top, seen = os.path.realpath(folder), set[str]()
    for place, folders, names in os.walk(folder, onerror=note, followlinks=True):
        real = os.path.realpath(place)
        again = real in seen or (place != folder and os.path.islink(place) and _below(real, top))
        seen.add(real)
        folders[:] = [] if again else sorted(name for name in folders if not name.startswith("."))
        if not again:
            yield from (path for name in names if _is_file(path := os.path.join(place, name)))
    yield from closed


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_file(path: str) -> bool:
    """Whether it is a file, or a link that leads nowhere, which is told rather than passed over."""
    return os.path.isfile(path) or (os.path.islink(path) and not os.path.exists(path))


def _hidden(path: str, given: str) -> bool:
    """Whether the file, or a folder below the one that was named, is hidden or a mark of a writer (`_SUCCESS`)."""
    below = path.removeprefix(_base(given)).lstrip("/").split("/")
    return any(part.startswith((".", "_")) for part in below)


def _within(path: str, own: Sequence[str]) -> bool:
    if is_remote(path) or not own:
        return False
    real = os.path.realpath(path)
    return any(_below(real, one) for one in own)


def _base(given: str) -> str:
    """The folder that was named, or the part of a glob before its first mark."""
    path = given if is_remote(given) else local_path(given)
    places = [path.index(mark) for mark in _MAGIC if mark in path]
    if not places or (not is_remote(given) and os.path.isdir(path)):
        return path.rstrip("/")
    return path[: min(places)].rpartition("/")[0]


def output_names(inputs: Inputs, output_format: str | None) -> list[str]:
    """For each file its name in an output folder: the same, or with the ending of another format.

    Two files that would get one name keep their own ending before the new one.
    """
    if output_format is None:
        return [file.relative for file in inputs.files]
    wanted = layout_of("x", output_format, "--output-format")
    names = []
    for file in inputs.files:
        same = names_a_table(file.relative) and _is(file.relative, wanted)
        names.append(file.relative if same else f"{stem_of(file.relative)}.{output_format.lstrip('.').lower()}")
    times = Counter(names)
    return [
        f"{file.relative}.{output_format.lstrip('.').lower()}" if times[name] > 1 else name
        for file, name in zip(inputs.files, names, strict=True)
    ]


def _is(name: str, wanted: Layout) -> bool:
    return layout_of(name, None, "--input-format") == wanted
