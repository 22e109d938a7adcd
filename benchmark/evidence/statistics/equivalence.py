"""Alike within a margin, or no worse by more than it: what a mere 'not significant' never shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from benchmark.evidence.statistics import layout
from benchmark.evidence.statistics.power import Needed, over_sd

Kind: TypeAlias = Literal["equivalent", "below", "above", "inconclusive"]

_QUANTILES = 400
"""Midpoint quantiles of s over which the power is averaged."""


@dataclass(frozen=True)
class Equivalence:
    """A difference against a margin."""

    kind: Kind
    """By the interval: inside the margins, wholly beyond one, or neither."""
    low: float
    """Of the two-sided 1 - 2 alpha interval, points."""
    high: float
    p: float
    """Larger p of the two one-sided tests of 'beyond the margin'."""


@dataclass(frozen=True)
class NonInferiority:
    """A difference against a margin below."""

    holds: bool
    low: float
    """One-sided 1 - alpha bound of the difference, points."""
    p: float
    """Of 'worse by the margin or more'."""


def tost(
    difference: float, error: float, df: float, margin: float, alpha: float = 0.05
) -> Equivalence:
    """Judge a difference by its 1 - 2 alpha t interval, that is by two one-sided tests.

    Args:
        difference: ours minus theirs, points.
        error: its standard error.
        df: of the error.
        margin: fixed before anything was run, points.
        alpha: of each of the two tests.

    Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987) 657.
    """
    _check(difference, error, df, margin)
    half = layout.t_quantile(1 - layout.level(alpha), df) * error
    low, high = difference - half, difference + half
    kind: Kind = "inconclusive"
    if -margin < low and high < margin:
        kind = "equivalent"
    elif high < -margin:
        kind = "below"
    elif low > margin:
        kind = "above"
    p = max(_tail(difference + margin, error, df), _tail(margin - difference, error, df))
    return Equivalence(kind, low, high, p)


def non_inferiority(
    difference: float, error: float, df: float, margin: float, alpha: float = 0.05
) -> NonInferiority:
    """Judge whether a difference is no worse than the margin; arguments as `tost`, one test."""
    _check(difference, error, df, margin)
    low = difference - layout.t_quantile(1 - layout.level(alpha), df) * error
    return NonInferiority(low > -margin, low, _tail(difference + margin, error, df))


def smallest_margin(
    sd: float, df: float, n: int, m: int | None = None, alpha: float = 0.05
) -> float:
    """Return the smallest margin that could have been met: half the 1 - 2 alpha interval, points.

    It is met only if the difference seen is exactly 0; see `equivalence_power` for a margin that is
    met with some chance.

    Args:
        sd: of the replicates (with m), or of paired differences (without).
        df: of the sd.
        n: our replicates, or pairs.
        m: replicates behind the other number, 1 for a single published run; None for pairs.
        alpha: of each of the two tests.
    """
    layout.positive(sd, "sd")
    layout.positive(df, "df")
    if n < 1 or (m is not None and m < 1):
        raise ValueError(f"replicates must be at least 1 (got {n} and {m})")
    error = sd * math.sqrt(1 / n + (0 if m is None else 1 / m))
    return layout.t_quantile(1 - layout.level(alpha), df) * error


def equivalence_power(sd: float, n: int, margin: float, alpha: float = 0.05) -> float:
    """Return the chance that n pairs with no true difference come out equivalent.

    Given s, the mean is inside with 2 Phi((margin - t s / sqrt n) / (sd / sqrt n)) - 1, or never;
    that is averaged over the law of s.

    Args:
        sd: true, of the paired differences, points.
        n: pairs, two or more.
        margin: points.
        alpha: of each of the two tests.
    """
    from scipy.special import chdtri, ndtr

    layout.positive(sd, "sd")
    layout.positive(margin, "margin")
    if n < 2:
        raise ValueError(f"needs at least 2 replicates (got {n})")
    df = n - 1
    upper = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    s = np.sqrt(chdtri(df, upper) / df)
    critical = layout.t_quantile(1 - layout.level(alpha), df)
    inside = 2 * ndtr(margin * math.sqrt(n) / sd - critical * s) - 1
    return float(np.clip(inside, 0, None).mean())


def replicates_for_margin(
    sd: float, df: float, margin: float, *, alpha: float = 0.05, power_wanted: float = 0.8
) -> Needed:
    """Return the pairs with which equal methods are shown equivalent, as a range.

    Args:
        sd: of the paired differences, estimated, points.
        df: of that estimate; the range is that of its 80 % interval.
        margin: points.
        alpha: of each of the two tests.
        power_wanted: chance that it is shown.
    """
    if not 0 < power_wanted < 1:
        raise ValueError(f"power must be above 0 and below 1 (got {power_wanted!r})")
    layout.positive(margin, "margin")
    return over_sd(
        sd, df, lambda spread, n: equivalence_power(spread, n, margin, alpha) >= power_wanted
    )


def _tail(distance: float, error: float, df: float) -> float:
    """Return the chance of seeing a distance as large if there were none."""
    if error == 0:
        return 0.0 if distance > 0 else 1.0
    tail = layout.t_tail(distance / error, df)
    return tail if distance > 0 else 1 - tail


def _check(difference: float, error: float, df: float, margin: float) -> None:
    if not (math.isfinite(difference) and math.isfinite(error) and error >= 0):
        raise ValueError(
            f"difference and error must be finite, error not negative (got {difference}, {error})"
        )
    layout.positive(df, "df")
    layout.positive(margin, "margin")
