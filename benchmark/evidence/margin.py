"""The interval of ours minus theirs, the margin it is held to, and the least one it could meet."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALPHA = 0.05
"""Error of each of the two one-sided tests: the interval of the difference is the 90 % one."""

POOLED_BELOW = 10
"""Replicates from which on a row's own standard deviation is known well enough."""

NOISIER = 0.2
"""Level of the F test against the other rows, by which a row keeps its own standard deviation.

Measured, 40,000 tables a setting, nominal 90 %, at 2, 3 and 5 replicates. Six rows of one spread:
92, 92 and 92 %, the interval 0.70, 0.88 and 0.97 times as wide as by the rows' own. One of six
three times as noisy as the others: that row 82, 87 and 90 % (pooled always: 61 %); one of three:
83, 87 and 89 %; eight rows from 0.5 to 2: 82, 86 and 89 % in the noisiest and 93 to 95 % over all.
A row that is noisier by luck is left out of the pool, so the others' intervals are a little wide.
At a level of 0.1 alike rows are 0.56, 0.79 and 0.92 times as wide, the noisiest of six covers in
76, 84 and 89 %. Bartlett's test of the whole table instead (0.25) is 69, 78 and 86 % there, and
falls to 87 to 89 % where all rows are alike: it lets pools go that are wide by luck.
"""


@dataclass(frozen=True)
class Noise:
    """Standard deviation between replicates, pooled over rows that differ in their method."""

    sd: float
    """Points."""
    degrees: float
    """Satterthwaite's: where rows are of unlike spread, fewer than they have replicates for."""
    rows: int
    """How many rows it is of."""
    freedom: int
    """Replicates of these rows beyond the first of each."""


def pooled_noise(rows: Iterable[Sequence[float]]) -> Noise | None:
    """Pool the sd between replicates over rows (`pooled_sd`); None without two rows of two.

    Args:
        rows: For each row its replicates, percent.
    """
    from benchmark.evidence.statistics.intervals import pooled_sd  # here: it needs numpy

    groups = [values for values in rows if len(values) >= 2]
    if len(groups) < 2:
        return None
    return Noise(*pooled_sd(groups), len(groups), sum(len(values) - 1 for values in groups))


@dataclass(frozen=True)
class Estimate:
    """The mean of our replicates minus a reported number, points."""

    difference: float
    error: float
    """Standard error of the difference."""
    sd: float
    """Between replicates, as the error takes it."""
    degrees: float
    """Of the error."""
    margin: float
    n: int
    """Our replicates."""
    runs: int
    """Runs behind the reported number."""
    rows: int | None
    """Rows that the sd is pooled over; None for the row's own."""
    population: bool
    """Whether the test images count as drawn (in the error) or as given."""

    @property
    def half(self) -> float:
        """Half the 90 % interval; also the smallest margin that could have been met."""
        return _quantile(1 - ALPHA, self.degrees) * self.error

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return self.difference - self.half

    @property
    def high(self) -> float:
        """Upper end of the 90 % interval."""
        return self.difference + self.half

    @property
    def text(self) -> str:
        """The estimate in words, as a table prints it."""
        # rounded up: of a margin rounded down it would not be true
        least = math.ceil(round(100 * self.half, 6)) / 100
        return (
            f"{self.difference:+.2f} points [{self.low:+.2f}, {self.high:+.2f}], margin "
            f"{self.margin:g} (smallest possible {least:.2f}), n = {self.n}"
            + (f", sd pooled over {self.rows} rows" if self.rows else "")
            + (", test images drawn" if self.population else ", test images fixed")
        )


def estimate(
    values: Sequence[float],
    theirs: float,
    *,
    margin: float,
    runs: int = 1,
    noise: Noise | None = None,
    images: float | None = None,
) -> Estimate:
    """Estimate ours minus theirs from replicates; the standard error is s * sqrt(1/n + 1/m).

    Both used the same test images, so these count as given, unless their number is stated: then
    the binomial error of either accuracy is added, as of unpaired draws. That is too much rather
    than too little, since the same images are hard for both.

    Args:
        values: Our n replicates, percent; two or more.
        theirs: The reported number, percent.
        margin: What the interval will be held to, points.
        runs: m, the runs that the reported number is the mean of.
        noise: What is known of like rows, this one among them; taken instead of the row's own sd
            below ten replicates, unless the row is noisier than the others.
        images: Test images, to speak of the population that they were drawn from.
    """
    n, mean = len(values), statistics.fmean(values)
    taken = noise if n < POOLED_BELOW and not _noisier(values, noise) else None
    sd, degrees = (taken.sd, taken.degrees) if taken else (statistics.stdev(values), float(n - 1))
    between = sd**2 * (1 / n + 1 / runs)
    drawn = sum(p * (100 - p) for p in (mean, theirs)) / images if images else 0.0
    if drawn:
        degrees = degrees * ((between + drawn) / between) ** 2 if between else math.inf
    return Estimate(
        difference=mean - theirs,
        error=math.sqrt(between + drawn),
        sd=sd,
        degrees=degrees,
        margin=margin,
        n=n,
        runs=runs,
        rows=taken.rows if taken else None,
        population=images is not None,
    )


def _noisier(values: Sequence[float], noise: Noise | None) -> bool:
    """Say whether a row varies more than the other rows do: it is none of them then."""
    from scipy.special import fdtrc

    variance, own = statistics.variance(values), len(values) - 1
    if noise is None:
        return variance > 0
    squares = noise.freedom * noise.sd**2
    others = squares - own * variance
    if others <= 1e-9 * squares:  # rounding: the others do not vary at all
        return variance > 0
    freedom = noise.freedom - own
    return bool(fdtrc(own, freedom, variance * freedom / others) < NOISIER)


def interval(values: Sequence[float], alpha: float = ALPHA) -> tuple[float, float] | None:
    """Return the two-sided 1 - alpha t interval of the mean of replicates; None for one."""
    if len(values) < 2:
        return None
    from benchmark.evidence.statistics.intervals import t_interval  # here: it needs numpy

    found = t_interval(values, alpha)
    return found.low, found.high


def _quantile(probability: float, degrees: float) -> float:
    from scipy.special import ndtri

    from benchmark.evidence.statistics.layout import t_quantile

    # without noise between replicates the images' alone is left, whose law is normal
    return float(ndtri(probability)) if degrees > 1e9 else t_quantile(probability, degrees)
