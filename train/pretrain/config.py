"""The schema of `configs/pretrain.yaml`: unknown keys and wrong types are refused before work starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from tracking import Tracking


@dataclass
class Text:
    """Which text to read."""

    corpora: str = MISSING
    files: list[str] = field(default_factory=lambda: ["news.jsonl.xz"])
    only: list[str] = field(default_factory=list)  # id prefixes to keep; empty: all
    documents: int | None = None  # at most so many, for a dry run


@dataclass
class Encoder:
    """Shape of the network and of its vocabulary; or an encoder to go on with, whose shape and vocabulary it keeps."""

    path: str | None = None
    vocabulary_size: int = 16_000
    layers: int = 4
    width: int = 256
    heads: int = 4
    length: int = 128  # tokens in a window; also the number of position embeddings


@dataclass
class Optimisation:
    """Schedule: linear warm-up, constant, then linear decay to zero (WSD; Hu et al. 2024)."""

    steps: int = 8_000
    rows: int = 16  # windows in a batch
    causal: float = 0.7  # share of the steps, the first ones, that predict each token from those before it
    predicted: float = 0.5  # share of the tokens that a causal step predicts: the head is dear, the signal dense
    masked: float = 0.2  # share of the tokens that any other step masks
    learning_rate: float = 1e-3
    warmup_steps: int = 300
    decay_steps: int = 2_500
    weight_decay: float = 0.01
    clip: float = 1.0


@dataclass
class PretrainConfig:
    """Everything that one pretraining run depends on."""

    text: Text = field(default_factory=Text)
    encoder: Encoder = field(default_factory=Encoder)
    optimisation: Optimisation = field(default_factory=Optimisation)
    tracking: Tracking = field(default_factory=Tracking)
    output: str = MISSING  # the run's folder; an unfinished run in it goes on
    seed: int = 1
    device: str = "auto"  # auto, cpu, cuda
    precision: str = "auto"  # auto, fp32, bf16; auto takes bf16 where the hardware computes in it
    compile: bool = False  # torch.compile
    checkpoint_every: int = 250  # steps
    evaluate_every: int = 500  # steps


ConfigStore.instance().store(name="pretrain_schema", node=PretrainConfig)
