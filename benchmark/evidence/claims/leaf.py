"""One leaf of a statement on replicates: a contrast of means, or two spreads. Knows no store."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmark.evidence.claims.statement import Contrast, Smaller
from benchmark.evidence.statistics import layout
from benchmark.evidence.statistics.layout import Floats
from benchmark.evidence.statistics.multiple import Spending
from benchmark.evidence.statistics.spread import cross_replicate_variance, smaller_spread

SEED = 20_200_904
"""Of the parametric bootstrap behind a comparison of spreads."""
_FEW, _LARGE = 199, 0.15
"""Draws of a first try, and the p above which it is enough."""


class Design(Protocol):
    """What is fixed about a test before anything is run."""

    @property
    def alpha(self) -> float:
        """Error of each direction, all looks together."""

    @property
    def looks(self) -> Sequence[int]:
        """Replicates at which it is tested, rising."""

    @property
    def spending(self) -> Spending:
        """How alpha is spent over the looks."""

    @property
    def paired(self) -> bool:
        """Whether replicate r of all cells is one block."""

    @property
    def margin(self) -> float | None:
        """Points."""


@dataclass(frozen=True)
class Leaf:
    """What a leaf of a statement looks like at one number of replicates."""

    text: str
    """The quantity, in words."""
    estimate: float
    """Of the quantity: points, or points squared of a difference of spreads."""
    low: float | None
    """Of its two-sided 1 - 2 alpha interval, of this look alone; None where there is none."""
    high: float | None
    wanted: str
    """What the quantity is said to be, such as `> -2`."""
    p: float
    """One-sided, of seeing this if the leaf were false."""
    p_against: float
    """Likewise if it were true."""
    distance: float = 0.0
    """From the border between true and false, points, of a contrast."""
    sd: float | None = None
    """Of the contrast in one replicate (paired), or of one cell's replicates; None of spreads."""
    df: float = 0.0
    problem: str = ""
    """Why nothing can be tested."""
    seen: str = ""
    """What else there is to see, in words: the ranges of spreads."""


def contrast_leaf(contrast: Contrast, data: Mapping[str, Floats], design: Design) -> Leaf:
    """Test a contrast by the t test: of replicates' sums if paired, else Welch's.

    Args:
        contrast: said to be above 0.
        data: (E, R) percent by cell, of one R, two or more; E is averaged over.
        design: of the claim.
    """
    means = {name: data[name].mean(axis=0) for name, _ in contrast.weights}
    estimate = sum(weight * float(means[name].mean()) for name, weight in contrast.weights)
    border = -(contrast.constant + contrast.margin * (design.margin or 0.0))
    n = next(iter(means.values())).size
    error, df = _error(contrast, means, paired=design.paired)
    turned = contrast.weights[0][1] < 0
    sign = -1.0 if turned else 1.0
    text, wanted = _words(contrast, sign), f"{'<' if turned else '>'} {sign * border + 0.0:.4g}"
    distance = estimate - border
    if error <= 1e-9:
        problem = "replicates do not differ: no noise to weigh it against"
        return Leaf(text, sign * estimate, None, None, wanted, 1.0, 1.0, distance, problem=problem)
    tail = layout.t_tail(distance / error, df)
    p = tail if distance > 0 else 1 - tail
    half = layout.t_quantile(1 - design.alpha, df) * error
    single = design.paired or len(means) == 1
    sd = error * math.sqrt(n if single else n / 2)
    middle = sign * estimate
    return Leaf(text, middle, middle - half, middle + half, wanted, p, 1 - p, distance, sd, df)


def _error(contrast: Contrast, means: Mapping[str, Floats], *, paired: bool) -> tuple[float, float]:
    """Return standard error and degrees of freedom: of replicates' sums, or Welch's."""
    if paired or len(means) == 1:
        values = sum(weight * means[name] for name, weight in contrast.weights)
        each = np.asarray(values)
        return float(each.std(ddof=1)) / math.sqrt(each.size), each.size - 1
    parts = [w**2 * float(means[n].var(ddof=1)) / means[n].size for n, w in contrast.weights]
    dfs = [means[name].size - 1 for name, _ in contrast.weights]
    weighed = sum(part**2 / df for part, df in zip(parts, dfs, strict=True))
    return math.sqrt(sum(parts)), sum(parts) ** 2 / weighed if weighed > 0 else float(sum(dfs))


def _words(contrast: Contrast, sign: float) -> str:
    words = ""
    for name, weight in contrast.weights:
        value = sign * weight
        times = "" if abs(value) == 1 else f"{abs(value):g} * "
        joint = (" - " if value < 0 else " + ") if words else ("-" if value < 0 else "")
        words += f"{joint}{times}{name}"
    return words


def spread_leaf(claimed: Smaller, data: Mapping[str, Floats], design: Design) -> Leaf:
    """Test whether one spread is smaller by the parametric bootstrap of `smaller_spread`.

    Args:
        claimed: which is said to be the smaller.
        data: (E, R) percent by cell, two or more of each.
        design: of the claim.
    """
    first, second = data[claimed.first], data[claimed.second]
    ranges = [float(np.ptp(each.mean(axis=1))) for each in (first, second)]
    text = f"spread² of {claimed.first} - {claimed.second} over {claimed.over}"
    seen = f"range {ranges[0]:.2f} and {ranges[1]:.2f}"
    difference = cross_replicate_variance(first) - cross_replicate_variance(second)
    if min(_noise(first), _noise(second)) <= 1e-9:
        problem = "replicates do not differ: no noise to weigh spreads against"
        return Leaf(text, difference, None, None, "< 0", 1.0, 1.0, problem=problem, seen=seen)
    # only the direction that it looks like can be shown
    if difference < 0:
        p, against = _smaller_p(first, second, paired=design.paired), 1.0
    else:
        p, against = 1.0, _smaller_p(second, first, paired=design.paired)
    return Leaf(text, difference, None, None, "< 0", p, against, seen=seen)


def _smaller_p(first: Floats, second: Floats, *, paired: bool) -> float:
    """Return the p of a smaller spread, by few draws where they already say that it is large."""
    rough = smaller_spread(first, second, seed=SEED, paired=paired, draws=_FEW).p
    return rough if rough > _LARGE else smaller_spread(first, second, seed=SEED, paired=paired).p


def _noise(matrix: Floats) -> float:
    """Return the largest part of a number that neither its level nor its replicate has."""
    centred = matrix - matrix.mean(axis=0)
    return float(np.abs(centred - centred.mean(axis=1, keepdims=True)).max())
