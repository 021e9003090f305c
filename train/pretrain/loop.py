"""The pretraining loop: next-token prediction, causal first and masked then, the head on predicted positions only.

A run killed at any moment goes on from its last checkpoint with the same batches, the same optimiser
state and so the same losses.  Checkpoints are safetensors and JSON, written beside and moved in place.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm
from transformers import BertForMaskedLM

from tracking import Tracker
from train.hardware import pick_device, use_bf16
from train.pretrain.config import PretrainConfig
from train.pretrain.data import IGNORED, Batch, Packer

log = logging.getLogger(__name__)


def learning_rate(step: int, peak: float, steps: int, warmup: int, decay: int) -> float:
    """Learning rate of a step (from 0): linear warm-up, constant, linear decay to zero at `steps`."""
    return peak * min(1.0, (step + 1) / max(1, warmup), (steps - step) / max(1, decay))


def next_token_loss(model: BertForMaskedLM, batch: Batch, device: torch.device, bf16: bool) -> Tensor:
    """Mean cross-entropy (nats) over the positions that have a label; the head computes those alone."""
    labels = batch.labels.to(device, non_blocking=True)
    rows, length = labels.shape
    seen = torch.ones(length, length, dtype=torch.bool, device=device).tril().expand(rows, 1, length, length)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
        hidden = model.bert(
            input_ids=batch.input_ids.to(device, non_blocking=True),
            token_type_ids=batch.token_type_ids.to(device, non_blocking=True),
            attention_mask=seen if batch.causal else None,
        ).last_hidden_state
        chosen = labels != IGNORED
        logits = model.cls(hidden[chosen])
    return functional.cross_entropy(logits.float(), labels[chosen])


class Pretrainer:
    """One run: its model, its optimiser, its place on disk."""

    def __init__(self, config: PretrainConfig, model: BertForMaskedLM, train: Packer, held_out: Packer) -> None:
        self.config, self.train_batches, self.held_out = config, train, held_out
        self.device = pick_device(config.device)
        self.bf16 = use_bf16(config.precision, self.device)
        self.model = model.to(self.device)
        decayed = [p for p in model.parameters() if p.ndim >= 2]
        plain = [p for p in model.parameters() if p.ndim < 2]
        o = config.optimisation
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": o.weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=o.learning_rate, betas=(0.9, 0.98), eps=1e-6, fused=True,
        )  # fmt: skip
        self.folder = Path(config.output)
        self.step = 0
        if config.compile:
            self.model.bert.compile()

    def run(self, tracker: Tracker | None = None) -> list[dict[str, float]]:
        """Train to the last step; returns the history, which is also in `history.jsonl`."""
        o = self.config.optimisation
        history: list[dict[str, float]] = []
        tracker = tracker or Tracker()
        for row in self._resume():
            tracker.log(_named(row), int(row["step"]))
        bar = tqdm(total=o.steps, initial=self.step, unit="step", mininterval=5)
        tokens_per_step = o.rows * self.config.encoder.length
        running, since, at = 0.0, self.step, time.perf_counter()
        while self.step < o.steps:
            rate = learning_rate(self.step, o.learning_rate, o.steps, o.warmup_steps, o.decay_steps)
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            running += self.train_step(self.step)
            self.step += 1
            bar.update()
            if self.step % 50 == 0 or self.step == o.steps:
                speed = (self.step - since) * tokens_per_step / (time.perf_counter() - at)
                row = {
                    "step": self.step, "loss": running / (self.step - since), "lr": rate,
                    "gradient_norm": float(self.gradient_norm), "tokens_per_second": speed,
                }  # fmt: skip
                bar.set_postfix_str(f"loss {row['loss']:.3f}, {speed:,.0f} tokens/s")
                running, since, at = 0.0, self.step, time.perf_counter()
                if self.step % self.config.evaluate_every == 0 or self.step == o.steps:
                    row |= self.evaluate()
                    log.info("step %d: %s", self.step, ", ".join(f"{k} {v:.4f}" for k, v in row.items() if "held" in k))
                    at = time.perf_counter()
                history.append(row)
                tracker.log(_named(row), self.step)
                with (self.folder / "history.jsonl").open("a") as file:
                    file.write(json.dumps(row) + "\n")
            if self.step % self.config.checkpoint_every == 0 or self.step == o.steps:
                self._save()
        bar.close()
        return history

    def train_step(self, step: int) -> float:
        """Learn from the batch of a step; returns its loss (nats)."""
        loss = next_token_loss(self.model, self.train_batches.batch(step), self.device, self.bf16)
        loss.backward()
        self.gradient_norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.optimisation.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()

    @torch.no_grad()
    def evaluate(self, batches: int = 12) -> dict[str, float]:
        """Loss (nats) of both kinds on held-out text, always the same batches."""
        self.model.eval()
        half = self.held_out.causal_steps  # the held-out batches are causal up to here, masked after
        count = min(batches, half)
        numbers = {"held_out_causal": range(count), "held_out_masked": range(half, half + count)}
        losses = {name: float(np.mean([self._held_out_loss(i) for i in steps])) for name, steps in numbers.items()}
        self.model.train()
        return losses

    def _held_out_loss(self, step: int) -> float:
        return next_token_loss(self.model, self.held_out.batch(step), self.device, self.bf16).item()

    def _save(self) -> None:
        tensors = {f"model.{name}": value for name, value in self.model.named_parameters()}
        for number, (_, state) in enumerate(sorted(self.optimizer.state_dict()["state"].items())):
            tensors |= {f"optimizer.{number}.{key}": torch.as_tensor(value) for key, value in state.items()}
        partial, final = self.folder / "checkpoint.partial", self.folder / "checkpoint"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        save_file({k: v.detach().contiguous().cpu() for k, v in tensors.items()}, partial / "state.safetensors")
        (partial / "state.json").write_text(json.dumps({"step": self.step}))
        previous = self.folder / "checkpoint.previous"
        shutil.rmtree(previous, ignore_errors=True)
        if final.exists():
            final.rename(previous)
        partial.rename(final)

    def _resume(self) -> list[dict[str, float]]:
        """Load the last checkpoint, if there is one; returns the history up to it."""
        for name in ("checkpoint", "checkpoint.previous"):  # the second if killed between two renames
            folder = self.folder / name
            if (folder / "state.json").exists():
                break
        else:
            return []
        tensors = load_file(folder / "state.safetensors", device=str(self.device))
        parameters = dict(self.model.named_parameters())
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(tensors[f"model.{name}"])
        optimizer: dict[str, Any] = self.optimizer.state_dict()
        optimizer["state"] = {
            number: {key: tensors[f"optimizer.{number}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
            for number in range(len(parameters))
        }
        self.optimizer.load_state_dict(optimizer)
        self.step = json.loads((folder / "state.json").read_text())["step"]
        log.info("going on from step %d", self.step)
        history = self.folder / "history.jsonl"
        rows = [json.loads(line) for line in history.open()] if history.exists() else []
        kept = [row for row in rows if row["step"] <= self.step]  # those after the checkpoint will be written again
        history.write_text("".join(json.dumps(row) + "\n" for row in kept))
        return kept


def _named(row: dict[str, float]) -> dict[str, float]:
    return {f"pretrain/{name}": value for name, value in row.items() if name != "step"}
