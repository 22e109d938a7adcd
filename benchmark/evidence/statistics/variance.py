"""How much of a table's variance is method, encoder, their interaction, replicate, and the rest.

Method x encoder is fixed: those that were run, not a sample of others. The replicate is a random
block, shared by all cells (common random numbers). So
y[m, e, r] = mu + method[m] + encoder[e] + interaction[m, e] + block[r] + rest[m, e, r].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from benchmark.evidence.statistics import layout
from benchmark.evidence.statistics.layout import Floats

_NODES = 64
"""Midpoint quantiles of the noise's own estimate over which a chance is averaged."""
_NEARLY_NORMAL = 400.0
"""Noncentrality beyond which the root of a chi-square is normal, its mean (df - 1) / (2 root)
higher, to 3e-3 of a chance."""


@dataclass(frozen=True)
class Component:
    """One part of the variance, points squared (or logits squared)."""

    variance: float
    """Unbiased and not truncated: below 0 by chance where there is none."""
    low: float
    """Of its interval; 0 at least."""
    high: float

    @property
    def sd(self) -> float:
        """Root of the variance, 0 where that is negative."""
        return math.sqrt(max(0.0, self.variance))


@dataclass(frozen=True)
class Components:
    """The split of a table's variance."""

    method: Component
    """Sum of squares of the effects over M - 1, and likewise below."""
    encoder: Component
    interaction: Component
    replicate: Component
    """What all cells of one replicate share."""
    rest: Component
    """What one cell of one replicate has for itself."""


def split(table: ArrayLike, alpha: float = 0.05) -> Components:
    """Split the variance of a table, each part with an interval.

    Measured, 2,000 simulated tables of 6 methods x 4 encoders x 5 replicates, nominal 95 %: each
    part is covered in 94 to 98 %, effects twice and half the noise; where there is no effect in
    97 to 98 %. One sd of the rest is taken for all cells: where the methods' own range from half to
    twice, interaction is covered in 92 % and their mean square in 87 %.

    Args:
        table: (M, E, R), all of M, E and R two or more.
        alpha: 1 - coverage of each interval.

    Source: Scheffe, The Analysis of Variance (1959), ch. 4 and 8; for the block's interval
        Williams, Biometrika 49 (1962) 278.
    """
    values = layout.numbers(table, "table")
    methods, encoders, replicates = values.shape
    if methods < 2 or encoders < 2:
        raise ValueError(f"needs 2 methods and 2 encoders (got {methods} and {encoders})")
    cells, grand = values.mean(axis=2), float(values.mean())
    method, encoder = cells.mean(axis=1) - grand, cells.mean(axis=0) - grand
    block = values.mean(axis=(0, 1)) - grand
    rest = values - cells[:, :, None] - block
    noise = Noise.of(rest, (methods * encoders - 1) * (replicates - 1))
    interaction = cells - grand - method[:, None] - encoder
    return Components(
        fixed(method, methods - 1, encoders * replicates, noise, alpha),
        fixed(encoder, encoders - 1, methods * replicates, noise, alpha),
        fixed(interaction, (methods - 1) * (encoders - 1), replicates, noise, alpha),
        _random(block, methods * encoders, noise, alpha),
        _of_noise(noise, alpha),
    )


def to_logit(percent: ArrayLike) -> Floats:
    """Return log(p / (100 - p)), on which a gain from 90 to 95 weighs more than one from 50 to 55.

    Raises:
        ValueError: if a score is not above 0 and below 100, where the logit is infinite.
    """
    values = np.asarray(percent, dtype=np.float64)
    if not ((values > 0) & (values < 100)).all():
        raise ValueError("the logit scale needs scores above 0 and below 100 percent")
    return np.log(values / (100 - values))


@dataclass(frozen=True)
class Noise:
    """The residual variance of one number, and how well it is known."""

    variance: float
    df: float

    @classmethod
    def of(cls, residuals: Floats, df: int) -> Noise:
        """Return the mean square of residuals.

        Raises:
            ValueError: if there is no noise at all, which no interval could be made of.
        """
        variance = float((residuals**2).sum()) / df
        if variance <= 1e-18:
            raise ValueError("replicates do not differ: no noise to weigh effects against")
        return cls(variance, df)


def fixed(effects: Floats, df: int, averaged: int, noise: Noise, alpha: float) -> Component:
    """Return the variance of fixed effects.

    Args:
        effects: centred estimates, with noise of variance noise.variance / averaged.
        df: of the effects.
        averaged: numbers behind each effect.
        noise: of one number.
        alpha: 1 - coverage of the interval.
    """
    squares = averaged * float((effects**2).sum())
    variance = (squares / df - noise.variance) / averaged
    low, high = _root_interval(squares, df, noise, layout.level(alpha))
    scale = noise.variance / (averaged * df)
    return Component(variance, low * scale, high * scale)


def _root_interval(squares: float, df: int, noise: Noise, alpha: float) -> tuple[float, float]:
    """Return an interval of the noncentrality L of squares / variance ~ chi2(df, L).

    The studentised root g = (sqrt(squares) - sqrt(L variance)) / s is inverted: for no effect it
    is the F test, for a large one it is Student's t. Its law depends on L alone, and is integrated
    over the law of s, not drawn, so there is nothing to seed. Squares below what pure noise gives
    in the middle are taken as that, lest the interval shrink to the point 0 by luck.
    """
    from scipy.special import chdtri, fdtri

    s = np.sqrt(chdtri(noise.df, (np.arange(_NODES) + 0.5) / _NODES) / noise.df)
    ratio = max(squares / noise.variance, df * float(fdtri(df, noise.df, 0.5)))
    low = _solve(1 - alpha / 2, ratio, df, s)
    return low, _solve(alpha / 2, ratio, df, s)


def _solve(chance: float, ratio: float, df: int, s: Floats) -> float:
    """Return the noncentrality at which a ratio as seen or smaller has this chance."""
    if _chance(0.0, ratio, df, s) <= chance:
        return 0.0
    low, high = 0.0, ratio + 10
    while _chance(high, ratio, df, s) > chance:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        if _chance(middle, ratio, df, s) > chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _chance(noncentrality: float, ratio: float, df: int, s: Floats) -> float:
    from scipy.special import chndtr, ndtr

    root = math.sqrt(noncentrality)
    g = math.sqrt(ratio) - root
    if noncentrality > _NEARLY_NORMAL:  # the series behind chndtr grows with it
        return float(ndtr(g * s - (df - 1) / (2 * root)).mean())
    return float(chndtr(np.clip(root + g * s, 0, None) ** 2, df, noncentrality).mean())


def _random(block: Floats, averaged: int, noise: Noise, alpha: float) -> Component:
    """Return the variance of random blocks, with Williams' interval."""
    from scipy.special import chdtri, fdtri

    df = len(block) - 1
    seen = averaged * float((block**2).sum())
    # as with fixed effects: less than noise gives in the middle is luck, not certainty
    squares = max(seen, noise.variance * df * float(fdtri(df, noise.df, 0.5)))
    ends = []
    for tail in (1 - alpha / 2, alpha / 2):
        least = noise.variance * float(fdtri(df, noise.df, tail)) * df
        ends.append(max(0.0, (squares - least) / (averaged * float(chdtri(df, 1 - tail)))))
    variance = (seen / df - noise.variance) / averaged
    return Component(variance, ends[0], ends[1])


def _of_noise(noise: Noise, alpha: float) -> Component:
    from scipy.special import chdtri

    total = noise.variance * noise.df
    low, high = (total / float(chdtri(noise.df, tail)) for tail in (alpha / 2, 1 - alpha / 2))
    return Component(noise.variance, low, high)
