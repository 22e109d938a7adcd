"""Accuracies with their intervals, and the confusion matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import torch
from scipy.special import stdtrit
from torch import Tensor

from benchmark.evaluation.probe import check_features, check_labels

LEVEL = 0.95
"""Coverage of every interval."""


@dataclass(frozen=True)
class Score:
    """A metric of one evaluation, with its interval over test examples (not over replicates)."""

    value: float
    unit: str
    n: int
    """Test examples."""
    low: float
    high: float
    interval: str
    """How the interval was made."""


def wilson(share: float, n: float, quantile: float) -> tuple[float, float]:
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


def share(correct: Tensor, groups: Tensor | None = None) -> Score:
    """Return the percentage of True with a 95 % interval.

    Without groups, Wilson's. With groups, whose members' outcomes depend on each other (patches of
    a tile), the variance of the share is linearised over the G groups,
    v = G / (G - 1) / n^2 times the sum over groups of (sum of y_i - p over the group)^2,
    and p (1 - p) / v is the effective number of examples, at most n. It goes into Wilson's interval
    with Student's t on G - 1 degrees of freedom: so the interval stays inside 0..100 and has a
    width at 0 and at 100, which p +- t sqrt(v) has not.

    Args:
        correct: (n,) bool.
        groups: (n,) int64, or None.

    Raises:
        ValueError: If nothing is given, shapes disagree, or there is only one group.

    Source: Korn & Graubard, Survey Methodology 24 (1998) 193 (effective size); Dean & Pagano,
        Journal of Survey Statistics and Methodology 3 (2015) 484 (Wilson's with it).
    """
    n = len(correct)
    if n == 0:
        raise ValueError("a share needs at least one example (got none)")
    p = float(correct.double().mean())
    if groups is None:
        low, high = wilson(p, n, NormalDist().inv_cdf(0.5 + LEVEL / 2))
        return Score(100 * p, "%", n, 100 * low, 100 * high, "wilson")
    size, count = _effective(correct.double() - p, p, groups)
    low, high = wilson(p, size, float(stdtrit(count - 1, 0.5 + LEVEL / 2)))
    return Score(100 * p, "%", n, 100 * low, 100 * high, f"wilson, {count} clusters")


def _effective(residual: Tensor, p: float, groups: Tensor) -> tuple[float, int]:
    if groups.shape != residual.shape:
        raise ValueError(
            f"groups must be one for each of {len(residual)} examples (got {tuple(groups.shape)})"
        )
    index = torch.unique(groups, return_inverse=True)[1]
    count, n = int(index.max()) + 1, len(residual)
    if count < 2:
        raise ValueError("a clustered interval needs at least 2 groups (got 1)")
    sums = residual.new_zeros(count).index_add_(0, index.to(residual.device), residual)
    variance = float(sums.square().sum()) * count / (count - 1) / n**2
    if p in (0.0, 1.0):  # nothing varies: a group then tells no more than one example
        return float(count), count
    # balanced groups by chance: no variance between them is no proof that a group's members agree
    return min(float(n), p * (1 - p) / variance) if variance > 0 else float(n), count


def top_k(logits: Tensor, labels: Tensor, k: int = 1, groups: Tensor | None = None) -> Score:
    """Return the percentage of examples whose label is among the k largest logits.

    Of equal logits the lower class number comes first, so ties count alike on every device.

    Args:
        logits: (n, K).
        labels: (n,) int64.
        k: At most K.
        groups: (n,) int64 clusters for the interval, or None.

    Raises:
        ValueError: If k is not in 1..K, or logits or labels are unfit.
    """
    check_features(logits, "logits as")
    check_labels(labels, *logits.shape)
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f"top-k needs k in 1..{logits.shape[1]}, the classes (got {k})")
    own = logits.gather(1, labels[:, None])
    earlier = torch.arange(logits.shape[1], device=logits.device) < labels[:, None]
    ahead = (logits > own) | ((logits == own) & earlier)
    return share(ahead.sum(dim=1) < k, groups)


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """Return counts, (K, K) int64: the label by row, the first largest logit by column."""
    check_labels(labels, *logits.shape)
    classes = logits.shape[1]
    flat = labels * classes + logits.argmax(dim=1)
    return torch.bincount(flat, minlength=classes**2).view(classes, classes)
