"""From a recipe to a model folder: rows → network → fine-tuning → export → calibration → verification → release."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from tokenizers import Tokenizer
from transformers import set_seed

from xuncha.labels.errors import XunchaError
from xuncha.labels.io import read_rows
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import open_bundle
from xuncha.models.inference import Inference
from xuncha.train import card, corpus, gate, publish, verify, workfolder
from xuncha.train.base import load_base, save_base, warm_start
from xuncha.train.calibrate import Point, choose, evidence_threshold, platt, probabilities
from xuncha.train.compare.verdict import Outcome, summary
from xuncha.train.examples import Example, example_of, positive_weights, repeated
from xuncha.train.export import Weights, build_graph, weights_of
from xuncha.train.finetune import finetune
from xuncha.train.network import HeadShape, LossWeights, Network, freeze
from xuncha.train.quantize import observe_ranges
from xuncha.train.recipe import Recipe
from xuncha.train.soften import kept, mix, mix_known, soft_labels, soften
from xuncha.train.soup import average
from xuncha.train.variants import variants
from xuncha.train.watch import Watch

Say = Callable[[str], None]
CALIBRATION_TEXTS = 600
REFERENCE_ROWS = 60


@dataclass(frozen=True, slots=True)
class Run:
    """Where a training run works (`work`: checkpoints, caches) and where the model folder goes (`target`)."""

    recipe: Recipe
    taxonomy: Taxonomy
    work: Path
    target: Path
    say: Say = print
    champion: gate.Champion | None = None
    # Loggers by name with commas, "none", or "auto": those of tensorboard and mlflow that are installed.
    report_to: str = "auto"

    def rows(self) -> corpus.Splits:
        """The labelled rows by split; extra rows among them."""
        recipe = self.recipe
        limits = corpus.Limits(recipe.limit_rows, recipe.seed)
        return corpus.labelled(recipe.rows, self.taxonomy, limits, recipe.extra_rows, self.say)


def train(run: Run) -> Path:
    """Train a recipe and release the model folder; a run that was killed goes on from its last checkpoint."""
    recipe = run.recipe
    if first_process():
        workfolder.claim(run.work, workfolder.identity(recipe, run.taxonomy), run.say)
    rows = run.rows()
    run.say(f"rows: {', '.join(f'{name} {len(split):,}' for name, split in rows.items())}")
    if run.champion:
        gate.check(run.champion, run.taxonomy, rows["test"])
    own = [example_of(row, run.taxonomy) for row in rows["train"]]
    examples = repeated(_with_teacher(run, own), recipe.label_share)
    dev = [example_of(row, run.taxonomy) for row in rows["dev"]]
    members = [_member(run, number, own, examples, dev) for number in range(recipe.soup)]
    if not first_process():
        return run.target  # under torchrun, the first process alone writes
    average(members, run.work / "network")
    return release(run, rows)


def _member(run: Run, number: int, own: Sequence[Example], taught: Sequence[Example], dev: Sequence[Example]) -> Path:
    """Folder of one finished training of the soup; one that is done is not done again.

    Members start from the same weights, new heads included (the mean of strangers is no network), and differ by the
    seed of order, attacks and dropout.
    """
    recipe = replace(run.recipe, seed=run.recipe.seed + number)
    folder = run.work / "members" / str(number)
    if (folder / "tokenizer.json").is_file():
        return folder
    if recipe.soup > 1:
        run.say(f"training {number + 1} of {recipe.soup}, seed {recipe.seed}")
    set_seed(run.recipe.seed)
    network, tokenizer = _network(run, own)
    mark = f"-{number}" if number else ""
    watch = Watch(run.say, run.work / f"history{mark}", run.report_to)
    finetune(recipe, network, tokenizer, taught, dev, run.work / f"checkpoints{mark}", watch)
    if first_process():
        network.save(folder)
        tokenizer.no_truncation()
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)  # last: it marks the member as whole
    return folder


def release(run: Run, rows: corpus.Splits | None = None) -> Path:
    """Export, calibrate, verify and write the model folder from the network that training left in `run.work`."""
    folder = run.work / "network"
    if not (folder / "network.safetensors").is_file():
        raise XunchaError(f"{folder}: there is no trained network here. Run `xuncha train {run.recipe.name}` first.")
    if rows is None:
        workfolder.require(run.work, workfolder.identity(run.recipe, run.taxonomy))
        rows = run.rows()
    network, tokenizer = Network.load(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    weights = weights_of(network, run.recipe.window)
    fp32 = _open(publish.draft(run.work / "fp32", run.recipe, run.taxonomy, build_graph(weights), tokenizer))
    graph = _shipped_graph(run, weights, tokenizer, rows["train"])
    built = publish.draft(run.target.parent / f".{run.target.name}.part", run.recipe, run.taxonomy, graph, tokenizer)
    try:
        _finish(run, network, fp32, built, rows)
        workfolder.finish(run.work)
        if run.champion:
            _face_champion(run, run.champion, built, rows["test"])
        publish.put_in_place(built, run.target)
    finally:
        shutil.rmtree(built, ignore_errors=True)
    bundle = open_bundle(run.target)
    run.say(f"{bundle.model_id} written to {run.target}")
    return run.target


def write_base(run: Run, folder: Path) -> None:
    """Write the network that training left in `run.work` as a base to start later trainings from."""
    if not first_process():
        return
    source = run.work / "network"
    save_base(Network.load(source), Tokenizer.from_file(str(source / "tokenizer.json")), folder)
    run.say(f"base written to {folder}")


def _network(run: Run, examples: Sequence[Example]) -> tuple[Network, Tokenizer]:
    recipe = run.recipe
    encoder, tokenizer = load_base(recipe.encoder, [example.text for example in examples])
    weights = LossWeights(
        recipe.label_loss,
        recipe.reason_loss,
        recipe.evidence_loss,
        recipe.evidence_positive,
        positive_weights(examples, recipe.class_weight),
    )
    if recipe.freeze_layers:
        freeze(encoder, recipe.freeze_layers)
    network = Network(encoder, HeadShape.of(run.taxonomy, recipe.pooling), weights)
    warm = warm_start(network, recipe.encoder)
    if warm:
        run.say(f"warm start: {', '.join(warm)}")
    return network, tokenizer


def first_process() -> bool:
    """Whether this is the process that writes; under torchrun there are others."""
    return os.environ.get("RANK", "0") == "0"


def _face_champion(run: Run, champion: gate.Champion, built: Path, test: Sequence[Row]) -> None:
    """Raise `gate.Refused` where the finished model must not take the champion's place."""
    path = run.recipe.extra_rows
    extra = frozenset(row.id for row in read_rows(path, run.taxonomy)) if path else frozenset()
    found = gate.judge(champion, built, gate.Arena(test, extra, run.recipe.gate, run.work))
    for line in summary(found.verdict, (found.old, found.new)):
        run.say(line)
    if found.verdict.outcome is not Outcome.SHIP:
        if not champion.force:
            raise gate.keep_aside(built, found, run.work)
        run.say(f"written all the same, for --force; the bundle says so: {run.target}")
    if kept := gate.keep_replaced(run.target, run.work):
        run.say(f"the model that stood in {run.target} is kept in {kept}")


def _with_teacher(run: Run, examples: list[Example]) -> list[Example]:
    """Labelled examples, and what a teacher says of them and of unlabelled text where the recipe names one."""
    if run.recipe.soft_labels:
        return _with_soft_labels(run, examples)
    if not run.recipe.teacher:
        return examples
    teacher = Inference(open_bundle(run.recipe.teacher))
    if teacher.bundle.taxonomy.reason_ids != run.taxonomy.reason_ids:
        raise XunchaError(f"{run.recipe.teacher}: the teacher knows other labels or reasons than the taxonomy.")
    run.say(f"teacher: {teacher.bundle.model_id}")
    softened = kept(run.work / "soft-rows.npz", lambda: soften(teacher, (example.text for example in examples)))
    taught = mix(examples, softened, run.recipe.teacher_share)
    if run.recipe.variants:
        near = list(variants(examples, run.recipe.variants, run.recipe.seed))
        run.say(f"variants of rows for the teacher to score: {len(near):,}")
        taught += kept(run.work / "soft-variants.npz", lambda: soften(teacher, near))
    if run.recipe.unlabelled:
        texts = list(corpus.unlabelled(run.recipe.unlabelled, run.recipe.unlabelled_per_corpus, run.recipe.seed))
        run.say(f"unlabelled texts for the teacher to score: {len(texts):,}")
        taught += kept(run.work / "soft-unlabelled.npz", lambda: soften(teacher, texts))
    return taught


def _with_soft_labels(run: Run, examples: list[Example]) -> list[Example]:
    """What a teacher said earlier, in the place of one: scores of the rows, and of texts made from them."""
    soft = soft_labels(Path(run.recipe.soft_labels))
    own = {example.text for example in examples}
    if len(next(iter(soft.values())).reasons) != len(run.taxonomy.reason_ids):
        raise XunchaError(f"{run.recipe.soft_labels}: their teacher knew other reasons than the taxonomy.")
    more = [example for text, example in soft.items() if text not in own]
    run.say(f"soft labels: {len(soft) - len(more):,} of {len(own):,} rows, {len(more):,} other texts")
    return mix_known(examples, soft, run.recipe.teacher_share) + more


def write_soft_labels(run: Run, folder: Path) -> None:
    """Write what the teacher said of the rows and of their variants; not of public texts, which are not ours."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("rows", "variants"):
        found = run.work / f"soft-{name}.npz"
        if found.is_file():
            shutil.copyfile(found, folder / f"{name}.npz")
            run.say(f"soft labels written to {folder / found.name.removeprefix('soft-')}")


def _shipped_graph(run: Run, weights: Weights, tokenizer: Tokenizer, rows: Sequence[Row]) -> onnx.ModelProto:
    if not run.recipe.int8:
        return build_graph(weights)
    texts = [row.text for row in rows[:: max(1, len(rows) // CALIBRATION_TEXTS)]]
    return build_graph(weights, observe_ranges(weights, tokenizer, texts, run.recipe.window))


def _open(folder: Path) -> Inference:
    return Inference(open_bundle(folder))


def _finish(run: Run, network: Network, fp32: Inference, built: Path, rows: corpus.Splits) -> None:
    """Calibrate on dev, verify, and write manifest, metrics, reference answers and model card into `built`."""
    labels = run.taxonomy.label_ids
    shipped = _open(built)
    texts = [row.text for row in rows["dev"]]
    truth = truth_of(rows["dev"], run.taxonomy)
    logits = shipped.logits(texts).labels.astype(np.float64)
    manifest = publish.read_manifest(built)
    points: dict[str, dict[str, Point]] = {point: {} for point in manifest["thresholds"]}
    calibrated, calibrated32 = np.empty_like(logits), np.empty_like(logits)
    logits32 = fp32.logits(texts).labels.astype(np.float64)
    for index, label in enumerate(labels):
        judged = ~np.isnan(truth[:, index])
        calibration = platt(logits[judged, index], truth[judged, index] > 0.5)
        manifest["calibration"][label] = {"slope": calibration.slope, "intercept": calibration.intercept}
        calibrated[:, index] = probabilities(logits[:, index], calibration)
        calibrated32[:, index] = probabilities(logits32[:, index], calibration)
        for point, chosen in points.items():
            chosen[label] = choose(calibrated[judged, index], truth[judged, index] > 0.5, point)
            manifest["thresholds"][point][label] = chosen[label].threshold
    manifest["evidence_thresholds"] = _evidence_thresholds(shipped, rows["dev"], run.taxonomy)
    scores = (calibrated32, calibrated, truth)
    checks = _verify(run, network, (fp32, shipped), texts, scores, manifest["thresholds"]["balanced"])
    manifest["data"] = publish.fingerprints([row for split in rows.values() for row in split], run.recipe)
    _write_files(run, built, manifest, rows, points, checks)


def _verify(
    run: Run,
    network: Network,
    graphs: tuple[Inference, Inference],
    texts: Sequence[str],
    scores: tuple[verify.Floats, verify.Floats, verify.Floats],
    thresholds: dict[str, float],
) -> verify.Verification:
    fp32, shipped = graphs
    before, after, flips = verify.check_precision(run.taxonomy.label_ids, *scores, thresholds)
    checks = verify.Verification(
        torch_to_onnx=verify.check_parity(network, fp32, texts[:200]),
        batch_invariance=verify.check_batches(shipped, texts[:300]),
        f1_fp32=before,
        f1_shipped=after,
        flipped=flips,
    )
    run.say(
        f"verified: torch to ONNX |Δp| ≤ {checks.torch_to_onnx:.1e}, "
        f"alone to batch |Δp| ≤ {checks.batch_invariance:.1e}, "
        f"dev F1 {', '.join(f'{label} {after[label]:.3f} (fp32 {before[label]:.3f})' for label in after)}"
    )
    return checks


def _write_files(
    run: Run,
    built: Path,
    manifest: dict[str, object],
    rows: corpus.Splits,
    points: dict[str, dict[str, Point]],
    checks: verify.Verification,
) -> None:
    publish.write_manifest(built, manifest)
    shipped = _open(built)
    metrics = {
        "operating_points": {p: {label: c.to_json() for label, c in chosen.items()} for p, chosen in points.items()},
        "verification": checks.to_json(),
        "splits": {
            name: card.measure(shipped, split, run.taxonomy)
            for name, split in rows.items()
            if name != "train" and split
        },
    }
    (built / "metrics.json").write_text(json.dumps(metrics, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    picked = rows["dev"][:: max(1, len(rows["dev"]) // REFERENCE_ROWS)][:REFERENCE_ROWS]
    card.write_reference(built / "reference.jsonl", shipped, picked)
    (built / "README.md").write_text(card.model_card(run.recipe, run.taxonomy, metrics, manifest), encoding="utf-8")
    publish.write_manifest(built, manifest)


def truth_of(rows: Sequence[Row], taxonomy: Taxonomy) -> verify.Floats:
    """[N, C]: 1 true, 0 false, NaN not judged."""
    values = [[row.labels.get(label) for label in taxonomy.label_ids] for row in rows]
    return np.array([[np.nan if value is None else float(value) for value in row] for row in values], np.float64)


def _evidence_thresholds(inference: Inference, rows: Sequence[Row], taxonomy: Taxonomy) -> dict[str, float]:
    """Per label, the token probability that cuts out the marked characters of true dev rows best."""
    out = {}
    for label in taxonomy.labels:
        members = [taxonomy.reason_ids.index(reason.id) for reason in label.reasons]
        true_rows = [row for row in rows if row.labels.get(label.id) and any(s.label == label.id for s in row.spans)]
        tokens = []
        for row, evidence in zip(true_rows, inference.evidence([row.text for row in true_rows]), strict=True):
            marked = np.zeros(len(row.text), bool)
            for span in row.spans:
                marked[span.start : span.end] |= span.label == label.id
            spans = [(start, end) for start, end in evidence.spans]
            probability = evidence.probabilities[:, members].max(axis=1, initial=0.0).astype(np.float64)
            truth = np.array(
                [bool(marked[start:end].mean() >= 0.5) if end > start else False for start, end in spans], bool
            )
            tokens.append((probability, truth, np.array([end - start for start, end in spans], np.int64)))
        out[label.id] = evidence_threshold(tokens)
    return out
