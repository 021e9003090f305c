"""Do the probabilities mean what they say? Reliability, temperature scaling, risk against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from eval.bootstrap import Resamples, interval

BINS = 15  # of equal width, as in Guo et al. 2017
COVERAGES = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
_TEMPERATURES = (0.05, 20.0)
_LEAST = 1e-9  # a probability of 0 has no logarithm
_FEWEST = 20  # sentences to fit a temperature on, in two articles at least

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def reliability(confidence: Floats, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Bins of confidence that hold a sentence: `sentences`, mean `confidence`, `accuracy`."""
    number = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)  # each holds its upper bound
    return [
        {
            "sentences": int((number == n).sum()),
            "confidence": float(confidence[number == n].mean()),
            "accuracy": float(right[number == n].mean()),
        }
        for n in np.unique(number)
    ]


def calibration_error(bins: Sequence[dict[str, float]]) -> float:
    """Expected calibration error (Guo et al. 2017): |accuracy − confidence|, weighted by sentences."""
    total = sum(b["sentences"] for b in bins)
    return sum(b["sentences"] * abs(b["accuracy"] - b["confidence"]) for b in bins) / total


def log_loss(probabilities: Floats, gold: Indices) -> float:
    """Mean negative logarithm of the probability of the right label."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(gold)), gold], _LEAST)).mean())


def rescale(probabilities: Floats, temperature: float) -> Floats:
    """The probabilities that the same logits give at this temperature (they are known but for a constant)."""
    return np.asarray(softmax(np.log(np.maximum(probabilities, _LEAST)) / temperature, axis=1))


def fit_temperature(probabilities: Floats, gold: Indices) -> float:
    """The temperature with the least log loss (Guo et al. 2017)."""
    logits, rows = np.log(np.maximum(probabilities, _LEAST)), np.arange(len(gold))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[rows, gold].mean())

    return float(np.exp(minimize_scalar(loss, bounds=np.log(_TEMPERATURES), method="bounded").x))


def scaled_out_of_sample(probabilities: Floats, gold: Indices, articles: Sequence[str], seed: int) -> Floats | None:
    """Each sentence's probabilities at the temperature that was fitted on the half of the articles it is not in.

    None where there are too few sentences to fit on.
    """
    names, article = np.unique(np.asarray(articles, dtype=object).astype(str), return_inverse=True)
    second = np.random.default_rng(seed).permutation(len(names))[article] % 2 == 1
    if min(second.sum(), (~second).sum()) < _FEWEST:
        return None
    scaled = np.empty_like(probabilities)
    for half in (second, ~second):
        scaled[half] = rescale(probabilities[half], fit_temperature(probabilities[~half], gold[~half]))
    return scaled


def risk_coverage(confidence: Floats, right: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Share of errors (risk) among the most certain sentences, for each share of sentences kept (coverage).

    Geifman and El-Yaniv 2017.  Sentences of one confidence are kept in no order: each counts their mean error.
    """
    _, level = np.unique(-confidence, return_inverse=True)
    errors = (np.bincount(level, ~right) / np.bincount(level))[np.sort(level)]
    kept = np.arange(1, len(right) + 1)
    return kept / len(right), np.cumsum(errors) / kept


def calibration(
    probabilities: Floats, gold: Indices, articles: Sequence[str], resamples: Resamples, seed: int
) -> dict[str, Any]:
    """How far the probabilities can be trusted.

    Args:
        probabilities: (sentences, 4).
        gold: indices into `LABELS`, (sentences,).
        articles: the article that each sentence is of.
        resamples: draws of those articles.
        seed: of the halves that the temperature is fitted and measured on.

    Returns:
        `before` and `after` temperature scaling, the latter on articles that it was not fitted on
        (None for few sentences): `ece`, `log_loss`, `overconfidence` (mean confidence − accuracy) with
        its `interval`, `bins`.  `temperature`: the best for all sentences, relative to the one in use.
        `risk_coverage`: `area` under the curve, the area of the `best` order and of `none`, and
        `risk_at` some coverages.
    """
    right = probabilities.argmax(axis=1) == gold

    def describe(p: Floats) -> dict[str, Any]:
        confidence = p.max(axis=1)
        bins = reliability(confidence, right)
        return {
            "ece": calibration_error(bins),
            "log_loss": log_loss(p, gold),
            "overconfidence": float((confidence - right).mean()),
            "interval": interval(resamples.means(confidence - right)),
            "bins": bins,
        }

    scaled = scaled_out_of_sample(probabilities, gold, articles, seed)
    coverage, risk = risk_coverage(probabilities.max(axis=1), right)
    return {
        "before": describe(probabilities),
        "after": None if scaled is None else describe(scaled),
        "temperature": None if scaled is None else fit_temperature(probabilities, gold),
        "risk_coverage": {
            "area": float(risk.mean()),
            "best": float(risk_coverage(right.astype(float), right)[1].mean()),
            "none": float(1 - right.mean()),
            "risk_at": {str(c): float(risk[np.searchsorted(coverage, c - 1e-9)]) for c in COVERAGES},
        },
    }
