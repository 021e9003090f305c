"""Let models and baselines label sentences, and score what they say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eval.baselines import Baseline, all_baselines
from eval.bootstrap import Resamples, interval
from eval.items import Item
from eval.metrics import average_precision, classification_metrics, confusion_metrics
from isnad import Classifier, Prediction
from isnad.labels import LABELS

_AT_ONCE = 1024  # sentences between two steps of the progress bar


@dataclass(frozen=True)
class System:
    """What one system says of the sentences: indices into `LABELS`, and probabilities (sentences, 4) if it has any."""

    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64] | None = None

    def on(self, rows: NDArray[np.int64]) -> System:
        """What it says of some of the sentences."""
        return System(self.predicted[rows], None if self.probabilities is None else self.probabilities[rows])


def indices(labels: Sequence[str]) -> NDArray[np.int64]:
    """Labels as indices into `LABELS`."""
    order = {label.value: n for n, label in enumerate(LABELS)}
    return np.array([order[label] for label in labels], dtype=np.int64)


def label_by_model(classifier: Classifier, items: Sequence[Item], name: str) -> tuple[System, list[Prediction], float]:
    """What a model says of the items, in figures and whole, and how many sentences a second it labels."""
    classifier.load()
    answers: list[Prediction] = []
    began = time.perf_counter()
    with tqdm(total=len(items), desc=name, unit=" sentences") as bar:
        for start in range(0, len(items), _AT_ONCE):
            part = items[start : start + _AT_ONCE]
            answers += classifier.classify([i.text for i in part], [i.context for i in part])
            bar.update(len(part))
    speed = len(items) / (time.perf_counter() - began)
    probabilities = np.array([[answer.probabilities[label] for label in LABELS] for answer in answers])
    return System(probabilities.argmax(axis=1), probabilities), answers, speed


def label_by_baseline(name: str, train: Sequence[Item], items: Sequence[Item]) -> tuple[System, Baseline]:
    """What a baseline says of the items, having learnt from `train`; and the baseline, fitted."""
    baseline = all_baselines()[name]
    baseline.fit([i.text for i in train], [i.label.value for i in train])
    return System(indices(baseline.predict([i.text for i in items], [i.context for i in items]))), baseline


def score(system: System, gold: NDArray[np.int64], resamples: Resamples) -> dict[str, Any]:
    """`classification_metrics` and average precision of a system, with 95 % intervals.

    Returns:
        As `classification_metrics`, with `average_precision` for each label that is there and in the mean
        (None for a system without probabilities), `interval` of macro-F1, and `intervals` of all figures.
    """
    figures = classification_metrics([LABELS[g].value for g in gold], [LABELS[p].value for p in system.predicted])
    draws = confusion_metrics(resamples.confusions(gold, system.predicted))
    intervals: dict[str, Any] = {name: interval(draws[name]) for name in ("macro_f1", "accuracy", "mcc", "kappa")}
    intervals["per_class"] = {
        label.value: {name: interval(draws[name][:, n]) for name in ("precision", "recall", "f1")}
        for n, label in enumerate(LABELS)
    }
    figures |= {"average_precision": None, "interval": intervals["macro_f1"], "intervals": intervals}
    if system.probabilities is not None:
        point = average_precision(gold, system.probabilities)
        parts = [average_precision(gold, system.probabilities, w) for w in resamples.sentence_weights()]
        there = np.flatnonzero(np.bincount(gold, minlength=len(LABELS)))
        figures["average_precision"] = float(point[there].mean())
        intervals["average_precision"] = interval(np.concatenate(parts)[:, there].mean(axis=1))
        for n in there:
            figures["per_class"][LABELS[n].value]["average_precision"] = float(point[n])
            intervals["per_class"][LABELS[n].value]["average_precision"] = interval(np.concatenate(parts)[:, n])
    return figures
