"""Paired tests of two encoders on the same test images, and their correction for number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mcnemar(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the exact two-sided p of McNemar's test on two (n,) arrays of right or wrong.

    Source: McNemar, Psychometrika 12 (1947) 153; exact: the binomial test on discordant pairs.
    """
    # scipy.special: scipy.stats takes 0.8 s to import and gives the same tail
    from scipy.special import bdtr

    _same_length(first, second)
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    discordant = only_first + only_second
    if only_first == only_second:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), discordant, 0.5)))


def sign_flip(first: NDArray[Any], second: NDArray[Any], groups: NDArray[Any]) -> float:
    """Return the exact two-sided p of the sign-flip test over groups of dependent images.

    Under the hypothesis that both are equally good, the difference in right answers of each group
    is as likely to have either sign. The distribution of the sum over all sign patterns is computed
    whole, by convolution, so there is nothing to seed. With one image a group it is `mcnemar`.

    Args:
        first: (n,) bool, right or wrong.
        second: (n,) bool, on the same images.
        groups: (n,) whole numbers: images of one group depend on each other.
    """
    import numpy as np

    _same_length(first, second)
    _same_length(first, groups)
    difference = first.astype(np.int64) - second.astype(np.int64)
    _, member = np.unique(groups, return_inverse=True)
    sums = np.zeros(member.max() + 1, dtype=np.int64)
    np.add.at(sums, member, difference)
    size = int(np.abs(sums).sum())
    # chance[k]: that the groups that keep their sign add up to k; the statistic is then 2 k - size
    chance = np.zeros(size + 1)
    chance[0] = 1.0
    for step in np.abs(sums[sums != 0]):
        shifted = np.zeros_like(chance)
        shifted[step:] = chance[:-step]
        chance = (chance + shifted) / 2
    extreme = np.abs(2 * np.arange(size + 1) - size) >= abs(int(sums.sum()))
    return min(1.0, float(chance[extreme].sum()))


def holm(pvalues: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the order given.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65.
    """
    corrected = [0.0] * len(pvalues)
    highest = 0.0
    order = sorted(range(len(pvalues)), key=lambda index: pvalues[index])
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(pvalues) - rank) * pvalues[index]))
        corrected[index] = highest
    return corrected


def _same_length(first: NDArray[Any], second: NDArray[Any]) -> None:
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(
            f"needs two arrays (n,) of the same test images (got {first.shape} and {second.shape})"
        )
