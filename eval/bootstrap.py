"""The bootstrap over articles: every interval of the suite comes from draws of whole articles.

Sentences of one article resemble each other, so whole articles are drawn, with replacement (cluster
bootstrap: Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x); resampling sentences would
make the intervals too narrow.  A draw is a vector of weights, so 1,000 of them are one matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from isnad.labels import LABELS

Interval = tuple[float, float]
_AT_ONCE = 2_000_000  # weights in memory


class Resamples:
    """Draws of the articles that sentences are of; the same draws serve every system, so differences are paired.

    Args:
        articles: for each sentence the article that it is of.
        draws: how many times as many articles are drawn as there are.
        seed: of the draws.
    """

    def __init__(self, articles: Sequence[str], draws: int, seed: int) -> None:
        names, self._article = np.unique(np.asarray(articles, dtype=object).astype(str), return_inverse=True)
        count = len(names)
        rng = np.random.default_rng(seed)
        self._weights = rng.multinomial(count, np.full(count, 1 / count), size=draws)

    def sentence_weights(self) -> Iterator[NDArray[np.int64]]:
        """How often each sentence is in each draw, (draws, sentences), some draws at a time to spare memory."""
        step = max(1, _AT_ONCE // len(self._article))
        for start in range(0, len(self._weights), step):
            yield self._weights[start : start + step, self._article]

    def totals(self, values: ArrayLike) -> NDArray[np.float64]:
        """Sums over the sentences of each draw, (draws, …), of values of shape (sentences, …)."""
        values = np.asarray(values, dtype=float)
        per_article = np.zeros((self._weights.shape[1], *values.shape[1:]))
        np.add.at(per_article, self._article, values)
        return np.tensordot(self._weights, per_article, axes=1)

    def means(self, values: ArrayLike, among: ArrayLike | None = None) -> NDArray[np.float64]:
        """The mean of one value a sentence in each draw, (draws,), `among` those marked if given; nan for none."""
        chosen = np.ones(len(self._article)) if among is None else np.asarray(among, dtype=float)
        total, count = self.totals(np.stack([np.asarray(values) * chosen, chosen], axis=1)).T
        return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)

    def confusions(self, gold: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.float64]:
        """The confusion matrix of each draw, (draws, 4, 4), rows gold, from indices into `LABELS`."""
        return self.totals(one_hot(gold)[:, :, None] * one_hot(predicted)[:, None, :])


def one_hot(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Indicators of shape (sentences, 4)."""
    return np.eye(len(LABELS))[labels]


def interval(values: NDArray[np.float64]) -> Interval | None:
    """The 95 % percentile interval of a figure over draws; None where no draw has one."""
    if np.isnan(values).all():
        return None
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def share_interval(hits: int, sentences: int, draws: NDArray[np.float64]) -> Interval:
    """The 95 % interval of a share, also where it is near 0 or 1 and the sentences are few.

    Wilson's interval at the effective sample size, `sentences` over the design effect (Dean and Pagano
    2015, doi:10.1093/jssam/smv024); a percentile interval of all hits would be 1 to 1.

    Args:
        hits: how many sentences have the property.
        sentences: of how many, at least one.
        draws: the share in draws of articles; its variance gives the design effect, taken as 1 at least.
    """
    share = hits / sentences
    by_chance = share * (1 - share) / sentences
    variance = float(np.nanvar(draws)) if not np.isnan(draws).all() else by_chance
    effect = max(1.0, variance / by_chance) if by_chance else 1.0
    found = binomtest(round(hits / effect), max(1, round(sentences / effect)))
    low, high = found.proportion_ci(method="wilson")
    return float(low), float(high)
