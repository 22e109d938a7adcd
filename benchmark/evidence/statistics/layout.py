"""The one layout of every array in this package, its checks, and what the functions return.

| name | shape | holds |
|---|---|---|
| answers | (R, N) | right or wrong of R replicates on the same N test images, bool |
| scores | (R,) | one number for each replicate of a cell, percent |
| matrix | (E, R) | scores of one method on E encoders, or other levels, in one order |
| table | (M, E, R) | scores of M methods on the same E encoders |

The replicate is always an axis of its own, in the same order in every cell: where replicates share
their random numbers (data order, splits, initial weights), index r of all cells is one block.
NaN and infinity are never allowed: a missing cell is the caller's to name, not ours to skip.
Where a function draws, the seed is an argument without a default, and twice gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Enough: TypeAlias = Callable[[float, int], bool]
"""Whether so many replicates are enough at an sd."""

FEWEST_FOR_BOOTSTRAP = 10
"""Replicates below which none is resampled."""
_NAMES = {
    "scores": ("(R,)", 1),
    "matrix": ("(E, R)", 2),
    "table": ("(M, E, R)", 3),
}


@dataclass(frozen=True)
class Interval:
    """A number with its two-sided interval, in the unit of what was given."""

    estimate: float
    low: float
    high: float
    method: str
    """How it was made, in words for a table's footnote."""
    df: float | None = None
    """Degrees of freedom of the noise; None where the normal law or a bootstrap was used."""


@dataclass(frozen=True)
class Comparison:
    """A difference, first minus second, with its interval and two-sided p."""

    difference: float
    low: float
    high: float
    p: float
    error: float
    """Standard error of the difference."""
    df: float


def numbers(values: ArrayLike, kind: str, *, least: int = 2) -> Floats:
    """Return a checked array of one of the layouts.

    Args:
        values: numbers.
        kind: `scores`, `matrix` or `table`.
        least: fewest replicates.

    Raises:
        ValueError: if the shape is another, a number is not finite, or replicates are too few.
    """
    found = np.asarray(values, dtype=np.float64)
    shape, dimensions = _NAMES[kind]
    if found.ndim != dimensions or found.size == 0:
        raise ValueError(f"{kind} must be an array {shape} (got shape {found.shape})")
    if not np.isfinite(found).all():
        raise ValueError(f"{kind} must be finite numbers (got a NaN or an infinity)")
    if found.shape[-1] < least:
        raise ValueError(f"needs at least {least} replicates (got {found.shape[-1]})")
    return found


def answers(values: ArrayLike, *, least: int = 1) -> Bools:
    """Return a checked (R, N) array of right and wrong answers.

    Raises:
        ValueError: if it is not of two dimensions and bool, or has too few replicates.
    """
    found = np.asarray(values)
    if found.ndim != 2 or found.size == 0 or found.dtype != np.bool_:
        raise ValueError(
            f"answers must be a bool array (R, N) (got {found.dtype}, shape {found.shape})"
        )
    if len(found) < least:
        raise ValueError(f"needs at least {least} replicates (got {len(found)})")
    return found


def alike(first: NDArray[np.generic], second: NDArray[np.generic], what: str) -> None:
    """Raise ValueError unless two arrays have one shape; `what` says what they share."""
    if first.shape != second.shape:
        raise ValueError(
            f"both must be of the same {what} (got shapes {first.shape} and {second.shape})"
        )


def level(alpha: float) -> float:
    """Return alpha, an error rate.

    Raises:
        ValueError: if it is not between 0 and 1/2.
    """
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must be above 0 and below 0.5 (got {alpha!r})")
    return alpha


def positive(value: float, name: str) -> float:
    """Return a number that must be finite and above 0.

    Raises:
        ValueError: if it is not.
    """
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a number above 0 (got {value!r})")
    return value


def enough_to_resample(replicates: int) -> None:
    """Raise ValueError where a bootstrap over replicates would not cover."""
    if replicates < FEWEST_FOR_BOOTSTRAP:
        raise ValueError(
            f"a bootstrap over replicates needs at least {FEWEST_FOR_BOOTSTRAP} (got {replicates}; "
            "a percentile bootstrap of 3 covers 75 %, not 95 %); take a t interval"
        )


def percentiles(draws: Floats, alpha: float) -> tuple[float, float]:
    """Return the alpha / 2 and 1 - alpha / 2 quantiles of (B,) draws."""
    low, high = np.quantile(draws, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def t_quantile(probability: float, df: float) -> float:
    """Return a quantile of Student's t."""
    # scipy.special: scipy.stats takes 0.8 s to import and gives the same quantile
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def t_tail(t: float, df: float) -> float:
    """Return the chance that Student's t is below -|t|."""
    from scipy.special import stdtr

    return float(stdtr(df, -abs(t)))


def cells(values: Sequence[ArrayLike]) -> list[Floats]:
    """Return the scores of several cells, each (R,) with an R of its own, one or more.

    Raises:
        ValueError: if there is none, or one is not an array of scores.
    """
    if not len(values):
        raise ValueError("needs the scores of at least one cell (got none)")
    return [numbers(each, "scores", least=1) for each in values]
