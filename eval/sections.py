"""The parts of a report beside the figures of the labels: who said it, behaviour, sentence splitter, cost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.config import SECTIONS, EvalConfig
from eval.material import Material
from eval.suite import MODEL, Evaluation
from isnad import Classifier

log = logging.getLogger("eval")


@dataclass(frozen=True)
class Measured:
    """What a section may look at; `paths` are the directories of `models`."""

    config: EvalConfig
    models: Mapping[str, Classifier]
    paths: Mapping[str, str]
    material: Material
    evaluation: Evaluation


def _spans(m: Measured) -> dict[str, Any]:
    from eval.spans import who_said_it

    if not m.material.held_out:
        return {"left_out": "The lines of a labelled file say nothing of cue and source, so these cannot be measured."}
    return who_said_it(
        m.models[MODEL], m.material.held_out, m.evaluation.answers, draws=m.config.resamples, seed=m.config.seed
    )


def _behaviour(m: Measured) -> dict[str, Any]:
    from eval.behaviour import run

    return run(m.models[MODEL], cases=m.config.behaviour.cases, seed=m.config.seed, examples=3, progress=True)


def _splitter(m: Measured) -> dict[str, Any]:
    from eval.splitter import passages, run

    return run(passages(Path(m.config.corpora), real=m.config.real))


def _cost(m: Measured) -> dict[str, Any]:
    from eval.cost import measure_all

    headline = next(iter(m.evaluation.results["groups"].values()))
    return measure_all(m.paths, m.evaluation.fitted, headline["systems"], sentences=m.config.cost.sentences)


_MEASURE: dict[str, Callable[[Measured], dict[str, Any]]] = {
    "spans": _spans, "behaviour": _behaviour, "splitter": _splitter, "cost": _cost,
}  # fmt: skip


def check_sections(names: Sequence[str]) -> None:
    """Refuse what is no section.

    Raises:
        ValueError: a name is wrong; the message has the right ones.
    """
    if unknown := sorted(set(names) - set(SECTIONS)):
        raise ValueError(f"sections: {', '.join(unknown)}: choose from {', '.join(SECTIONS)}")


def measure_sections(measured: Measured) -> dict[str, Any]:
    """Measure the sections that the configuration asks for, in the report's order.

    Returns:
        The figures of each, as its module tells them; for one that cannot be measured `left_out`, the reason:
        a library that is not installed ends no evaluation.
    """
    found = {}
    for name in SECTIONS:
        if name in measured.config.sections:
            log.info("measuring %s", name)
            try:
                found[name] = _MEASURE[name](measured)
            except ImportError as error:
                found[name] = {"left_out": f"Not measured: {error}"}
    return found
