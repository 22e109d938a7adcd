"""One number of many cells, as rliable has it: runs are replicates, tasks are encoders or datasets.

Source: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice",
    arXiv 2108.13264, sec. 4; rliable 1.2, `metrics.py` and `library.py` (whose arrays are
    (runs, tasks), and whose seed is not used).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from benchmark.evidence.statistics import layout
from benchmark.evidence.statistics.layout import Floats, Interval

DRAWS = 1999


def interquartile_mean(matrix: ArrayLike) -> float:
    """Return the mean of the middle half of all scores of a method.

    Of n scores in order the first and the last floor(n / 4) are left out.

    Args:
        matrix: (E, R).
    """
    return float(_trimmed(layout.numbers(matrix, "matrix", least=1)[None])[0])


def interquartile_mean_interval(
    matrix: ArrayLike, *, seed: int, alpha: float = 0.05, draws: int = DRAWS
) -> Interval:
    """Return the interquartile mean with its stratified percentile bootstrap interval.

    Replicates are drawn again within each encoder by themselves; the encoders stay. Measured, 1,000
    simulated tables of 4 encoders, nominal 95 %: 92 % at 10 replicates, 94 % at 20.

    Args:
        matrix: (E, R), ten replicates or more.
        seed: of the draws.
        alpha: 1 - coverage.
        draws: resamples.

    Raises:
        ValueError: below ten replicates.
    """
    values = layout.numbers(matrix, "matrix")
    layout.enough_to_resample(values.shape[1])
    found = _trimmed(_resampled(values, np.random.default_rng(seed), draws))
    low, high = layout.percentiles(found, layout.level(alpha))
    return Interval(interquartile_mean(values), low, high, "stratified percentile bootstrap")


def probability_of_improvement(first: ArrayLike, second: ArrayLike) -> float:
    """Return the chance that a run of the first beats one of the second on the same encoder.

    Mann and Whitney's U / (R R') of each encoder, a tie half, averaged over encoders.

    Args:
        first: (E, R).
        second: (E, R') on the same encoders.
    """
    one, other = _same_encoders(first, second)
    return float(_improvement(one[None], other[None])[0])


def probability_of_improvement_interval(
    first: ArrayLike, second: ArrayLike, *, seed: int, alpha: float = 0.05, draws: int = DRAWS
) -> Interval:
    """Return the probability of improvement with its stratified percentile bootstrap interval.

    Args:
        first: (E, R), ten replicates or more.
        second: (E, R') on the same encoders, likewise.
        seed: of the draws; both methods are drawn by themselves.
        alpha: 1 - coverage.
        draws: resamples.

    Raises:
        ValueError: below ten replicates.
    """
    one, other = _same_encoders(first, second)
    layout.enough_to_resample(min(one.shape[1], other.shape[1]))
    random = np.random.default_rng(seed)
    found = _improvement(_resampled(one, random, draws), _resampled(other, random, draws))
    low, high = layout.percentiles(found, layout.level(alpha))
    estimate = float(_improvement(one[None], other[None])[0])
    return Interval(estimate, low, high, "stratified percentile bootstrap")


def performance_profile(matrix: ArrayLike, thresholds: Sequence[float]) -> list[float]:
    """Return the share of runs, over all encoders, with a score above each threshold.

    Args:
        matrix: (E, R).
        thresholds: percent.
    """
    values = layout.numbers(matrix, "matrix", least=1)
    return [float((values > threshold).mean()) for threshold in thresholds]


def _trimmed(tables: Floats) -> Floats:
    """Return the (B,) interquartile means of (B, E, R)."""
    flat = np.sort(tables.reshape(len(tables), -1), axis=1)
    cut = flat.shape[1] // 4
    return np.asarray(flat[:, cut : flat.shape[1] - cut].mean(axis=1))


def _improvement(first: Floats, second: Floats) -> Floats:
    """Return (B,) probabilities of (B, E, R) against (B, E, R'), encoder by encoder."""
    total = np.zeros(len(first))
    for encoder in range(first.shape[1]):
        one, other = first[:, encoder, :, None], second[:, encoder, None, :]
        total += (one > other).mean(axis=(1, 2)) + (one == other).mean(axis=(1, 2)) / 2
    return np.asarray(total / first.shape[1])


def _resampled(values: Floats, random: np.random.Generator, draws: int) -> Floats:
    """Return (draws, E, R) with replicates drawn within each encoder."""
    encoders, replicates = values.shape
    chosen = random.integers(replicates, size=(draws, encoders, replicates))
    return np.asarray(values[np.arange(encoders)[:, None], chosen])


def _same_encoders(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    one, other = (layout.numbers(each, "matrix", least=1) for each in (first, second))
    if len(one) != len(other):
        raise ValueError(f"both must be of the same encoders (got {len(one)} and {len(other)})")
    return one, other
