"""Exact and partial agreement of spans, with intervals: the definitions of MUC and SemEval 2013 (task 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.bootstrap import Resamples, interval
from seeds.corpus import Offsets

WAYS = ("exact", "partial")
Counts = tuple[float, float, int, int]


def count(gold: Sequence[Offsets], found: Sequence[Offsets]) -> Counts:
    """Hits, exact and partial (half a hit for an overlap that is not exact), spans found, and spans that are there.

    The spans of each side are one sentence's, none overlapping another.
    """
    exact = len(set(gold) & set(found))
    overlapping = sum(any(a < d and c < b for c, d in gold) for a, b in found if (a, b) not in gold)
    return exact, exact + 0.5 * overlapping, len(found), len(gold)


def _f1(hits: NDArray[np.float64], found: NDArray[np.float64], gold: NDArray[np.float64]) -> NDArray[np.float64]:
    """The harmonic mean of precision and recall; nan where nothing is there, nor found."""
    return np.divide(2 * hits, found + gold, out=np.full_like(hits, np.nan), where=found + gold > 0)


def agreement(counts: Sequence[Counts], resamples: Resamples) -> dict[str, Any]:
    """Figures of spans from the `count` of each sentence.

    Returns:
        For `exact` and `partial`: `precision`, `recall`, `f1`, its 95 % `interval` over the draws, and `spans`, how
        many there are.
    """
    table = np.array(counts, dtype=float)
    total, drawn = table.sum(axis=0), resamples.totals(table)
    return {
        way: {
            "precision": float(total[n] / max(total[2], 1)),
            "recall": float(total[n] / max(total[3], 1)),
            "f1": float(2 * total[n] / max(total[2] + total[3], 1)),
            "interval": interval(_f1(drawn[:, n], drawn[:, 2], drawn[:, 3])),
            "spans": int(total[3]),
        }
        for n, way in enumerate(WAYS)
    }
