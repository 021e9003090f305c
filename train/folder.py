"""A run's folder: one run in it and no other, so that going on with it is safe."""

from __future__ import annotations

from pathlib import Path


class RunError(ValueError):
    """The run's folder holds another run."""


def claim_folder(folder: Path, config: str) -> None:
    """Make the folder and keep the resolved config in it.

    Raises:
        RunError: a run with another config is in the folder.
    """
    record = folder / "config.yaml"
    if record.exists() and record.read_text("utf-8") != config:
        raise RunError(f"{folder} holds a run with another config ({record}): choose another output=")
    folder.mkdir(parents=True, exist_ok=True)
    record.write_text(config, "utf-8")
