"""The Trainer's figures, passed on to a tracker under the names of `python -m train`."""

from __future__ import annotations

import time
from typing import Any

from transformers import TrainerCallback

from tracking import Tracker


class TrainerLog(TrainerCallback):
    """Logs dev figures as `dev/…`, all others as `train/…`, throughput among them."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._since, self._at = 0, time.perf_counter()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Log again what was logged before the checkpoint that training goes on from."""
        for row in state.log_history:
            self._tracker.log(_named({k: v for k, v in row.items() if k != "step"}), row["step"])
        self._since, self._at = state.global_step, time.perf_counter()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Log a row of the Trainer's log; rows of training with the sentences learnt from in a second."""
        row = dict(logs or {})
        now = time.perf_counter()
        if "loss" in row and state.global_step > self._since:
            sentences = (state.global_step - self._since) * args.train_batch_size * args.gradient_accumulation_steps
            row["sentences_per_second"] = sentences * args.world_size / (now - self._at)
        self._since, self._at = state.global_step, now
        self._tracker.log(_named(row), state.global_step)


def _named(row: dict[str, float]) -> dict[str, float]:
    return {f"dev/{k[5:]}" if k.startswith("eval_") else f"train/{k}": v for k, v in row.items()}
