"""Figures of a classifier, from scikit-learn; pure functions of gold and predicted labels."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from isnad.labels import LABELS


def classification_metrics(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, Any]:
    """Score predictions against gold labels, sentence by sentence.

    Args:
        gold: one label a sentence.
        predicted: as many.

    Returns:
        `macro_f1` (mean of the four F1, a class without gold or prediction counting 0), `accuracy`,
        `per_class` (precision, recall, f1, support for each label), `confusion` (4 × 4: row gold,
        column predicted, in the order of `isnad.LABELS`).

    Raises:
        ValueError: the two differ in length, or are empty.
    """
    if len(gold) != len(predicted) or not gold:
        raise ValueError(f"{len(gold)} gold labels and {len(predicted)} predicted ones: need as many, and some")
    names = [label.value for label in LABELS]
    precision, recall, f1, support = precision_recall_fscore_support(gold, predicted, labels=names, zero_division=0)
    return {
        "macro_f1": float(f1.mean()),
        "accuracy": sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold),
        "per_class": {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
            for name, p, r, f, n in zip(names, precision, recall, f1, support, strict=True)
        },
        "confusion": confusion_matrix(gold, predicted, labels=names).tolist(),
    }


def macro_f1_interval(
    gold: Sequence[str], predicted: Sequence[str], articles: Sequence[str], *, resamples: int, seed: int
) -> tuple[float, float]:
    """95 % interval of macro-F1, by the percentile bootstrap over articles.

    Sentences of one article resemble each other, so whole articles are drawn (Field and Welsh 2007,
    cluster bootstrap); resampling sentences would make the interval too narrow.

    Args:
        gold: one label a sentence.
        predicted: as many.
        articles: the article that each sentence is of.
        resamples: how many times the articles are drawn.
        seed: of the draws.
    """
    names = {label.value: i for i, label in enumerate(LABELS)}
    index = {article: i for i, article in enumerate(dict.fromkeys(articles))}
    counts = np.zeros((len(index), len(names), len(names)))
    for article, g, p in zip(articles, gold, predicted, strict=True):
        counts[index[article], names[g], names[p]] += 1
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(index), np.full(len(index), 1 / len(index)), size=resamples)
    confusions = np.tensordot(draws, counts, axes=1)
    true = np.einsum("nii->ni", confusions)
    found = confusions.sum(axis=1) + confusions.sum(axis=2)
    f1 = np.divide(2 * true, found, out=np.zeros_like(true), where=found > 0)
    low, high = np.percentile(f1.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation, the latter where there are two values at least."""
    return f"{statistics.mean(values):.3f}" + (f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else "")
