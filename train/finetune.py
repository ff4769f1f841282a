"""Fine-tuning: examples in, trained network out. transformers' Trainer does the machinery."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.metrics import average_precision_score, precision_recall_curve
from tokenizers import Tokenizer
from torch import Tensor
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from xuncha.train.attack import Attacker
from xuncha.train.collate import Collator
from xuncha.train.examples import Example
from xuncha.train.network import Network
from xuncha.train.recipe import Recipe
from xuncha.train.surroundings import Surroundings
from xuncha.train.watch import Watch, loggers

TARGETS = ["label_targets"]
WHOLE = "whole"


def finetune(
    recipe: Recipe,
    network: Network,
    tokenizer: Tokenizer,
    train: Sequence[Example],
    dev: Sequence[Example],
    work: Path,
    watch: Watch,
) -> Network:
    """Train `network` in place and return it; checkpoints under `work` make a killed run go on where it was."""
    arguments = _arguments(recipe, work, watch.report_to)
    attacker = Attacker(recipe.attack, recipe.attack_clean) if recipe.attack or recipe.attack_clean else None
    surround = Surroundings(train) if recipe.surroundings else None
    collator = Collator(tokenizer, recipe.max_length, attacker, surround, recipe.surroundings, recipe.seed)
    callbacks: list[TrainerCallback] = [_EpochOf(collator)]
    average = WeightAverage(recipe.weight_average) if recipe.weight_average else None
    if average:
        callbacks.append(average)
    if recipe.patience:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=recipe.patience))
    callbacks += [*watch.callbacks(network.heads.labels), _MarkWhole()]
    trainer = _Trainer(
        model=network,
        args=arguments,
        train_dataset=as_dataset(train),
        eval_dataset=as_dataset(dev) if dev else None,
        data_collator=collator,
        compute_metrics=dev_metrics,
        preprocess_logits_for_metrics=lambda logits, _: logits[0] if isinstance(logits, tuple) else logits,
        callbacks=callbacks,
        optimizers=(_optimizer(recipe, network), None),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.examples = {"train": train, "dev": dev}
    trainer.evaluation_collator = Collator(tokenizer, recipe.max_length)
    trainer.train(resume_from_checkpoint=str(last) if (last := last_checkpoint(work)) else None)
    if average:
        average.write_into(network)
    return network.eval()


class _Trainer(Trainer):  # type: ignore[misc]
    """Trainer over examples kept in memory; evaluation never attacks its texts."""

    examples: dict[str, Sequence[Example]]
    evaluation_collator: Collator
    data_collator: Any

    def get_train_dataloader(self) -> Any:
        training = self.data_collator
        self.data_collator = _Lookup(training, self.examples["train"])
        try:
            return super().get_train_dataloader()
        finally:
            self.data_collator = training

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        training = self.data_collator
        self.data_collator = _Lookup(self.evaluation_collator, self.examples["dev"])
        try:
            return super().get_eval_dataloader(eval_dataset)
        finally:
            self.data_collator = training

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:
        outputs = model(**inputs)
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]


class _Lookup:
    def __init__(self, collator: Collator, examples: Sequence[Example]) -> None:
        self.collator, self.examples = collator, examples

    def __call__(self, items: Sequence[dict[str, int]]) -> dict[str, Tensor]:
        return self.collator([{"example": self.examples[item["number"]], "number": item["number"]} for item in items])


class _EpochOf(TrainerCallback):  # type: ignore[misc]
    def __init__(self, collator: Collator) -> None:
        self.collator = collator

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.collator.epoch = round(state.epoch or 0)


class _MarkWhole(TrainerCallback):  # type: ignore[misc]
    """Marks a checkpoint once all of it is written; stands last, since callbacks write into it too."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:  # which writes the checkpoint; another one may be ahead of it
            (_checkpoint(args, state) / WHOLE).touch()


class WeightAverage(TrainerCallback):  # type: ignore[misc]
    """Exponential moving average of the weights; the mean of many steps is steadier than the last one."""

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.mean: dict[str, Tensor] | None = None

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Move the mean towards the weights after this step."""
        decay = min(self.decay, (1 + state.global_step) / (10 + state.global_step))
        weights = {k: v for k, v in model.state_dict().items() if v.is_floating_point()}
        if self.mean is None:
            self.mean = {name: value.detach().clone() for name, value in weights.items()}
            return
        for name, value in weights.items():
            self.mean[name].lerp_(value.detach().to(self.mean[name].dtype), 1 - decay)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep the mean beside the checkpoint."""
        if state.is_world_process_zero:
            torch.save(self.mean, _checkpoint(args, state) / "mean.pt")

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Take up the mean of the checkpoint that a run goes on from."""
        path = _checkpoint(args, state) / "mean.pt"
        if path.exists():
            self.mean = torch.load(path, weights_only=True)

    def write_into(self, network: Network) -> None:
        """Replace the network's weights by their mean."""
        if self.mean is not None:
            network.load_state_dict({**network.state_dict(), **self.mean})


def as_dataset(examples: Sequence[Example]) -> Dataset:
    """Row numbers and lengths; the collator looks the examples up (their targets are ragged arrays)."""
    return Dataset.from_dict({"number": list(range(len(examples))), "length": [len(e.text) for e in examples]})


def dev_metrics(prediction: EvalPrediction) -> dict[str, float]:
    """Mean best F1 and mean average precision over the labels, on judged rows."""
    logits, targets = np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
    best, area = [], []
    for label in range(targets.shape[1]):
        judged = ~np.isnan(targets[:, label])
        truth, score = targets[judged, label] > 0.5, logits[judged, label]
        if truth.any() and not truth.all():
            precision, recall, _ = precision_recall_curve(truth, score)
            best.append(float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-9))))
            area.append(float(average_precision_score(truth, score)))
    out = {f"f1_{i}": value for i, value in enumerate(best)}
    return {"f1": float(np.mean(best or [0.0])), "ap": float(np.mean(area or [0.0])), **out}


def bf16_available() -> bool:
    """Whether this machine computes bf16 in hardware (GPU, or CPU with AVX512-BF16 / AMX)."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


def _checkpoint(args: Any, state: Any) -> Path:
    """The folder of the checkpoint of this step."""
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"


def last_checkpoint(work: Path) -> Path | None:
    """The newest whole checkpoint under `work`, or None. A kill may leave one that is half written, and unmarked."""
    found = [p for p in work.glob("checkpoint-*") if (p / WHOLE).exists()]
    return max(found, key=lambda p: int(re.sub(r"\D", "", p.name)), default=None)


def _arguments(recipe: Recipe, work: Path, report_to: str) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=64,
        gradient_accumulation_steps=recipe.gradient_accumulation,
        learning_rate=recipe.learning_rate,
        warmup_steps=recipe.warmup,
        lr_scheduler_type="linear",
        weight_decay=recipe.weight_decay,
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        bf16=recipe.bf16 and bf16_available(),
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        # Two: the last but one is whole while the last is being written.
        save_total_limit=2,
        load_best_model_at_end=bool(recipe.patience),
        metric_for_best_model="f1",
        logging_steps=10,
        disable_tqdm=True,  # `Watch` shows the progress
        report_to=loggers(report_to, work.parent),
        label_names=TARGETS,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def _optimizer(recipe: Recipe, network: Network) -> torch.optim.Optimizer:
    groups: dict[tuple[bool, bool], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        groups.setdefault((name.startswith("encoder."), parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": recipe.learning_rate if encoder else recipe.head_learning_rate,
                "weight_decay": recipe.weight_decay if decays else 0.0,
            }
            for (encoder, decays), parameters in groups.items()
        ],
        fused=True,
    )
