"""Intervals of a share of right answers over test images, in closed form.

A file of its own, that imports nothing of ours: every result's number depends on it.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray


def wilson(successes: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return Wilson's 1 - alpha interval of a share in 0..1.

    Args:
        successes: of n.
        n: test images, independent of each other.
        alpha: 1 - coverage.

    Raises:
        ValueError: if successes are not in 0..n, or n is 0.
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"successes must be from 0 to n, n at least 1 (got {successes} of {n})")
    return score_interval(successes / n, n, NormalDist().inv_cdf(1 - alpha / 2))


def score_interval(share: float, n: float, quantile: float) -> tuple[float, float]:
    """Return Wilson's score interval of a share in 0..1 observed on n examples.

    Args:
        share: Successes by n.
        n: Examples, or their effective number.
        quantile: The two-sided quantile of the reference distribution, 1.96 for 95 % normal.

    Source: Wilson, JASA 22 (1927) 209; Brown, Cai & DasGupta, Statistical Science 16 (2001), eq. 4.
    """
    q2 = quantile * quantile
    centre = (share + q2 / (2 * n)) / (1 + q2 / n)
    half = quantile / (1 + q2 / n) * math.sqrt(share * (1 - share) / n + q2 / (4 * n * n))
    # at a share of 0 or 1 one end is that share; rounding must not move it past
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return low, high


def clustered(
    right: NDArray[np.bool_], groups: NDArray[np.int64], alpha: float = 0.05
) -> tuple[float, float, int]:
    """Return Wilson's interval of a share where images of a group depend on each other.

    The variance of the share is linearised over the G groups, v = G / (G - 1) / n^2 times the sum
    over groups of (sum of y_i - p over the group)^2, and p (1 - p) / v is the effective number of
    examples, at most n. It goes into Wilson's interval with Student's t on G - 1 degrees of
    freedom: so the interval stays inside 0..1 and has a width at 0 and at 1, which p +- t sqrt(v)
    has not.

    Args:
        right: (n,).
        groups: (n,).
        alpha: 1 - coverage.

    Returns:
        Both ends and the number of groups.

    Raises:
        ValueError: If shapes disagree, nothing is given, or there is only one group.

    Source: Korn & Graubard, Survey Methodology 24 (1998) 193 (effective size); Dean & Pagano,
        Journal of Survey Statistics and Methodology 3 (2015) 484 (Wilson's with it).
    """
    from scipy.special import stdtrit

    if right.shape != groups.shape or right.ndim != 1 or not len(right):
        raise ValueError(
            f"groups must be one for each of {len(right)} examples (got {groups.shape})"
        )
    _, member = np.unique(groups, return_inverse=True)
    count = int(member.max()) + 1
    if count < 2:
        raise ValueError("a clustered interval needs at least 2 groups (got 1)")
    share = float(right.mean())
    size = _effective(right.astype(np.float64) - share, member, share, count)
    quantile = float(stdtrit(count - 1, 1 - alpha / 2))
    return (*score_interval(share, size, quantile), count)


def _effective(
    residual: NDArray[np.float64], member: NDArray[np.intp], share: float, count: int
) -> float:
    n = len(residual)
    if share in (0.0, 1.0):  # nothing varies: a group then tells no more than one example
        return float(count)
    sums = np.bincount(member, weights=residual)
    variance = float((sums**2).sum()) * count / (count - 1) / n**2
    # balanced groups by chance: no variance between them is no proof that a group's members agree
    return min(float(n), share * (1 - share) / variance) if variance > 0 else float(n)
