"""What a run is: its experiment, its code, its data, its machine, under names that stay the same."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Keys that tell the runs of one experiment apart: of seeds, of folds, of places.
RUN_KEYS = ("seed", "data/fold", "data/split_seed", "data/corpora", "text/corpora", "output")
LIBRARIES = ("torch", "transformers", "tokenizers", "onnxruntime", "numpy", "scikit-learn", "hydra-core", "wandb")


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """One level of keys, joined by `/`, which filters take as it is; of a dot wandb advises against."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        name = f"{prefix}{key}"
        flat |= flatten(value, f"{name}/") if isinstance(value, Mapping) else {name: value}
    return flat


def experiment_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a flat config the seeds and folds of one experiment share."""
    return {k: v for k, v in sorted(config.items()) if k not in RUN_KEYS and not k.startswith("tracking/")}


def experiment(job_type: str, config: Mapping[str, Any]) -> str:
    """The name of an experiment: its job, and eight digits of the SHA-256 of what its runs share."""
    kept = json.dumps(experiment_keys(config), sort_keys=True, default=str)
    return f"{job_type}-{hashlib.sha256(kept.encode()).hexdigest()[:8]}"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.rstrip("\n")


def code_state() -> dict[str, Any]:
    """`commit`, and `dirty`: whether the files differ from it; empty and False outside of git."""
    return {"commit": _git("rev-parse", "HEAD"), "dirty": bool(_git("status", "--porcelain"))}


def code_diff() -> str:
    """How the tracked files differ from the commit, as a patch."""
    return _git("diff", "HEAD", "--binary")


def hash_folder(folder: Path) -> str:
    """SHA-256 of the names and contents of a folder's files, first 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def hash_source(source: str) -> str:
    """The hash of a folder, or, of what lies elsewhere (on a hub), of its name."""
    path = Path(source)
    return hash_folder(path) if path.is_dir() else hashlib.sha256(source.encode()).hexdigest()[:16]


def environment() -> dict[str, Any]:
    """The machine (`host/…`) and the versions of what computes (`version/…`; null where not installed)."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            versions[library] = None
    host = {"name": platform.node(), "system": platform.platform(), "cpus": os.cpu_count(), "gpu": _gpu()}
    return flatten({"host": host, "version": versions})


def _gpu() -> str | None:
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return ", ".join(listed.stdout.split("\n")).strip(", ") or None
