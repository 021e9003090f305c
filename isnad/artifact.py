"""A model directory: `model.onnx`, `tokenizer.json` and `config.json`, which names and checks the others.

Nothing in it is code.  `config.json` is written last, so a directory without it is a half-written one.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isnad.encoding import Layout
from isnad.labels import LABELS

FORMAT = 2
MODEL, TOKENIZER, CONFIG = "model.onnx", "tokenizer.json", "config.json"


class ArtifactError(ValueError):
    """A model directory cannot be used; the message says which file, why, and what to do."""


@dataclass(frozen=True, slots=True)
class ArtifactConfig:
    """What `config.json` holds.

    Attributes:
        layout: how the input is laid out.
        inputs: the graph's inputs, of `input_ids`, `attention_mask`, `token_type_ids`, `rule`, `hints`.
        temperature: the logits are divided by it before the softmax (Guo et al. 2017).
        provenance: what made the model: run, commit, data hash, seed; for people, not for code.
    """

    layout: Layout
    inputs: tuple[str, ...]
    temperature: float = 1.0
    provenance: dict[str, Any] = field(default_factory=dict)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_config(directory: Path, config: ArtifactConfig) -> None:
    """Seal a directory that holds the model and the tokenizer: write its `config.json`, atomically."""
    content = {
        "format": FORMAT,
        "labels": [label.value for label in LABELS],
        **asdict(config),
        "sha256": {name: file_hash(directory / name) for name in (MODEL, TOKENIZER)},
    }
    partial = directory / (CONFIG + ".partial")
    partial.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
    partial.replace(directory / CONFIG)


def _check_values(config: ArtifactConfig) -> None:
    if any(type(value) is not int or value < 0 for value in asdict(config.layout).values()):
        raise ValueError("layout holds something else than whole numbers")
    if not (math.isfinite(config.temperature) and config.temperature > 0):
        raise ValueError(f"temperature {config.temperature} is not positive")


def check_graph(config: ArtifactConfig, inputs: Sequence[str], outputs: Sequence[str], vocabulary: int) -> None:
    """Check a loaded graph and tokenizer against their configuration.

    Args:
        config: what `config.json` holds.
        inputs: names of the graph's inputs.
        outputs: names of the graph's outputs.
        vocabulary: tokens that the tokenizer knows.

    Raises:
        ValueError: they do not belong together.
    """
    if sorted(inputs) != sorted(config.inputs):
        raise ValueError(f"the graph takes {', '.join(inputs)}, and {CONFIG} says {', '.join(config.inputs)}")
    if missing := {"logits", "spans"} - set(outputs):
        raise ValueError(f"the graph gives {', '.join(outputs)}, and no {', '.join(sorted(missing))}")
    if max(config.layout.cls, config.layout.sep, config.layout.pad) >= vocabulary:
        raise ValueError(f"{CONFIG} names special tokens beyond the tokenizer's {vocabulary}")


def read_config(directory: Path) -> ArtifactConfig:
    """Read and check a model directory.

    Raises:
        ArtifactError: a file is missing, damaged, of another format, or not the one that was sealed.
    """
    path = directory / CONFIG
    if not directory.is_dir():
        raise ArtifactError(f"{directory}: no such model directory")
    if not path.exists():
        raise ArtifactError(
            f"{path} is missing: this is no model directory, or its export did not finish; export it again"
        )
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format"] != FORMAT:
            raise ArtifactError(
                f"{path}: format {content['format']}, and this version of isnad reads {FORMAT}; "
                "install the version that made it, or export it again"
            )
        if content["labels"] != [label.value for label in LABELS]:
            raise ArtifactError(f"{path}: labels {content['labels']} are not isnad's four")
        config = ArtifactConfig(
            Layout(**content["layout"]),
            tuple(content["inputs"]),
            float(content["temperature"]),
            content["provenance"],
        )
        _check_values(config)
        hashes = {name: content["sha256"][name] for name in (MODEL, TOKENIZER)}
    except ArtifactError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArtifactError(f"{path} is damaged ({type(error).__name__}: {error}); get the model again") from error
    for name, expected in hashes.items():
        if not (directory / name).exists():
            raise ArtifactError(f"{directory / name} is missing; get the model again")
        if file_hash(directory / name) != expected:
            raise ArtifactError(
                f"{directory / name} is not the file that {CONFIG} was written for "
                "(SHA-256 differs): damaged, truncated or mixed up; get the model again"
            )
    return config
