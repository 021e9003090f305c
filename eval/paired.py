"""Is one system better than another? Both are judged on the same sentences, and on the same draws of articles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, chi2
from sklearn.metrics import confusion_matrix

from eval.bootstrap import Resamples, interval
from eval.metrics import confusion_metrics
from isnad.labels import LABELS

Indices = NDArray[np.int64]
_FIGURES = ("macro_f1", "accuracy", "mcc")


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact test of McNemar (1947), sentences taken as independent of each other: its p.

    Args:
        only_first: sentences that the first system alone has right.
        only_second: and the second alone.
    """
    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def clustered_mcnemar(
    first_right: NDArray[np.bool_], second_right: NDArray[np.bool_], articles: Sequence[str]
) -> float:
    """McNemar's test for sentences that come in articles: its p.

    With d the surplus of sentences that the first system alone has right, article by article, (Σd)² / Σd² is χ²
    of one degree of freedom where neither is better; with one sentence an article it is McNemar's own statistic.
    As Durkalski et al. 2003 (doi:10.1002/sim.1438), save that every sentence counts the same, not every article.
    """
    _, article = np.unique(np.asarray(articles, dtype=object).astype(str), return_inverse=True)
    surplus = np.bincount(article, first_right.astype(float) - second_right)
    if not (surplus**2).sum():
        return 1.0
    return float(chi2.sf(surplus.sum() ** 2 / (surplus**2).sum(), df=1))


def compare(
    gold: Indices, first: Indices, second: Indices, articles: Sequence[str], resamples: Resamples
) -> dict[str, Any]:
    """The first system against the second.

    Args:
        gold: indices into `LABELS`, (sentences,).
        first: what the first system says, likewise.
        second: what the second says.
        articles: the article that each sentence is of.
        resamples: draws of those articles.

    Returns:
        `effect`: first − second of macro-F1, accuracy, Matthews correlation and the F1 of each label, each
        `value` with its `interval` (paired bootstrap over articles); `only_first_right`, `only_second_right`,
        `both_wrong_differently`: sentences; `mcnemar` and `mcnemar_by_article`: p.
    """
    matrices = (confusion_matrix(gold, p, labels=range(len(LABELS))) for p in (first, second))
    one, other = (confusion_metrics(matrix.astype(float)) for matrix in matrices)
    draws, other_draws = (confusion_metrics(resamples.confusions(gold, p)) for p in (first, second))
    effect = {
        name: {"value": float(one[name] - other[name]), "interval": interval(draws[name] - other_draws[name])}
        for name in _FIGURES
    }
    for n, label in enumerate(LABELS):
        effect[label.value] = {
            "value": float(one["f1"][n] - other["f1"][n]),
            "interval": interval(draws["f1"][:, n] - other_draws["f1"][:, n]),
        }
    first_right, second_right = first == gold, second == gold
    only_first, only_second = int((first_right & ~second_right).sum()), int((second_right & ~first_right).sum())
    return {
        "effect": effect,
        "only_first_right": only_first,
        "only_second_right": only_second,
        "both_wrong_differently": int(((first != second) & ~first_right & ~second_right).sum()),
        "mcnemar": mcnemar(only_first, only_second),
        "mcnemar_by_article": clustered_mcnemar(first_right, second_right, articles),
    }
