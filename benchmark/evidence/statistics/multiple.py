"""Many tests at once, and one test looked at several times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from benchmark.evidence.statistics import layout
from benchmark.evidence.statistics.layout import Floats

Spending: TypeAlias = Literal["pocock", "obrien_fleming"]


def holm(pvalues: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the order given.

    Holds the chance of one false rejection or more at alpha, however the tests depend.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65.
    """
    _check(pvalues)
    corrected = [0.0] * len(pvalues)
    highest = 0.0
    order = sorted(range(len(pvalues)), key=lambda index: pvalues[index])
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(pvalues) - rank) * pvalues[index]))
        corrected[index] = highest
    return corrected


def benjamini_hochberg(pvalues: Sequence[float]) -> list[float]:
    """Return p-values corrected so that at most alpha of what is rejected is false, on average.

    For independent tests, and for those that depend positively.

    Source: Benjamini & Hochberg, JRSS B 57 (1995) 289; Benjamini & Yekutieli, Annals of Statistics
        29 (2001) 1165 (positive dependence).
    """
    _check(pvalues)
    n = len(pvalues)
    corrected = [0.0] * n
    lowest = 1.0
    order = sorted(range(n), key=lambda index: pvalues[index], reverse=True)
    for place, index in enumerate(order):
        lowest = min(lowest, pvalues[index] * n / (n - place))
        corrected[index] = lowest
    return corrected


def alpha_spent(alpha: float, fractions: Sequence[float], spending: Spending) -> list[float]:
    """Return the error spent up to each planned look, the last all of alpha.

    `obrien_fleming` is 2 - 2 Phi(z_(1 - alpha / 2) / sqrt(t)), which spends next to nothing early;
    `pocock` is alpha log(1 + (e - 1) t), about the same at each look. Testing look k at the
    difference to the look before holds alpha for any test, being a union bound.

    Args:
        alpha: in all.
        fractions: of the planned information (replicates by most replicates) at each look, rising.
        spending: which of the two.

    Raises:
        ValueError: if fractions do not rise from above 0 to exactly 1.

    Source: Lan & DeMets, Biometrika 70 (1983) 659, alpha*_1 and alpha*_2.
    """
    from scipy.special import ndtr, ndtri

    times = _times(fractions)
    if spending == "pocock":
        spent = layout.level(alpha) * np.log1p((np.e - 1) * times)
    else:
        spent = 2 * ndtr(ndtri(layout.level(alpha) / 2) / np.sqrt(times))
    return [float(each) for each in spent]


def _times(fractions: Sequence[float]) -> Floats:
    times = np.asarray(fractions, dtype=np.float64)
    rising = times.ndim == 1 and times.size > 0 and bool((np.diff(times, prepend=0.0) > 0).all())
    if not rising or times[-1] != 1:
        raise ValueError(f"fractions must rise from above 0 to 1 (got {[*fractions]})")
    return times


def _check(pvalues: Sequence[float]) -> None:
    wrong = [p for p in pvalues if not 0 <= p <= 1]
    if wrong:
        raise ValueError(f"p-values must be from 0 to 1 (got {wrong[0]!r})")
