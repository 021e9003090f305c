"""Figures of a classifier; pure functions of gold labels, predicted labels and probabilities."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, confusion_matrix, matthews_corrcoef, precision_recall_fscore_support

from isnad.labels import LABELS


def classification_metrics(gold: Sequence[str], predicted: Sequence[str]) -> dict[str, Any]:
    """Score predictions against gold labels, sentence by sentence.

    Args:
        gold: one label a sentence.
        predicted: as many.

    Returns:
        `macro_f1` (mean of the four F1, a class without gold or prediction counting 0), `accuracy`,
        `mcc` (Matthews correlation of four classes), `kappa` (Cohen's; both 0 where one label is all
        there is), `per_class` (precision, recall, f1, support for each label), `confusion` (4 × 4: row
        gold, column predicted, in the order of `isnad.LABELS`).

    Raises:
        ValueError: the two differ in length, or are empty.
    """
    if len(gold) != len(predicted) or not gold:
        raise ValueError(f"{len(gold)} gold labels and {len(predicted)} predicted ones: need as many, and some")
    names = [label.value for label in LABELS]
    precision, recall, f1, support = precision_recall_fscore_support(gold, predicted, labels=names, zero_division=0)
    with warnings.catch_warnings():  # of a single label on both sides, which is answered below
        warnings.simplefilter("ignore")
        kappa = cohen_kappa_score(gold, predicted, labels=names)
        mcc = matthews_corrcoef(gold, predicted)
    return {
        "macro_f1": float(f1.mean()),
        "accuracy": sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold),
        "mcc": float(mcc),
        "kappa": float(np.nan_to_num(kappa)),
        "per_class": {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
            for name, p, r, f, n in zip(names, precision, recall, f1, support, strict=True)
        },
        "confusion": confusion_matrix(gold, predicted, labels=names).tolist(),
    }


def _ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b > 0)


def confusion_metrics(confusion: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """The figures of `classification_metrics` for many confusion matrices at once.

    Args:
        confusion: (…, 4, 4), rows gold.

    Returns:
        `macro_f1`, `accuracy`, `mcc`, `kappa` of shape (…); `precision`, `recall`, `f1` of shape (…, 4).
    """
    total = confusion.sum(axis=(-2, -1))
    hits = np.einsum("...ii->...i", confusion)
    gold, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    f1 = _ratio(2 * hits, gold + predicted)
    right, chance = hits.sum(axis=-1), (gold * predicted).sum(axis=-1)
    spread_of = [total**2 - (side**2).sum(axis=-1) for side in (gold, predicted)]
    return {
        "macro_f1": f1.mean(axis=-1),
        "accuracy": _ratio(right, total),
        "mcc": _ratio(right * total - chance, np.sqrt(spread_of[0] * spread_of[1])),
        "kappa": _ratio(right * total - chance, total**2 - chance),
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, gold),
        "f1": f1,
    }


def average_precision(
    gold: NDArray[np.int64], probabilities: NDArray[np.float64], weights: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Average precision of each label against the rest, as scikit-learn defines it, for many weightings at once.

    Args:
        gold: indices into `LABELS`, (sentences,).
        probabilities: (sentences, 4).
        weights: how often each sentence counts, (draws, sentences); None: once each.

    Returns:
        Of shape (draws, 4), or (4,) without weights; nan for a label that no sentence has.
    """
    weighted = np.ones((1, len(gold))) if weights is None else weights
    figures = np.empty((len(weighted), len(LABELS)))
    for label in range(len(LABELS)):
        order = np.argsort(-probabilities[:, label], kind="stable")
        score = probabilities[order, label]
        thresholds = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)  # the last sentence of each tie
        w = weighted[:, order]
        found = np.cumsum(w * (gold[order] == label), axis=1)[:, thresholds]
        precision = _ratio(found, np.cumsum(w, axis=1)[:, thresholds])
        gained = np.diff(found, axis=1, prepend=0)
        with np.errstate(invalid="ignore"):
            figures[:, label] = (gained * precision).sum(axis=1) / found[:, -1]
    return figures[0] if weights is None else figures


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation, the latter where there are two values at least."""
    return f"{statistics.mean(values):.3f}" + (f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else "")


def over_seeds(systems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation, of n - 1, of macro-F1 and each label's F1 over the runs of one experiment.

    Args:
        systems: `classification_metrics` of two runs at least, on the same sentences.
    """

    def both(values: Sequence[float]) -> dict[str, float]:
        return {"mean": statistics.mean(values), "deviation": statistics.stdev(values)}

    return {
        "runs": len(systems),
        "macro_f1": both([system["macro_f1"] for system in systems]),
        "f1": {label: both([s["per_class"][label]["f1"] for s in systems]) for label in systems[0]["per_class"]},
    }
