"""Whether one experiment is better than another, or lucky: tests over runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

Unit = tuple[int | None, ...]  # what one run shares with a run of another experiment: seed, split, fold


@dataclass(frozen=True)
class Difference:
    """How much more one experiment reaches than another: mean, 95 % interval, p (two-sided; None: too few runs)."""

    mean: float
    low: float
    high: float
    p: float | None
    test: str


def difference(a: Mapping[Unit, float], b: Mapping[Unit, float], held_out: float = 0.0) -> Difference:
    """Test whether the mean of `a` differs from that of `b`.

    Paired over the units that both have, if there are two at least (Student's t of the differences), else
    Welch's test.

    Args:
        a: a figure for each run of one experiment.
        b: those of the other.
        held_out: sentences measured over sentences learnt from, where the pairs are measured on different splits of
            the same articles; else 0.  Their figures are not independent, and Student's variance s²/n becomes
            s² (1/n + held_out): the corrected resampled t-test (Nadeau and Bengio 2003).
    """
    common = sorted(a.keys() & b.keys(), key=str)
    if len(common) > 1:
        d = np.array([a[unit] - b[unit] for unit in common])
        error = math.sqrt(d.var(ddof=1) * (1 / len(d) + held_out))
        corrected = ", corrected for shared articles" if held_out else ""
        return _tested(d.mean(), error, len(d) - 1, f"paired over {len(d)} runs{corrected}")
    x, y = np.array(list(a.values())), np.array(list(b.values()))
    mean = float(x.mean() - y.mean())
    if min(len(x), len(y)) < 2:
        return Difference(mean, -math.inf, math.inf, None, "too few runs to tell")
    spread_x, spread_y = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    error = math.sqrt(spread_x + spread_y)
    freedom = error**4 / (spread_x**2 / (len(x) - 1) + spread_y**2 / (len(y) - 1)) if error else len(x) + len(y) - 2
    return _tested(mean, error, freedom, f"Welch, {len(x)} and {len(y)} runs")


def _tested(mean: float, error: float, freedom: float, test: str) -> Difference:
    mean = float(mean)
    if error == 0:
        return Difference(mean, mean, mean, 1.0 if mean == 0 else 0.0, test)
    half = float(stats.t.ppf(0.975, freedom)) * error
    return Difference(mean, mean - half, mean + half, float(2 * stats.t.sf(abs(mean) / error, freedom)), test)


def holm(p: Sequence[float | None]) -> list[float | None]:
    """The p-values adjusted for how many there are (Holm 1979); None stays None."""
    known = sorted((value, n) for n, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, n) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * value))
        adjusted[n] = highest
    return adjusted
