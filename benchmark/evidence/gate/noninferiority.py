"""New minus old by the spread of old replicates: its one-sided ends, and the drop they could see.

The spread is that of the history, not of the few new replicates. A method's number in a replicate
is its mean over cells, and replicates are what varies: cells of one replicate share their random
numbers, so a spread pooled over cells as if they were independent would be too small for it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from benchmark.evidence.statistics import layout
from benchmark.evidence.statistics.intervals import pooled_sd

Kind: TypeAlias = Literal["pass", "regression", "could not measure", "inconclusive"]

ENOUGH = 10
"""Old replicates from which a cell is judged by a spread of its own."""
POWER = 0.8
_QUANTILES = 200
"""Midpoint quantiles of s over which the power is averaged."""


@dataclass(frozen=True)
class Spread:
    """Of replicates, from the history."""

    sd: float
    """Points."""
    df: float


@dataclass(frozen=True)
class Change:
    """New minus old."""

    new_mean: float
    old_mean: float
    error: float
    """Standard error, points."""
    df: float
    sd: float
    """Of replicates, points."""
    new: int
    """Replicates."""
    old: int
    """Replicates."""

    @property
    def estimate(self) -> float:
        """New minus old, points: below 0 is a drop."""
        return self.new_mean - self.old_mean

    @property
    def p(self) -> float:
        """Of a change as low or lower if there were none: one-sided."""
        if self.error == 0:
            return 1.0 if self.estimate >= 0 else 0.0
        tail = layout.t_tail(self.estimate / self.error, self.df)
        return tail if self.estimate < 0 else 1 - tail

    def low(self, alpha: float) -> float:
        """Return the lower one-sided 1 - alpha end, points."""
        return self.estimate - self._half(alpha)

    def high(self, alpha: float) -> float:
        """Return the upper one-sided 1 - alpha end, points."""
        return self.estimate + self._half(alpha)

    def _half(self, alpha: float) -> float:
        return -_quantile(alpha, self.df) * self.error


def _quantile(alpha: float, df: float) -> float:
    # an alpha or a p of 1e-300 leaves a level that has no quantile
    return layout.t_quantile(max(layout.level(alpha), 1e-12), df)


def own_spread(old: Sequence[float]) -> Spread | None:
    """Return the spread of one row of replicates; None for fewer than two."""
    if len(old) < 2:
        return None
    return Spread(float(np.std(old, ddof=1)), len(old) - 1)


def cell_spread(old: Sequence[float], of_method: Sequence[Sequence[float]]) -> Spread | None:
    """Return a cell's spread: its own from ten replicates, else pooled over its method's cells.

    Args:
        old: (R,) of the cell.
        of_method: (R_c,) of each of the method's cells, this one among them.
    """
    if len(old) >= ENOUGH:
        return own_spread(old)
    several = [scores for scores in of_method if len(scores) > 1]
    return Spread(*pooled_sd(several)) if several else None


def change(new: Sequence[float], old: Sequence[float], spread: Spread) -> Change:
    """Return new minus old with the error that the history gives it.

    Args:
        new: (N,) replicates, one or more, percent.
        old: (M,) replicates, one or more, percent.
        spread: of replicates.
    """
    error = spread.sd * math.sqrt(1 / len(new) + 1 / len(old))
    means = float(np.mean(new)), float(np.mean(old))
    return Change(*means, error, spread.df, spread.sd, len(new), len(old))


def power(drop: float, seen: Change, margin: float, alpha: float) -> float:
    """Return the chance that a true drop is called a regression.

    It is if the estimate is below -margin and below -t s k, k s its error: averaged over the law
    of s, with the sd as estimated taken for the true one.

    Args:
        drop: true, points.
        seen: gives sd, df and replicates.
        margin: points.
        alpha: of the upper end.
    """
    from scipy.special import ndtr

    if seen.error == 0:
        return float(drop > margin)
    critical = -_quantile(alpha, seen.df)
    needed = np.maximum(margin, critical * _law_of_s(seen.df) * seen.error)
    return float(ndtr((drop - needed) / seen.error).mean())


def smallest_drop(seen: Change, margin: float, alpha: float) -> float:
    """Return the true drop that is called a regression with a chance of 80 %, points."""
    low, high = 0.0, max(margin, seen.error)
    while power(high, seen, margin, alpha) < POWER:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        if power(middle, seen, margin, alpha) < POWER:
            low = middle
        else:
            high = middle
    return high


def fresh_replicates(seen: Change) -> int:
    """Return the replicates, on both sides, with which a second look errs no more than this one."""
    return math.ceil(2 / (1 / seen.new + 1 / seen.old))


@functools.lru_cache(maxsize=1024)
def _law_of_s(df: float) -> layout.Floats:
    """Return quantiles of s / sd; inverting the chi-square law is what takes time."""
    from scipy.special import chdtri

    upper = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return np.asarray(np.sqrt(chdtri(df, upper) / df))
