"""Whether a representation is healthy, seen without labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmark.evaluation.probe import check_features

MINIMAL_RANK = 1.5
"""A representation whose effective rank is below this lies on a line through 0: rank 1 is one
direction, 2 two equal ones. Random encoders of any kind stay well above."""

MINIMAL_SPREAD = 0.02
"""`feature_std` as a share of 1 / sqrt(D), what unit vectors spread over the sphere have (SimSiam,
arXiv 2011.10566, figure 2). The share squared is at most 1 minus the mean cosine of two images:
a spread of 0.02 is what a mean cosine of 0.9996 leaves. Measured on `digits` with layer and group
norm, whose features share a large mean: runs that collapsed had 0.003 to 0.022 (kNN 44 to 57 %,
untrained 73), SimCLR at a rate far too high 0.034 to 0.043 (71 %). Batch norm keeps the encoder's
features apart even where all projections are one point: then no rule is broken, and none is meant
to be, since only the encoder is judged."""

_CHUNK = 2048
"""Rows of the pairwise matrix held at once."""


@dataclass(frozen=True)
class Sanity:
    """Four label-free measures of the features of one encoder."""

    feature_std: float
    """Mean over dimensions of the standard deviation of unit features; 1 / sqrt(D) at most."""
    effective_rank: float
    """RankMe, 1 to min(N, D)."""
    alignment: float
    """Mean squared distance of the unit features of two views of an image, 0 to 4; low is good."""
    uniformity: float
    """Log mean Gaussian potential of pairs of images, 0 at most; low is good, -4 near the best."""
    dimensions: int


def feature_std(features: Tensor) -> float:
    """Return the mean over dimensions of the standard deviation of (N, D) features made unit."""
    unit = normalize(features.double(), dim=1)
    return float(unit.std(dim=0, correction=0).mean())


def effective_rank(features: Tensor) -> float:
    """Return exp of the entropy of the singular values of (N, D) features, divided by their sum.

    Not centred, as defined. The singular values come from the smaller Gram matrix in float64, exact
    to about 1e-8 of the largest, under the 1e-7 that the paper itself adds.

    Source: Garrido et al., RankMe, arXiv 2210.02885, section 3; Roy & Vetterli, EUSIPCO 2007.
    """
    x = features.double()
    gram = x.T @ x if x.shape[0] >= x.shape[1] else x @ x.T
    sigma = torch.linalg.eigvalsh(gram).clamp(min=0.0).sqrt()
    total = sigma.sum()
    if total == 0:  # nothing but zeros: no direction at all
        return 0.0
    share = sigma / total + 1e-7
    return float(torch.exp(-(share * share.log()).sum()))


def alignment(first: Tensor, second: Tensor) -> float:
    """Return the mean squared distance between the unit features of two views, (N, D) each.

    Source: Wang & Isola, arXiv 2005.10242, eq. 6 with alpha = 2.
    """
    distance = normalize(first.double(), dim=1) - normalize(second.double(), dim=1)
    return float(distance.square().sum(dim=1).mean())


def uniformity(features: Tensor) -> float:
    """Return log of the mean over pairs i < j of exp(-2 |x_i - x_j|^2), x being unit (N, D).

    Time and pairs grow with N^2; a few thousand rows are enough for two digits.

    Source: Wang & Isola, arXiv 2005.10242, eq. 7 with t = 2.
    """
    unit = normalize(features.double(), dim=1)
    n = len(unit)
    rows = (torch.exp(4.0 * (part @ unit.T - 1.0)).sum() for part in torch.split(unit, _CHUNK))
    own = torch.exp(4.0 * (unit.square().sum(dim=1) - 1.0)).sum()
    everything = torch.stack(list(rows)).sum()
    return float(torch.log((everything - own) / (n * (n - 1))))


def measure(first: Tensor, second: Tensor) -> Sanity:
    """Measure the features of two views of the same images.

    Args:
        first: (N, D), on which all but alignment is measured: un-augmented images, or a view.
        second: (N, D), another view of the same N images.

    Raises:
        ValueError: If there are fewer than two images, shapes differ, or a feature is not finite.
    """
    check_features(first, "first view's")
    check_features(second, "second view's")
    if first.shape != second.shape or len(first) < 2:
        raise ValueError(
            "sanity needs two views of the same two or more images "
            f"(got {tuple(first.shape)} and {tuple(second.shape)})"
        )
    return Sanity(
        feature_std(first),
        effective_rank(first),
        alignment(first, second),
        uniformity(first),
        first.shape[1],
    )


def collapsed(sanity: Sanity) -> str | None:
    """Return why these features are collapsed, or None if they are not."""
    spread = sanity.feature_std * math.sqrt(sanity.dimensions)
    if spread < MINIMAL_SPREAD:
        return (
            f"features hardly vary: std x sqrt(D) is {spread:.3g}, "
            f"at least {MINIMAL_SPREAD} is healthy and 1 the most"
        )
    if sanity.effective_rank < MINIMAL_RANK:
        return (
            f"features lie along one direction: effective rank {sanity.effective_rank:.3g} of "
            f"{sanity.dimensions}, at least {MINIMAL_RANK} is healthy"
        )
    return None
