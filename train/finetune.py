"""Fit the classifier with `transformers.Trainer`, from its start or from where a killed run stopped."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset
from transformers import EvalPrediction, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from eval.metrics import classification_metrics
from isnad.labels import LABELS
from train.config import Optimisation, TrainConfig
from train.data import Collator, Example
from train.hardware import pick_device, use_bf16
from train.model import SentenceClassifier
from train.processes import join_processes
from train.trainer import ClassifierTrainer

log = logging.getLogger(__name__)


def _metrics(prediction: EvalPrediction) -> dict[str, float]:
    labels = [label.value for label in LABELS]
    gold = [labels[i] for i in prediction.label_ids]
    predicted = [labels[i] for i in np.asarray(prediction.predictions).argmax(-1)]
    metrics = classification_metrics(gold, predicted)
    return {"macro_f1": metrics["macro_f1"]} | {f"f1_{k}": v["f1"] for k, v in metrics["per_class"].items()}


def piece(o: Optimisation, processes: int) -> int:
    """Sentences that one process computes at once, so that a step is `batch_size` of them whatever computes it.

    Raises:
        ValueError: the batch cannot be cut into equal pieces.
    """
    size, rest = divmod(o.batch_size, o.accumulation * processes)
    if rest or not size:
        raise ValueError(
            f"optimisation.batch_size={o.batch_size} is no multiple of "
            f"optimisation.accumulation={o.accumulation} times {processes} processes"
        )
    return size


def training_arguments(config: TrainConfig, folder: Path, *, evaluate: bool) -> TrainingArguments:
    """The Trainer's arguments; length-grouped batches waste little on padding."""
    o = config.optimisation
    device = pick_device("auto")
    return TrainingArguments(
        output_dir=str(folder),
        use_cpu=device.type == "cpu",
        num_train_epochs=o.epochs,
        per_device_train_batch_size=piece(o, join_processes().num_processes),
        gradient_accumulation_steps=o.accumulation,
        auto_find_batch_size=o.find_batch_size,
        per_device_eval_batch_size=64,
        learning_rate=o.learning_rate,
        warmup_steps=o.warmup,
        weight_decay=o.weight_decay,
        lr_scheduler_type="linear",
        bf16=use_bf16(config.precision, device),
        eval_strategy="epoch" if evaluate else "no",
        save_strategy="steps",
        save_steps=o.checkpoint_every,
        save_total_limit=1,
        logging_steps=20,
        seed=config.seed,
        data_seed=config.seed,
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def finetune(
    config: TrainConfig,
    model: SentenceClassifier,
    collator: Collator,
    train: list[Example] | Dataset[Example],
    dev: list[Example],
    folder: Path,
    callbacks: list[TrainerCallback],
) -> list[dict[str, float]]:
    """Train `model` in place; returns the Trainer's log.

    The last epoch's weights are taken, not the best on dev: choosing by dev would flatter dev.
    Checkpoints go to `folder`; where one is already there, training goes on from it.

    Raises:
        ValueError: a batch that cannot be shared out.
    """
    o = config.optimisation
    if o.checkpointing:
        model.encoder.gradient_checkpointing_enable({"use_reentrant": False})
    trainer = ClassifierTrainer(
        o,
        config.distill,
        model=model,
        args=training_arguments(config, folder, evaluate=bool(dev)),
        data_collator=collator,
        train_dataset=train,
        # Those of like length together: little padding.
        eval_dataset=sorted(dev, key=lambda example: len(example["input_ids"])) or None,
        compute_metrics=_metrics,
        preprocess_logits_for_metrics=lambda outputs, _: outputs[0],  # the pointers would fill the memory
        callbacks=callbacks,
    )
    checkpoint = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    if checkpoint:
        log.info("going on from %s", checkpoint)
    trainer.train(resume_from_checkpoint=checkpoint)
    return trainer.state.log_history
