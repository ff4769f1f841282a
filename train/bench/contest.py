"""Who takes part: peers that can be had, ready and loaded, and the proof that all decide alike."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from xuncha.labels.rows import Row
from xuncha.train.bench import agreement, environments, peers, rebuild, workload
from xuncha.train.bench.environments import Environment
from xuncha.train.bench.peers import Job, Peer, Worker
from xuncha.train.bench.results import GPU, ONE_CORE, OWN
from xuncha.train.bench.rounds import Contestant
from xuncha.train.bench.settings import POINT, Run
from xuncha.train.export import Weights

Rivals = Mapping[Peer, Environment]


def rivals_of(run: Run) -> tuple[Rivals, dict[str, str]]:
    """The peers that take part, each with its environment (installed if need be), and why others do not."""
    wanted = peers.chosen(run.options.without)
    left_out = {peer.title: "left out as asked" for peer in peers.PEERS if peer not in wanted}
    if not (run.options.here or run.options.quick):
        names = {peer.environment for peer in wanted}
        made = environments.own_environments(run.options.environments, names, run.say)
        return {peer: made[peer.environment] for peer in wanted}, left_out
    here = {peer: environments.HERE for peer in wanted if environments.HERE.has(peer.modules)}
    for peer in wanted:
        if peer not in here:
            left_out[peer.title] = f"{', '.join(peer.modules)} are not all installed here"
    return here, left_out


def job_of(run: Run, weights: Weights, rows: Sequence[Row]) -> Job:
    """The transformers model that peers are made from, and where they find it."""
    model, graphs, optimum = (run.work / name for name in ("model", "graphs", "optimum"))
    rebuild.write_transformers(run.bundle, weights, model)
    graphs.mkdir()
    train = [row.text for row in rows if row.split == "train"] or [row.text for row in rows]
    calibration = random.Random(0).sample(train, min(run.sizes.calibration, len(train)))
    return Job(
        run.work,
        {
            "bundle": str(run.bundle.folder), "model": str(model), "graphs": str(graphs), "optimum": str(optimum),
            "calibration": str(run.texts_file("calibration", calibration)), "labels": list(run.labels),
            "thresholds": dict(run.bundle.thresholds[POINT]), "window": run.bundle.window, "budget": 1024,
            "simd": "avx512_vnni" if "avx512_vnni" in run.machine.instructions else "avx2",
        },
    )  # fmt: skip


def loaded(run: Run, rivals: Rivals, job: Job, stack: ExitStack) -> dict[str, Worker]:
    """Processes by title: xuncha on all cores and on one, on the GPU if asked for, and each peer."""
    done: set[str] = set()
    cores = run.machine.cores
    workers = {OWN: stack.enter_context(Worker(peers.XUNCHA, environments.HERE, job.file("xuncha", cores)))}
    if cores > 1:
        workers[ONE_CORE] = stack.enter_context(Worker(peers.XUNCHA, environments.HERE, job.file("xuncha", 1)))
    if run.options.cuda:
        on_gpu = Job(job.folder, {**job.values, "device": "cuda"})
        workers[GPU] = stack.enter_context(Worker(peers.XUNCHA, environments.HERE, on_gpu.file("cuda", cores)))
    for peer, environment in rivals.items():
        peers.prepare(peer, environment, job, done)
        workers[peer.title] = stack.enter_context(Worker(peer.name, environment, job.file(peer.name, cores)))
    return workers


def compared(
    run: Run, rows: Sequence[Row], rivals: Rivals, workers: Mapping[str, Worker]
) -> dict[str, agreement.Agreement]:
    """Everyone's decisions on dev rows beside those of the fp32 network; empty where no peer computes that.

    Texts over the window are left out: xuncha scores all of their windows, its peers the beginning. Raises
    `XunchaError` where a peer decides otherwise more often than it may; xuncha's own misses stand in the results.
    """
    fp32 = next((peer for peer in rivals if peer.exact), None)
    if fp32 is None:
        run.say("No fp32 peer takes part, so decisions are not compared")
        return {}
    dev = [row.text for row in rows if row.split == "dev"] or [row.text for row in rows]
    texts = workload.sample(dev, run.sizes.checked, run.options.seed)
    counts = run.token_counts(texts)
    texts = [text for text, count in zip(texts, counts, strict=True) if count <= run.bundle.window]
    run.say(f"Comparing decisions on {len(texts)} dev rows")
    file = run.texts_file("checked", texts)
    scores = {title: worker.score(file, scores=True)["scores"] for title, worker in workers.items()}
    allowed = dict.fromkeys((OWN, ONE_CORE, GPU), peers.OWN_FLIPS) | {peer.title: peer.flips for peer in rivals}
    reference = scores.pop(fp32.title)
    found = {
        title: agreement.compare(title, own, reference, run.thresholds, allowed[title]) for title, own in scores.items()
    }
    agreement.require({title: one for title, one in found.items() if title not in (OWN, ONE_CORE, GPU)})
    return found


def contestants(run: Run, rivals: Rivals, workers: Mapping[str, Worker], files: Mapping[str, Path]) -> list[Contestant]:
    """Everyone with the workload to score: `files` are xuncha's workloads by title, peers get the main one."""
    found = [Contestant(title, workers[OWN], path) for title, path in files.items()]
    found += [Contestant(title, workers[title], files[OWN]) for title in (ONE_CORE, GPU) if title in workers]
    for peer in rivals:
        # A quick run has no time to try sizes.
        budgets = peer.budgets[:1] if run.options.quick else peer.budgets
        found.append(Contestant(peer.title, workers[peer.title], files[OWN], budgets))
    return found
