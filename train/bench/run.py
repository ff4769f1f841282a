"""A whole benchmark: workload, peers, agreement, rounds, limit, processes, growth."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.io import read_rows
from xuncha.labels.rows import Row
from xuncha.models.bundle import Bundle, open_bundle
from xuncha.train.bench import contest, environments, growth, peers, processes, rebuild, workload
from xuncha.train.bench.limit import limits
from xuncha.train.bench.machine import describe
from xuncha.train.bench.peers import Job
from xuncha.train.bench.results import ALL_FLAGS, NO_FLAGS, ONE_CORE, OWN, REPEATS, Results, Share, Workload
from xuncha.train.bench.rounds import Speeds, Spread, measure
from xuncha.train.bench.settings import Options, Run

SHARE = 0.05
SPOT = "加V看货,全网最低价"


def bench(options: Options, work: Path, say: Callable[[str], None]) -> Results:
    """Measure scoring beside its peers. `work` is an empty folder for files on the way; `say` is told of each step.

    Raises `XunchaError` where a peer cannot be installed or made, or decides otherwise than the model.
    """
    run = Run(options, work, say, open_bundle(options.model), describe())
    rivals, left_out = contest.rivals_of(run)
    say("Drawing the workload and making the same model for every peer")
    rows = list(read_rows(options.rows, run.bundle.taxonomy))
    files, texts = _workloads(run, rows)
    weights = rebuild.read_weights(run.bundle)
    job = contest.job_of(run, weights, rows)
    with ExitStack() as stack:
        workers = contest.loaded(run, rivals, job, stack)
        found = contest.compared(run, rows, rivals, workers)
        say("Measuring, interleaved")
        sizes = run.sizes
        speeds = measure(
            contest.contestants(run, rivals, workers, files), sizes.rounds, sizes.seconds, sizes.least, say
        )
    facts = _facts(run, texts)
    products = rebuild.products_per_token(weights) * facts.tokens
    say("Measuring whole processes")
    return Results(
        model=run.bundle.model_id,
        note=_note(run.bundle),
        machine=run.machine,
        workload=facts,
        speeds=speeds,
        agreement=found,
        products_per_text=products,
        shares=_shares(run, speeds, products),
        walls=_walls(run, rivals, job),
        memory=_memory(run, texts),
        rounds=sizes.rounds,
        quick=options.quick,
        left_out=left_out,
        growth=_growth(run, rows) if options.growth else {},
    )


def _workloads(run: Run, rows: Sequence[Row]) -> tuple[dict[str, Path], list[str]]:
    """Files of texts by what they are for, and the texts of the main one."""
    if run.options.file:
        texts = _own_texts(run)
        return {OWN: run.texts_file("main", texts)}, texts
    pool, seed, count = workload.Pool.of(rows), run.options.seed, run.sizes.texts
    if not pool.violating or not pool.clean:
        raise XunchaError(f"{run.options.rows}: must hold rows that violate a label and rows that violate none.")
    texts = workload.compose(pool, count, SHARE, seed, run.flagged)
    found = {
        OWN: texts,
        NO_FLAGS: workload.compose(pool, count, 0.0, seed, run.flagged),
        ALL_FLAGS: workload.compose(pool, count, 1.0, seed, run.flagged),
        REPEATS: workload.repeated(texts, run.options.repeats, seed),
    }
    return {title: run.texts_file(title, one) for title, one in found.items()}, texts


def _own_texts(run: Run) -> list[str]:
    target = run.work / "own.json"
    command = [str(environments.HERE.python), peers.program("texts"), str(run.options.file), str(target)]
    done = subprocess.run([*command, *run.options.text_columns], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise XunchaError((done.stderr.strip() or f"{run.options.file}: cannot be read.").splitlines()[-1])
    texts: list[str] = json.loads(target.read_text(encoding="utf-8"))
    if not texts:
        raise XunchaError(f"{run.options.file}: holds no text to score. Name the column with --text-column.")
    return random.Random(run.options.seed).sample(texts, min(len(texts), run.sizes.texts))


def _facts(run: Run, texts: Sequence[str]) -> Workload:
    options, counts = run.options, run.token_counts(texts)
    return Workload(
        source=str(options.file) if options.file else f"committed rows, {workload.LAW}",
        seed=options.seed,
        texts=len(texts),
        flagged=sum(run.flagged(texts)) / len(texts),
        lengths=workload.quantiles(texts),
        tokens=sum(counts) / len(counts),
        repeats=None if options.file else options.repeats,
    )


def _shares(run: Run, speeds: Speeds, products: float) -> tuple[Share, ...]:
    own = speeds.by_round[ONE_CORE if ONE_CORE in speeds.by_round else OWN]
    found = []
    for limit in limits(run.machine.instructions, run.work):
        most = limit.rate / products
        found.append(Share(limit, most, Spread.of([speed / most for speed in own])))
    return tuple(found)


def _walls(run: Run, rivals: contest.Rivals, job: Job) -> dict[str, Spread]:
    commands = {
        "xuncha check": processes.xuncha("check", SPOT, "--model", str(run.bundle.folder)),
        "xuncha --help": processes.xuncha("--help"),
    }
    turns = dict.fromkeys(commands, run.sizes.starts)
    transformers = next((rivals[peer] for peer in rivals if peer.name.startswith("transformers")), None)
    if transformers:
        model = str(job.values["model"])
        commands["transformers one-shot"] = [str(transformers.python), peers.program("one_shot"), model, SPOT]
        turns["transformers one-shot"] = run.sizes.slow_starts
    return processes.walls(commands, turns)


def _memory(run: Run, texts: Sequence[str]) -> dict[str, Any]:
    count = run.sizes.table_rows
    many = [texts[place % len(texts)] for place in range(count)]
    return {str(count): processes.score_table(many, run.work, str(run.bundle.folder), "memory")}


def _growth(run: Run, rows: Sequence[Row]) -> dict[str, Any]:
    plan = growth.QUICK if run.options.quick else growth.FULL
    return growth.curves(plan, workload.Pool.of(rows), run.work, str(run.bundle.folder), run.options.seed, run.say)


def _note(bundle: Bundle) -> str:
    how = "its int8 weights times their scales" if bundle.precision == "int8" else "its weights"
    return (
        f"Every peer runs the model of {bundle.model_id}, made again from its graph ({how}, fp32, calibration folded "
        f"into the head); texts over {bundle.window} tokens are cut by the peers and read whole by xuncha."
    )
