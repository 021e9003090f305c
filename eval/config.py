"""The schema of `configs/eval.yaml`: unknown keys and wrong types are refused before work starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

from eval.baselines import all_baselines
from tracking import Tracking

# Parts of the report beside the figures of the labels, in its order.
SECTIONS = ("spans", "behaviour", "splitter", "cost")


@dataclass
class Behaviour:
    """Of the behaviour tests."""

    cases: int = 20  # at most so many of a family


@dataclass
class Cost:
    """Of what size and speed are measured on."""

    sentences: int = 200  # about so many of our own articles


@dataclass
class EvalConfig:
    """What is evaluated, and on what."""

    artifact: str = MISSING  # an exported model directory
    others: list[str] = field(default_factory=list)  # more of them, to compare it with
    corpora: str = MISSING  # folder of the real texts
    split: str = MISSING  # split.json of a run: which articles were trained on, which held out
    part: str = "dev"  # dev: held out by the run; test: the fixed test part, for a release
    data: str | None = None  # a labelled file of your own instead of a part; its format is in --help
    real: str = "auto"  # real news: yes, no, or auto: where the corpora are there
    baselines: list[str] = field(default_factory=lambda: list(all_baselines()))  # fewer are quicker
    output: str = MISSING  # folder of metrics.json and report.html
    sections: list[str] = field(default_factory=lambda: list(SECTIONS))  # fewer are quicker; [] leaves all out
    behaviour: Behaviour = field(default_factory=Behaviour)
    cost: Cost = field(default_factory=Cost)
    resamples: int = 1000  # of articles, for the intervals
    explained: int = 40  # errors that the report shows with the words that mattered
    seed: int = 1
    tracking: Tracking = field(default_factory=Tracking)


def _measured_on(part: str, data: str | None) -> str:
    return f"data-{Path(data).stem}" if data else part


OmegaConf.register_new_resolver("measured_on", _measured_on, replace=True)
ConfigStore.instance().store(name="eval_schema", node=EvalConfig)
