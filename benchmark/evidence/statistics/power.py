"""What a t test could have seen, and how many replicates it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark.evidence.statistics import layout

MOST = 10_000
"""Replicates beyond which counting stops."""


@dataclass(frozen=True)
class Needed:
    """Replicates needed in all, as a range: the sd they are planned from is itself an estimate."""

    low: int
    """If the true sd is at the lower end of its interval."""
    likely: int
    """If it is as estimated."""
    high: int | None
    """If it is at the upper end; None beyond `MOST`."""


def sd_interval(sd: float, df: float, alpha: float = 0.05) -> tuple[float, float]:
    """Return the chi-square interval of an sd.

    Args:
        sd: estimated, above 0.
        df: its degrees of freedom; replicates - 1 in one cell.
        alpha: 1 - coverage.
    """
    from scipy.special import chdtri

    layout.positive(sd, "sd")
    layout.positive(df, "df")
    tails = layout.level(alpha) / 2, 1 - alpha / 2
    low, high = (sd * math.sqrt(df / float(chdtri(df, tail))) for tail in tails)
    return low, high


def power(
    effect: float, sd: float, n: int, *, alpha: float = 0.05, paired: bool, sides: int = 2
) -> float:
    """Return the chance that a t test finds an effect.

    Args:
        effect: true difference, points, 0 or above.
        sd: paired: of the differences of replicates; else: of each method's replicates.
        n: replicates of each method.
        alpha: of the test.
        paired: whether replicate r of both methods is one pair.
        sides: 2, or 1 where only one direction counts.
    """
    from scipy.special import nctdtr

    df, error = _design(sd, n, paired)
    critical = layout.t_quantile(1 - layout.level(alpha) / _sides(sides), df)
    shift = abs(effect) / error
    found = 1 - float(nctdtr(df, shift, critical))
    if sides == 2:
        found += float(nctdtr(df, shift, -critical))
    return min(1.0, max(0.0, found))


def minimum_detectable_effect(
    sd: float,
    n: int,
    *,
    alpha: float = 0.05,
    power_wanted: float = 0.8,
    paired: bool,
    sides: int = 2,
) -> float:
    """Return the smallest true difference that a t test finds with the power wanted, points.

    Args:
        sd: as `power`.
        n: replicates of each method.
        alpha: of the test.
        power_wanted: between alpha and 1.
        paired: as `power`.
        sides: as `power`.
    """
    _power_wanted(power_wanted, alpha)
    low, high = 0.0, sd
    while power(high, sd, n, alpha=alpha, paired=paired, sides=sides) < power_wanted:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        if power(middle, sd, n, alpha=alpha, paired=paired, sides=sides) < power_wanted:
            low = middle
        else:
            high = middle
    return high


def replicates_needed(
    effect: float,
    sd: float,
    df: float,
    *,
    alpha: float = 0.05,
    power_wanted: float = 0.8,
    paired: bool,
    sides: int = 2,
) -> Needed:
    """Return the replicates at which a t test finds an effect, as a range.

    Args:
        effect: true difference, points, above 0.
        sd: as `power`, estimated.
        df: of that estimate; the range is that of its 80 % interval.
        alpha: of the test.
        power_wanted: between alpha and 1.
        paired: as `power`.
        sides: as `power`.
    """
    layout.positive(effect, "effect")
    _power_wanted(power_wanted, alpha)

    def enough(spread: float, n: int) -> bool:
        return power(effect, spread, n, alpha=alpha, paired=paired, sides=sides) >= power_wanted

    return over_sd(sd, df, enough)


def over_sd(sd: float, df: float, enough: layout.Enough) -> Needed:
    """Return the fewest replicates that are enough, over the 80 % interval of an sd."""
    low, high = sd_interval(sd, df, alpha=0.2)
    least, likely, most = (_fewest(each, enough) for each in (low, sd, high))
    return Needed(least or MOST, likely or MOST, most)


def _fewest(sd: float, enough: layout.Enough) -> int | None:
    """Return the fewest, by doubling and halving; None beyond MOST."""
    high = 2
    while not enough(sd, high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(sd, middle) else (middle, high)
    return high


def _design(sd: float, n: int, paired: bool) -> tuple[int, float]:
    """Return degrees of freedom and standard error."""
    layout.positive(sd, "sd")
    if n < 2:
        raise ValueError(f"needs at least 2 replicates (got {n})")
    return (n - 1, sd / math.sqrt(n)) if paired else (2 * n - 2, sd * math.sqrt(2 / n))


def _sides(sides: int) -> int:
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2 (got {sides!r})")
    return sides


def _power_wanted(wanted: float, alpha: float) -> None:
    if not alpha < wanted < 1:
        raise ValueError(f"power must be above alpha and below 1 (got {wanted!r})")
