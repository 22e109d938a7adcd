"""Where the mean of a series of nights changed: binary segmentation, each split by permutation.

The best split between two nights is the one with the largest standardised difference of means
(the CUSUM statistic). Its p is the share of permutations of the replicates whose own best split is
as good: that pays for having looked at every split, and asks no law of the noise, only that
replicates can be exchanged where nothing changed. Where it is below alpha, both sides are split
again. An early split may be a night off while later ones are not there yet: at the end each is
placed and tested once more between its neighbours. A slow drift comes out as a staircase.

Source: Scott & Knott, Biometrics 30 (1974) 507 (segmentation); Besag & Clifford, Biometrika 78
(1991) 301 (permutations that stop early keep p valid).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.evidence.statistics import layout
from benchmark.evidence.statistics.layout import Floats

POWER = 0.8
_AT_ONCE = 2_000_000
"""Numbers permuted at a time, so that a long series takes no more than 50 MB."""
_FIRST = 200
_HITS = 30
"""Permutations as good as the series after which p needs no more of them."""
_FEWEST_DRAWS, _MOST_DRAWS = 1_999, 99_999


@dataclass(frozen=True)
class Step:
    """A change of the mean between two nights that follow each other."""

    at: int
    """The first night of the new mean."""
    change: float
    """Mean up to the next step, minus mean since the last one."""
    p: float
    """Of the split, uncorrected."""


def steps(nights: Sequence[ArrayLike], alpha: float, *, seed: int) -> list[Step]:
    """Return the steps of a series, in the order of the nights.

    Args:
        nights: (R_k,) scores of each night, one or more.
        alpha: of a split; the chance of any step where there is none.
        seed: of the permutations.

    Raises:
        ValueError: if a night has no score, one is not finite, or alpha is no error rate.
    """
    series = layout.cells(nights)
    layout.level(alpha)
    random = np.random.default_rng(seed)
    splits = _placed(series, sorted(_splits(series, 0, alpha, random)), alpha, random)
    ends = [0, *(at for at, _ in splits), len(series)]
    means = [float(np.concatenate(series[a:b]).mean()) for a, b in pairwise(ends)]
    return [
        Step(at, after - before, p)
        for (at, p), (before, after) in zip(splits, pairwise(means), strict=True)
    ]


def _splits(
    series: Sequence[Floats], first: int, alpha: float, random: np.random.Generator
) -> Iterator[tuple[int, float]]:
    """Yield the first night after each split, and its p."""
    at, p = _best(series, alpha, random)
    if p < alpha:
        yield first + at, p
        yield from _splits(series[:at], first, alpha, random)
        yield from _splits(series[at:], first + at, alpha, random)


def _placed(
    series: Sequence[Floats],
    splits: list[tuple[int, float]],
    alpha: float,
    random: np.random.Generator,
) -> list[tuple[int, float]]:
    """Return the splits, each the best between its neighbours; what is none there is left out."""
    found, which = [*splits], 0
    while which < len(found):
        ends = [0, *(at for at, _ in found), len(series)]
        first, last = ends[which], ends[which + 2]
        at, p = _best(series[first:last], alpha, random)
        if p < alpha:
            found[which] = first + at, p
            which += 1
        else:
            del found[which]
            which = max(0, which - 1)
    return found


def _best(series: Sequence[Floats], alpha: float, random: np.random.Generator) -> tuple[int, float]:
    """Return the first night after the best split, and its p."""
    if len(series) < 2:
        return 0, 1.0
    scores = np.concatenate(series)
    bounds = np.cumsum([len(night) for night in series])[:-1]
    own = _standardised(scores[None], bounds)[0]
    return int(own.argmax()) + 1, _p(scores, bounds, float(own.max()), alpha, random)


def _standardised(scores: Floats, bounds: NDArray[np.intp]) -> Floats:
    """Return |difference of means| by its error at sd 1, for each split.

    Args:
        scores: (P, N), each row in an order of its own.
        bounds: (K,) scores before each split.
    """
    count = scores.shape[1]
    sums = np.cumsum(scores - scores.mean(axis=1, keepdims=True), axis=1)[:, bounds - 1]
    weights: Floats = np.sqrt(count / (bounds * (count - bounds)))
    return np.asarray(np.abs(sums) * weights)


def _p(
    scores: Floats,
    bounds: NDArray[np.intp],
    seen: float,
    alpha: float,
    random: np.random.Generator,
) -> float:
    """Return the share of permutations whose best split is as good."""
    if seen <= 1e-9:  # rounding: all scores are the same
        return 1.0
    most = draws(alpha)
    hits = drawn = 0
    while drawn < most and hits < _HITS:
        size = min(_FIRST if not drawn else max(1, _AT_ONCE // len(scores)), most - drawn)
        rows = random.permuted(np.tile(scores, (size, 1)), axis=1)
        hits += int((_standardised(rows, bounds).max(axis=1) >= seen - 1e-9).sum())
        drawn += size
    return hits / drawn if hits >= _HITS else (hits + 1) / (drawn + 1)


def draws(alpha: float) -> int:
    """Return how many permutations tell a p near alpha."""
    return min(_MOST_DRAWS, max(_FEWEST_DRAWS, math.ceil(20 / alpha)))


def sd(nights: Sequence[ArrayLike], found: Sequence[Step]) -> float | None:
    """Return the sd of scores between the steps; None where one night has one score."""
    series = layout.cells(nights)
    ends = [0, *(step.at for step in found), len(series)]
    parts = [np.concatenate(series[a:b]) for a, b in pairwise(ends)]
    df = sum(len(part) - 1 for part in parts)
    return math.sqrt(sum(float(part.var()) * len(part) for part in parts) / df) if df else None


def smallest_step(counts: Sequence[int], spread: float, alpha: float) -> float | None:
    """Return the step in the middle that is found with a chance of 80 %; None if none could be.

    Args:
        counts: scores of each night.
        spread: their sd.
        alpha: of a split; its share for each possible split bounds the p by permutation.
    """
    needed = _needed(counts, alpha)
    if needed is None:
        return None
    total = sum(counts)
    bounds = np.cumsum(counts)[:-1]
    before = int(bounds[np.abs(bounds - total / 2).argmin()])
    return needed * spread * math.sqrt(total / (before * (total - before)))


def smallest_drift(counts: Sequence[int], spread: float, alpha: float) -> float | None:
    """Return the steady drift a night, over all nights, that is found with a chance of 80 %.

    Half of a drift lies between the two sides of the middle split, and what is left within them
    adds to their variance.

    Args:
        counts: scores of each night.
        spread: their sd without the drift.
        alpha: of a split.
    """
    needed, total = _needed(counts, alpha), sum(counts)
    if needed is None or total <= needed**2 / 3:
        return None
    return 4 * needed * spread / (len(counts) * math.sqrt(total - needed**2 / 3))


def _needed(counts: Sequence[int], alpha: float) -> float | None:
    """Return the difference of two sides, in errors, that is found with a chance of 80 %."""
    from scipy.special import ndtri

    total, splits = sum(counts), len(counts) - 1
    if splits < 1 or total < 3 or 2 / math.comb(total, total // 2) >= alpha:
        return None
    return float(ndtri(POWER)) - layout.t_quantile(alpha / (2 * splits), total - 2)
