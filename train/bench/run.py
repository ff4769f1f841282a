"""A whole benchmark: workload, peers, agreement, rounds, limit, processes, growth."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xuncha.labels.errors import XunchaError
from xuncha.labels.io import read_rows
from xuncha.labels.rows import Row
from xuncha.models.bundle import Bundle, open_bundle
from xuncha.models.inference import Inference
from xuncha.train.bench import agreement, environments, growth, peers, processes, rebuild, workload
from xuncha.train.bench.limit import limits
from xuncha.train.bench.machine import Machine, describe
from xuncha.train.bench.peers import Job, Peer, Worker
from xuncha.train.bench.results import ALL_FLAGS, NO_FLAGS, ONE_CORE, OWN, REPEATS, Results, Share, Workload
from xuncha.train.bench.rounds import Contestant, Speeds, Spread, measure
from xuncha.train.export import Weights

POINT = "balanced"
SHARE = 0.05
SPOT = "加V看货,全网最低价"
_CALIBRATION = 300


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: texts, rounds, about so many seconds a contestant a round, texts a round at least."""

    texts: int = 8000
    rounds: int = 5
    seconds: float = 6.0
    least: int = 640
    checked: int = 4000
    table_rows: int = 10_000
    starts: int = 11
    slow_starts: int = 3


QUICK = Sizes(120, 2, 0.2, 16, 40, 200, 1, 1)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure. `here`: only with what is installed in this environment. `repeats`: their share."""

    model: str | None = None
    file: Path | None = None
    text_columns: tuple[str, ...] = ()
    rows: str = "labels/data"
    environments: Path = Path(".bench-venv")
    here: bool = False
    without: tuple[str, ...] = ()
    seed: int = 1
    repeats: float = 0.3
    quick: bool = False
    growth: bool = False
    sizes: Sizes = Sizes()


@dataclass(slots=True)
class Run:
    """One benchmark under way."""

    options: Options
    work: Path
    say: Callable[[str], None]
    bundle: Bundle
    machine: Machine

    @property
    def sizes(self) -> Sizes:
        """How much is measured."""
        return QUICK if self.options.quick else self.options.sizes

    @property
    def labels(self) -> tuple[str, ...]:
        """The model's labels, in its order."""
        return self.bundle.taxonomy.label_ids

    def texts_file(self, name: str, texts: Sequence[str]) -> Path:
        """Write texts for the processes that score them."""
        path = self.work / f"{name}.json"
        path.write_text(json.dumps(texts), encoding="utf-8")
        return path


def bench(options: Options, work: Path, say: Callable[[str], None]) -> Results:
    """Measure scoring beside its peers. `work` is an empty folder for files on the way; `say` is told of each step.

    Raises `XunchaError` where a peer cannot be installed or made, or decides otherwise than the model.
    """
    run = Run(options, work, say, open_bundle(options.model), describe())
    rivals, left_out = _environments(run)
    say("Drawing the workload and making the same model for every peer")
    rows = list(read_rows(options.rows, run.bundle.taxonomy))
    files, texts = _workloads(run, rows)
    weights = rebuild.read_weights(run.bundle)
    job = _job(run, weights, rows)
    with ExitStack() as stack:
        done: set[str] = set()
        workers = {
            OWN: stack.enter_context(Worker(peers.XUNCHA, environments.HERE, job.file("xuncha", run.machine.cores)))
        }
        for peer, environment in rivals:
            peers.prepare(peer, environment, job, done)
            workers[peer.title] = stack.enter_context(
                Worker(peer.name, environment, job.file(peer.name, run.machine.cores))
            )
        found = _agreement(run, rows, [peer for peer, _ in rivals], workers)
        if run.machine.cores > 1:
            workers[ONE_CORE] = stack.enter_context(Worker(peers.XUNCHA, environments.HERE, job.file("xuncha", 1)))
        say("Measuring, interleaved")
        speeds = measure(
            _contestants(run, [peer for peer, _ in rivals], workers, files),
            run.sizes.rounds,
            run.sizes.seconds,
            run.sizes.least,
            say,
        )
    tokens, flagged = _facts(run, texts)
    products = rebuild.products_per_token(weights) * tokens
    say("Measuring whole processes")
    transformers = next((where for peer, where in rivals if peer.name.startswith("transformers")), None)
    return Results(
        model=run.bundle.model_id,
        note=_note(run.bundle),
        machine=run.machine,
        workload=Workload(
            source=str(options.file) if options.file else f"committed rows, {workload.LAW}",
            seed=options.seed, texts=len(texts), flagged=flagged, lengths=workload.quantiles(texts), tokens=tokens,
            repeats=None if options.file else options.repeats,
        ),
        speeds=speeds,
        agreement=found,
        products_per_text=products,
        shares=_shares(run, speeds, products),
        walls=_walls(run, transformers, job),
        memory=_memory(run, texts),
        rounds=run.sizes.rounds,
        quick=options.quick,
        left_out=left_out,
        growth=_growth(run, rows) if options.growth else {},
    )  # fmt: skip


def _environments(run: Run) -> tuple[list[tuple[Peer, environments.Environment]], dict[str, str]]:
    wanted = peers.chosen(run.options.without)
    left_out = {peer.title: "left out as asked" for peer in peers.PEERS if peer not in wanted}
    if run.options.here or run.options.quick:
        found = [(peer, environments.HERE) for peer in wanted if environments.HERE.has(peer.modules)]
        there = {peer for peer, _ in found}
        missing = {
            peer.title: f"{', '.join(peer.modules)} not all installed here" for peer in wanted if peer not in there
        }
        return found, left_out | missing
    made = environments.own_environments(run.options.environments, {peer.environment for peer in wanted}, run.say)
    return [(peer, made[peer.environment]) for peer in wanted], left_out


def _workloads(run: Run, rows: Sequence[Row]) -> tuple[dict[str, Path], list[str]]:
    """Files of texts by contestant, and the texts of the main one."""
    if run.options.file:
        texts = _own_texts(run)
        return {OWN: run.texts_file("main", texts)}, texts
    pool, seed, count = workload.Pool.of(rows), run.options.seed, run.sizes.texts
    if not pool.violating or not pool.clean:
        raise XunchaError(f"{run.options.rows}: holds no rows of both kinds, violating and not. Give other rows.")
    inference = Inference(run.bundle)
    limits = np.array([run.bundle.thresholds[POINT][label] for label in run.labels])

    def flagged(texts: Sequence[str]) -> list[bool]:
        return [bool((row >= limits).any()) for row in inference.scores(texts).labels]

    texts = workload.compose(pool, count, SHARE, seed, flagged)
    others = {
        NO_FLAGS: workload.compose(pool, count, 0.0, seed, flagged),
        ALL_FLAGS: workload.compose(pool, count, 1.0, seed, flagged),
        REPEATS: workload.repeated(texts, run.options.repeats, seed),
    }
    files = {name: run.texts_file(name, found) for name, found in others.items()}
    return {OWN: run.texts_file("main", texts), **files}, texts


def _own_texts(run: Run) -> list[str]:
    target = run.work / "own.json"
    command = [str(environments.HERE.python), peers.program("texts"), str(run.options.file), str(target)]
    done = subprocess.run([*command, *run.options.text_columns], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise XunchaError(
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{run.options.file}: cannot be read."
        )
    texts: list[str] = json.loads(target.read_text(encoding="utf-8"))
    if not texts:
        raise XunchaError(f"{run.options.file}: holds no text to score. Name the column with --text-column.")
    return random.Random(run.options.seed).sample(texts, min(len(texts), run.sizes.texts))


def _job(run: Run, weights: Weights, rows: Sequence[Row]) -> Job:
    model, graphs, optimum = (run.work / name for name in ("model", "graphs", "optimum"))
    rebuild.write_transformers(run.bundle, weights, model)
    graphs.mkdir()
    train = [row.text for row in rows if row.split == "train"] or [row.text for row in rows]
    calibration = random.Random(0).sample(train, min(_CALIBRATION if not run.options.quick else 16, len(train)))
    simd = next((name for name in ("avx512_vnni", "avx2") if name in run.machine.instructions), "avx2")
    return Job(
        run.work,
        {
            "bundle": str(run.bundle.folder), "model": str(model), "graphs": str(graphs), "optimum": str(optimum),
            "calibration": str(run.texts_file("calibration", calibration)), "labels": list(run.labels),
            "thresholds": dict(run.bundle.thresholds[POINT]), "window": run.bundle.window, "budget": 1024, "simd": simd,
        },
    )  # fmt: skip


def _contestants(
    run: Run, rivals: Sequence[Peer], workers: dict[str, Worker], files: dict[str, Path]
) -> list[Contestant]:
    found = [Contestant(name, workers[OWN], path) for name, path in files.items()]
    if ONE_CORE in workers:
        found.append(Contestant(ONE_CORE, workers[ONE_CORE], files[OWN]))
    # A quick run has no time to try sizes.
    return found + [
        Contestant(peer.title, workers[peer.title], files[OWN], peer.budgets[:1] if run.options.quick else peer.budgets)
        for peer in rivals
    ]


def _agreement(
    run: Run, rows: Sequence[Row], rivals: Sequence[Peer], workers: dict[str, Worker]
) -> dict[str, agreement.Agreement]:
    """Everyone's decisions on dev rows beside those of the fp32 network; empty where no peer computes that."""
    fp32 = next((peer for peer in rivals if peer.flips == peers.REFERENCE.flips), None)
    if fp32 is None:
        run.say("No fp32 peer is here, so decisions are not compared")
        return {}
    dev = [row.text for row in rows if row.split == "dev"] or [row.text for row in rows]
    texts = _within_window(run.bundle, workload.sample(dev, run.sizes.checked, run.options.seed))
    run.say(f"Comparing decisions on {len(texts)} dev rows")
    file = run.texts_file("checked", texts)
    scores = {title: worker.score(file, scores=True)["scores"] for title, worker in workers.items()}
    thresholds = [run.bundle.thresholds[POINT][label] for label in run.labels]
    allowed = {OWN: peers.OWN_FLIPS, **{peer.title: peer.flips for peer in rivals}}
    found = {
        title: agreement.compare(title, own, scores[fp32.title], thresholds, allowed[title])
        for title, own in scores.items()
        if title != fp32.title
    }
    agreement.require(found)
    return found


def _within_window(bundle: Bundle, texts: Sequence[str]) -> list[str]:
    """Texts that fit: of longer ones xuncha scores every window, its peers the beginning."""
    from xuncha.models.pieces import read_tokenizer

    encodings = read_tokenizer(bundle).encode_batch_fast(list(texts))
    return [text for text, encoding in zip(texts, encodings, strict=True) if len(encoding.ids) <= bundle.window]


def _facts(run: Run, texts: Sequence[str]) -> tuple[float, float]:
    """Mean tokens a text, special ones included, and the share of texts that are flagged."""
    inference = Inference(run.bundle)
    limits = np.array([run.bundle.thresholds[POINT][label] for label in run.labels])
    flagged = float((inference.scores(texts).labels >= limits).any(axis=1).mean())
    counts = [len(encoding.ids) for encoding in inference.tokenizer.encode_batch_fast(list(texts))]
    return sum(counts) / len(counts), flagged


def _shares(run: Run, speeds: Speeds, products: float) -> tuple[Share, ...]:
    own = speeds.by_round[ONE_CORE if ONE_CORE in speeds.by_round else OWN]
    found = []
    for limit in limits(run.machine.instructions, run.work):
        most = limit.rate / products
        found.append(Share(limit, most, Spread.of([speed / most for speed in own])))
    return tuple(found)


def _walls(run: Run, transformers: environments.Environment | None, job: Job) -> dict[str, Spread]:
    model = str(run.bundle.folder)
    commands = {
        "xuncha check": processes.xuncha("check", SPOT, "--model", model),
        "xuncha --help": processes.xuncha("--help"),
    }
    turns = dict.fromkeys(commands, run.sizes.starts)
    if transformers:
        commands["transformers one-shot"] = [
            str(transformers.python), peers.program("one_shot"), str(job.values["model"]), SPOT,
        ]  # fmt: skip
        turns["transformers one-shot"] = run.sizes.slow_starts
    return processes.walls(commands, turns)


def _memory(run: Run, texts: Sequence[str]) -> dict[str, object]:
    count = run.sizes.table_rows
    many = [texts[place % len(texts)] for place in range(count)]
    return {f"{count}": processes.score_table(many, run.work, str(run.bundle.folder), "memory")}


def _growth(run: Run, rows: Sequence[Row]) -> dict[str, object]:
    plan = growth.QUICK if run.options.quick else growth.FULL
    return growth.curves(plan, workload.Pool.of(rows), run.work, str(run.bundle.folder), run.options.seed, run.say)


def _note(bundle: Bundle) -> str:
    how = "its int8 weights times their scales" if bundle.precision == "int8" else "its weights"
    return (
        f"Every peer runs the model of {bundle.model_id}, made again from its graph ({how}, fp32, calibration folded "
        f"into the head); texts over {bundle.window} tokens are cut by the peers and read whole by xuncha."
    )
