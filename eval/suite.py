"""Evaluate models and baselines on the same held-out sentences; all figures in one structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.baselines import Baseline, all_baselines
from eval.bootstrap import Resamples
from eval.calibration import calibration
from eval.ceiling import second_pass
from eval.errors import worst
from eval.items import GROUPS, Item
from eval.paired import compare
from eval.slices import cue_word, slices
from eval.systems import System, indices, label_by_baseline, label_by_model, score
from isnad import Classifier, Prediction
from isnad.labels import LABELS

MODEL = "model"
MOST_ERRORS = 200  # kept in the figures


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        results: all figures, of JSON types and without any text of an article: what `metrics.json` holds.
        measured: the sentences.
        gold: their labels, as indices into `LABELS`.
        systems: what each system says of them; `MODEL` is the one that the report is about.
        answers: all that the model says of them.
        fitted: the baselines, as they have learnt.
        headline: rows of the first group that is there: calibration and comparisons are measured on it.
        errors: rows that the model has wrong, in the order of `results["errors"]`.
        differ: for each other model, rows of the headline on which it differs, in the order of `results["differ"]`.
    """

    results: dict[str, Any]
    measured: Sequence[Item]
    gold: NDArray[np.int64]
    systems: Mapping[str, System]
    answers: Sequence[Prediction]
    fitted: Mapping[str, Baseline]
    headline: NDArray[np.int64]
    errors: Sequence[int]
    differ: Mapping[str, Sequence[int]]


def _articles(items: Sequence[Item], rows: NDArray[np.int64]) -> list[str]:
    return [items[n].article for n in rows]


def _label(system: System, row: int) -> str:
    return LABELS[system.predicted[row]].value


def _ceiling(passes: Sequence[tuple[Item, str, str]], draws: int, seed: int) -> dict[str, Any] | None:
    """Figures of the annotator's second pass measured on its first; None where nothing was labelled twice."""
    if not passes:
        return None
    items, first, second = zip(*passes, strict=True)
    resamples = Resamples([item.article for item in items], draws, seed)
    return score(System(indices(second)), indices(first), resamples) | {"sentences": len(items)}


def evaluate(
    models: Mapping[str, Classifier],
    train: Sequence[Item],
    measured: Sequence[Item],
    *,
    baselines: Sequence[str],
    resamples: int,
    seed: int,
    labelled_twice: Sequence[Item] = (),
) -> Evaluation:
    """Score models and baselines.

    Args:
        models: the artifacts, as users call them; the one named `MODEL` is looked into, the others compared to it.
        train: the sentences that the model was trained on; the baselines learn from them.
        measured: the sentences to score on.
        baselines: names of those of `all_baselines` to score beside the models.
        resamples: draws of articles for the intervals.
        seed: of those draws.
        labelled_twice: where to look for sentences with two labels, for the annotator's own consistency.

    Returns:
        `results`: `groups` (for each group of sentences that is there `sentences`, `articles`, each system's
        `score` in `systems`, and the annotator's in `ceiling`), `slices`, `calibration`, `comparisons` (of the
        model with each other system), `differ` (for each other model, the sentences on which it differs),
        `errors`, `sentences_per_second`, and `sections`, empty: `eval.sections` fills it.

    Raises:
        ValueError: a baseline is unknown.
    """
    if unknown := set(baselines) - all_baselines().keys():
        raise ValueError(f"baselines: {', '.join(sorted(unknown))}: choose from {', '.join(all_baselines())}")
    gold = indices([item.label.value for item in measured])
    labelled = {name: label_by_model(classifier, measured, name) for name, classifier in models.items()}
    learnt = {name: label_by_baseline(name, train, measured) for name in baselines}
    systems = {name: found[0] for name, found in (labelled | learnt).items()}
    _, answers, speed = labelled[MODEL]
    passes = second_pass(labelled_twice)
    groups: dict[str, Any] = {}
    members = {g: np.flatnonzero([belongs(item.sampling) for item in measured]) for g, belongs in GROUPS.items()}
    for group, rows in members.items():
        if len(rows):
            draws = Resamples(_articles(measured, rows), resamples, seed)
            groups[group] = {
                "sentences": len(rows),
                "articles": len(set(_articles(measured, rows))),
                "systems": {name: score(system.on(rows), gold[rows], draws) for name, system in systems.items()},
                "ceiling": _ceiling([p for p in passes if GROUPS[group](p[0].sampling)], resamples, seed),
            }
    rows = members[next(iter(groups))]
    articles, model = _articles(measured, rows), systems[MODEL]
    draws = Resamples(articles, resamples, seed)
    errors = worst(measured, gold, model.probabilities, MOST_ERRORS)
    differ = {
        name: [int(n) for n in rows if model.predicted[n] != systems[name].predicted[n]]
        for name in models
        if name != MODEL
    }
    results = {
        "groups": groups,
        "slices": slices(
            measured, gold, model.predicted, Resamples([i.article for i in measured], resamples, seed),
            {cue for item in train if (cue := cue_word(item))} if train else None,
        ),
        "calibration": calibration(model.probabilities[rows], gold[rows], articles, draws, seed),
        "comparisons": {
            name: compare(gold[rows], model.predicted[rows], system.predicted[rows], articles, draws)
            for name, system in systems.items()
            if name != MODEL
        },
        "differ": {
            name: [
                measured[n].identity
                | {"gold": measured[n].label.value, "model": _label(model, n), "other": _label(systems[name], n)}
                for n in found
            ]
            for name, found in differ.items()
        },
        "errors": [stored for _, stored in errors],
        "sentences_per_second": speed,
        "sections": {},
    }  # fmt: skip
    fitted = {name: baseline for name, (_, baseline) in learnt.items()}
    return Evaluation(results, measured, gold, systems, answers, fitted, rows, [n for n, _ in errors], differ)
