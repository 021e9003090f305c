"""The schema of `configs/train.yaml`: unknown keys and wrong types are refused before work starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from tracking import Tracking


@dataclass
class Augment:
    """Shares of what is learnt from that each epoch sees changed, its labels kept (train/augment.py); 0: none."""

    swap_marks: float = 0.0  # of the articles: « » becomes “ ” or " ", and these « »
    drop_marks: float = 0.0  # of the sentences whose label does without their quotation marks
    drop_cues: float = 0.0  # of the sentences whose quotation marks do without a verb of saying


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
    only: list[str] = field(default_factory=list)  # of real articles learn from those whose ids begin so; empty: all
    share: float = 1.0  # of the articles to learn from: for a learning curve; smaller shares are parts of larger ones
    weak: int = 0  # learn from so many sentences labelled by rule instead of those labelled by hand
    limit: int | None = None  # at most so many sentences a part, for a dry run
    augment: Augment = field(default_factory=Augment)


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
    batch_size: int = 32  # sentences a step, of all processes and pieces together
    accumulation: int = 1  # pieces that a batch is computed in, where memory is short
    checkpointing: bool = False  # compute the encoder's activations twice instead of keeping them
    find_batch_size: bool = False  # try smaller batches when memory runs out
    learning_rate: float = 4e-4
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.01
    layer_decay: float = 1.0  # learning rate of each layer of the encoder over that of the layer above it
    label_smoothing: float = 0.0
    focal: float = 0.0  # γ of the focal loss; 0: cross-entropy
    r_drop: float = 0.0  # weight of the divergence between two passes; needs encoder.dropout
    span_weight: float = 0.8  # of the loss of cue and source beside that of the label
    rates: list[float] | None = None  # of the labels in use (order: isnad.LABELS); null: as in what is learnt from
    checkpoint_every: int = 100  # steps


@dataclass
class Distill:
    """Learning from the averaged probabilities of trained models as well as from gold labels (train/distill.py)."""

    teachers: list[str] = field(default_factory=list)  # model folders of finished runs; none: gold labels alone
    unlabelled: int = 0  # sentences of unlabelled news to learn beside the labelled ones
    gold: float = 0.5  # weight of the gold labels, where there are any, against the teachers
    temperature: float = 1.0  # of teachers and learner in their part of the loss


@dataclass
class TrainConfig:
    """Everything that one fine-tuning run depends on."""

    data: Data = field(default_factory=Data)
    encoder: Encoder = field(default_factory=Encoder)
    optimisation: Optimisation = field(default_factory=Optimisation)
    distill: Distill = field(default_factory=Distill)
    tracking: Tracking = field(default_factory=Tracking)
    output: str = MISSING  # the run's folder; an unfinished run in it goes on
    seed: int = 1
    precision: str = "auto"  # auto, fp32, bf16; auto takes bf16 where the hardware computes in it
    temperature: float | None = None  # what logits are divided by in use; null: fitted on dev, 1 without a dev part


def check_values(config: TrainConfig) -> None:
    """Refuse values that have the right type and still cannot be used.

    Raises:
        ValueError: says which, and what to do.
    """
    d, o = config.distill, config.optimisation
    shares = {
        f"data.augment.{name}": getattr(config.data.augment, name) for name in ("swap_marks", "drop_marks", "drop_cues")
    }
    for name, share in (shares | {"distill.gold": d.gold}).items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name}={share}: a share, from 0 to 1")
    for name, value in (("temperature", config.temperature), ("distill.temperature", d.temperature)):
        if value is not None and value <= 0:
            raise ValueError(f"{name}={value}: more than 0")
    if o.r_drop and not config.encoder.dropout:
        raise ValueError(f"optimisation.r_drop={o.r_drop} compares two draws of dropout: set encoder.dropout above 0")
    if d.unlabelled and not d.teachers:
        raise ValueError(f"distill.unlabelled={d.unlabelled} sentences, and no distill.teachers to label them")
    if d.teachers and o.label_smoothing:
        raise ValueError("optimisation.label_smoothing beside distill.teachers: the teachers smooth the labels")


ConfigStore.instance().store(name="train_schema", node=TrainConfig)
