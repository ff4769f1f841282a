"""The results as JSON, as Markdown tables ready for docs/speed.md, and as files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from xuncha.labels.io import replacing
from xuncha.train.bench.picture import picture
from xuncha.train.bench.results import ALL_FLAGS, GPU, NO_FLAGS, ONE_CORE, OWN, TITLES, Results
from xuncha.train.bench.rounds import Spread


def write(results: Results, folder: Path) -> tuple[Path, ...]:
    """Write `bench.json`, `bench.svg` and `bench.md` into `folder`, each whole, and return their paths."""
    files = {"bench.json": as_json(results), "bench.svg": picture(results), "bench.md": markdown(results)}
    for name, content in files.items():
        with replacing(folder / name) as stream:
            stream.write(content.encode("utf-8"))
    return tuple(folder / name for name in files)


def as_json(results: Results) -> str:
    """All results as JSON."""
    return json.dumps(results.to_json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def markdown(results: Results) -> str:
    """The tables, with what they were measured on and how."""
    parts = [_head(results), _table(*_speeds(results)), _table(*_further(results)), *_growth(results)]
    return "\n\n".join(parts) + "\n"


def _head(results: Results) -> str:
    machine, work = results.machine, results.workload
    quick = "**A quick run: these figures mean nothing.** " if results.quick else ""
    lengths = ", ".join(f"{name} {value:g}" for name, value in work.lengths.items())
    missing = "".join(f" Not measured: {title} ({why})." for title, why in results.left_out.items())
    memory = f", {machine.memory_bytes / 2**30:.0f} GiB" if machine.memory_bytes else ""
    return (
        f"{quick}{machine.processor} ({', '.join(machine.instructions) or 'no int8 instructions known'}), "
        f"{machine.cores} cores{memory}, {machine.system}, load before the run {machine.load}; "
        f"{', '.join(f'{name} {found}' for name, found in machine.versions.items())}.\n\n"
        f"{work.texts} texts: {work.source}; seed {work.seed}; characters: {lengths}; {work.tokens:.1f} tokens a text; "
        f"{work.flagged:.1%} flagged, their evidence is part of the work. Tokenization and decisions included. "
        f"Medians of {results.rounds} interleaved rounds, in brackets the least and the greatest.\n\n"
        f"{results.note}{missing}"
    )


def _speeds(results: Results) -> tuple[list[str], list[list[str]]]:
    columns = [
        "scorer",
        "texts/s",
        "xuncha is … times as fast",
        "must",
        "equal decisions",
        "tokens a batch",
        "peak memory",
    ]
    lines = [
        [_own(results), _speed(results, OWN), "1", "", _equal(results, OWN), "", _megabytes(results.speeds.peaks[OWN])]
    ]
    for title in results.rivals:
        budget = results.speeds.budgets.get(title)
        lines.append([
            title, _speed(results, title), _spread(results.ratio(title), 2), f"{TITLES[title].must:g}",
            _equal(results, title), str(budget) if budget else "", _megabytes(results.speeds.peaks[title]),
        ])  # fmt: skip
    return columns, lines


def _further(results: Results) -> tuple[list[str], list[list[str]]]:
    lines: list[list[str]] = []
    for title in (NO_FLAGS, ALL_FLAGS, GPU):
        if title in results.speeds.by_round:
            relative = _spread(results.speeds.ratio(title, OWN), 2)
            lines.append([f"{title}: texts/s", f"{_speed(results, title)}; {relative} of the main figure"])
    if results.repeats_gain:
        lines.append(
            [f"gain with {results.workload.repeats:.0%} repeated texts", f"{_spread(results.repeats_gain, 2)} times"]
        )
    if results.scaling:
        lines.append(
            [
                f"1 → {results.machine.cores} cores",
                f"{_spread(results.scaling, 2)} times {_speed(results, ONE_CORE)} texts/s",
            ]
        )
    for one in results.shares:
        lines.append([
            f"share of the {one.limit.name} int8 limit of a core",
            f"{_spread(one.share, 3)} of {one.texts_per_second:.0f} texts/s: {one.limit.rate / 1e9:.0f} billion "
            f"multiply-accumulates a second ({one.limit.how}) ÷ {results.products_per_text / 1e6:.1f} million a text",
        ])  # fmt: skip
    lines += [[f"{name}, whole process, ms", _spread(spread, 0, 1000)] for name, spread in results.walls.items()]
    shot, check = results.walls.get("transformers one-shot"), results.walls.get("xuncha check")
    if shot and check:
        lines.append(["xuncha check beside it", f"{shot.median / check.median:.1f} times as fast"])
    for rows, found in results.memory.items():
        lines.append([f"xuncha score, {int(rows):,} rows, peak memory", _megabytes(found["peak_bytes"])])
    return ["what", "figure"], lines


def _growth(results: Results) -> Iterator[str]:
    for name, title in (("rows", "rows of the table"), ("lengths", "characters a text")):
        if name in results.growth:
            lines = [
                [
                    f"{int(key):,}",
                    f"{found['rows']:,}",
                    f"{found['texts_per_second']:.0f}",
                    _megabytes(found["peak_bytes"]),
                ]
                for key, found in results.growth[name].items()
            ]
            yield _table([title, "texts", "texts/s", "peak memory"], lines)


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    right = "|".join("---" if place == 0 else "--:" for place in range(len(columns)))
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in (columns, *lines)]
    return "\n".join([rows[0], f"|{right}|", *rows[1:]])


def _own(results: Results) -> str:
    return f"**xuncha**, {results.machine.cores} cores"


def _speed(results: Results, title: str) -> str:
    return _spread(results.speeds.speed(title), 0)


def _equal(results: Results, title: str) -> str:
    found = results.agreement.get(title)
    if found is None:
        return "the measure" if results.agreement else "not compared"
    return f"{found.equal:.2%} (at least {1 - found.allowed:.1%}{'' if found.kept else ': missed'})"


def _spread(spread: Spread, digits: int, factor: float = 1.0) -> str:
    median, least, greatest = (
        f"{value * factor:.{digits}f}" for value in (spread.median, spread.least, spread.greatest)
    )
    return f"{median} ({least} to {greatest})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
