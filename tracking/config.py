"""The `tracking` part of every program's configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

MODES = ("disabled", "offline", "online")


class TrackingError(ValueError):
    """What is asked of Weights & Biases cannot be had; the message says why, and what to do."""


@dataclass
class Tracking:
    """Weights & Biases: what is logged there, and as what."""

    mode: str = "disabled"  # disabled, offline or online; online goes on offline where there is no key or no network
    entity: str | None = None  # null: the account's own
    project: str = "isnad"
    group: str | None = None  # null: the experiment, which is all of the config but seed, fold, output and tracking
    sweep: str | None = None  # the sweep that the run is a point of; null: under `-m`, the folder of that command
    tags: list[str] = field(default_factory=list)  # beside seed-…, fold-… and sweep-…
    aliases: list[str] = field(default_factory=list)  # of the artifacts made, beside latest: released, say
    # The sentences of real news are not ours to pass on.  false: the table of predictions and the report show
    # the text of our own articles alone, and of real ones the id and the offsets.  true: where the server is yours.
    text: bool = False
    timeout: float = 30.0  # seconds that a run waits for wandb at most, when it starts and again when it ends


def check_mode(tracking: Tracking) -> None:
    """Refuse a mode that there is not.

    Raises:
        TrackingError: `tracking.mode` is not disabled, offline or online.
    """
    if tracking.mode not in MODES:
        raise TrackingError(f"tracking.mode={tracking.mode!r}: choose one of {', '.join(MODES)}")
