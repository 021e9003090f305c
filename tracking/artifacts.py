"""Artifacts: folders that wandb keeps by their content, and what was made from what."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracking.config import TrackingError

PREFIX = "wandb:"


def describe(kind: str, source: Path | str, metadata: Mapping[str, Any]) -> Any:
    """A `wandb.Artifact` of a folder's files, or, of what lies elsewhere, of its name and metadata.

    wandb makes a new version of the artifact `kind` only where the content is new.
    """
    import wandb

    artifact = wandb.Artifact(kind, type=kind, metadata={"source": str(source), **metadata})
    if Path(source).is_dir():
        artifact.add_dir(str(source), policy="immutable", skip_cache=True)
    else:
        with artifact.new_file("source.json") as file:
            json.dump({"source": str(source), **metadata}, file, indent=1, sort_keys=True)
    return artifact


def fetch(reference: str, kind: str, folder: Path, *, mode: str, timeout: float) -> Path:
    """The files of `wandb:ENTITY/PROJECT/NAME:ALIAS`, in `folder`; what is there already is taken as it is.

    So a run that is resumed goes on from what it began with, wherever the alias points by then.

    Raises:
        TrackingError: wandb has no such artifact of this kind, or cannot be asked.
    """
    if folder.is_dir():
        return folder
    name = reference.removeprefix(PREFIX)
    remedy = f"With a network, `wandb artifact get {name}` fetches it: then give its folder"
    if mode == "offline":
        raise TrackingError(f"{reference}: tracking.mode=offline asks no server. {remedy}")
    import wandb

    try:
        if not wandb.login(prompt=False, verify=False):
            raise TrackingError(f"{reference}: no key: `wandb login` keeps one, or WANDB_API_KEY gives it")
        artifact = wandb.Api(timeout=round(timeout)).artifact(name)
        if artifact.type != kind:
            raise TrackingError(f"{reference}: is of type {artifact.type}, and a {kind} is needed")
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        artifact.download(root=str(partial))
    except TrackingError:
        raise
    except Exception as error:  # of whatever class: those of wandb have no common one
        raise TrackingError(f"{reference}: cannot be had from wandb ({error}). {remedy}") from error
    return partial.rename(folder)
