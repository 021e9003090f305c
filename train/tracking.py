"""Tell Weights & Biases about a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from transformers import TrainerCallback

log = logging.getLogger(__name__)
MODES = ("disabled", "offline", "online")


@dataclass
class Tracking:
    """Weights & Biases: a part of every program's configuration."""

    mode: str = "disabled"  # disabled, offline or online
    project: str = "isnad"
    group: str | None = None
    tags: list[str] = field(default_factory=list)


class Tracker(TrainerCallback):
    """Passes what the Trainer logs on to a wandb run, or to nothing."""

    def __init__(self, run: Any | None = None) -> None:
        self._run = run

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        """Log the Trainer's figures, those of evaluation under `dev/`, the others under `train/`."""
        named = {f"dev/{k[5:]}" if k.startswith("eval_") else f"train/{k}": v for k, v in (logs or {}).items()}
        self.log(named, state.global_step)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Log figures of one step."""
        if self._run is not None and values:
            self._run.log(dict(values), step=step)

    def summarise(self, values: Mapping[str, Any]) -> None:
        """Set figures of the whole run."""
        if self._run is not None:
            self._run.summary.update(dict(values))


@contextmanager
def track(tracking: Tracking, job_type: str, config: Any, folder: Path, record: Mapping[str, Any]) -> Iterator[Tracker]:
    """Open a wandb run for the length of a run whose whole configuration is `config`.

    Raises:
        ValueError: `tracking.mode` is not disabled, offline or online.
    """
    if tracking.mode not in MODES:
        raise ValueError(f"tracking.mode={tracking.mode!r}: choose one of {', '.join(MODES)}")
    if tracking.mode == "disabled":
        yield Tracker()
        return
    import wandb

    with wandb.init(
        project=tracking.project, mode=tracking.mode, dir=folder, name=folder.name, job_type=job_type,
        group=tracking.group, tags=list(tracking.tags), reinit="finish_previous",
        config={**OmegaConf.to_container(config, resolve=True), "record": dict(record)},
    ) as run:  # fmt: skip
        yield Tracker(run)
    if tracking.mode == "offline":
        log.info("to upload this run: wandb sync %s", folder / "wandb" / "latest-run")
