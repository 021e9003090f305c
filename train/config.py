"""The schema of `configs/train.yaml`: unknown keys and wrong types are refused before work starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from tracking import Tracking


@dataclass
class Data:
    """What is learnt from, and what is held out."""

    corpora: str = MISSING  # folder of the real texts
    own: bool = True  # the articles written for this project
    real: str = "auto"  # yes, no, or auto: where the corpora are there
    folds: int = 5
    fold: int | None = 0  # the one held out; null: none, for a release
    split_by: str = "story"  # story or outlet
    split_seed: int = MISSING
    train_on: str = "both"  # learn from both parts, or from the own or the real articles alone
    share: float = 1.0  # of the articles to learn from: for a learning curve; smaller shares are parts of larger ones
    weak: int = 0  # learn from so many sentences labelled by rule instead of those labelled by hand
    limit: int | None = None  # at most so many sentences a part, for a dry run


@dataclass
class Encoder:
    """Where the encoder comes from, and how its input is laid out."""

    path: str = MISSING  # a local folder or a hub name
    allow_code_of: str | None = None  # run the Python code in this hub repository, if `path` is the same name
    random_weights: bool = False  # its shape alone: training from scratch
    max_length: int = 128
    context_tokens: int = 32
    rules: bool = True  # what the hand-written rules say is evidence; not where it is what is to be learnt
    ngrams: bool = True  # a linear model of n-grams beside the network
    dropout: float = 0.0  # on hidden states and on what is pooled; a CPU takes long over it, and one epoch needs none


@dataclass
class Optimisation:
    """How the classifier is fitted."""

    epochs: float = 1.0  # so that `make train` takes minutes; what a second brings is in eval/LOG.md
    batch_size: int = 32
    learning_rate: float = 4e-4
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    rates: list[float] | None = None  # of the labels in use (order: isnad.LABELS); null: as in what is learnt from
    checkpoint_every: int = 100  # steps


@dataclass
class TrainConfig:
    """Everything that one fine-tuning run depends on."""

    data: Data = field(default_factory=Data)
    encoder: Encoder = field(default_factory=Encoder)
    optimisation: Optimisation = field(default_factory=Optimisation)
    tracking: Tracking = field(default_factory=Tracking)
    output: str = MISSING  # the run's folder; an unfinished run in it goes on
    seed: int = 1
    precision: str = "auto"  # auto, fp32, bf16; auto takes bf16 where the hardware computes in it


ConfigStore.instance().store(name="train_schema", node=TrainConfig)
