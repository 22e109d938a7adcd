"""Blur and solarisation, with torchvision's meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from methods.aspects.augmentation.geometry import Decision
from methods.aspects.augmentation.resampling import blur_matrix, resample
from methods.aspects.augmentation.transform import (
    Size,
    Transform,
    between,
    check_positive,
    check_probability,
    check_range,
    happens,
    rows_where,
)
from methods.randomness import Draws


class Blur(NamedTuple):
    """How wide each image is blurred."""

    happens: Tensor
    """(B,) bool."""
    sigma: Tensor
    """(B,) float32, pixels."""


@dataclass(frozen=True)
class GaussianBlur(Transform[Blur]):
    """Blur with a Gaussian of fixed support, its width drawn for each image, borders reflected."""

    kernel: int
    """Side of the support, odd, pixels."""
    sigma: tuple[float, float] = (0.1, 2.0)
    """Range of the standard deviation, pixels."""
    p: float = 0.5

    def __post_init__(self) -> None:
        """Check kernel, sigma and p."""
        check_positive("GaussianBlur", "kernel", self.kernel)
        if self.kernel % 2 == 0:
            raise ValueError(f"GaussianBlur: kernel must be odd (got {self.kernel!r})")
        check_range("GaussianBlur", "sigma", self.sigma)
        check_probability("GaussianBlur", self.p)

    def parameters(self, draws: Draws, _size: Size, /) -> Blur:
        """Draw decision and width for each image."""
        return Blur(happens(draws, self.p), between(draws.named("sigma"), *self.sigma))

    def apply(self, images: Tensor, parameters: Blur, /) -> Tensor:
        """Blur the chosen images.

        Raises:
            ValueError: the images are too small to be reflected that far.
        """
        if self.kernel // 2 >= min(images.shape[-2:]):
            raise ValueError(
                f"GaussianBlur: kernel must be below twice the image's side "
                f"(got {self.kernel} for {tuple(images.shape[-2:])})"
            )
        rows = rows_where(parameters.happens)
        sigma = parameters.sigma[rows]
        down, across = (blur_matrix(sigma, self.kernel, side) for side in images.shape[-2:])
        return images.index_copy_(0, rows, resample(images.index_select(0, rows), down, across))


@dataclass(frozen=True)
class Solarise(Transform[Decision]):
    """Invert the values at or above a threshold with probability p."""

    p: float = 0.2
    threshold: float = 0.5

    def __post_init__(self) -> None:
        """Check p and the threshold."""
        check_probability("Solarise", self.p)
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"Solarise: threshold must be in [0, 1] (got {self.threshold!r})")

    def parameters(self, draws: Draws, _size: Size, /) -> Decision:
        """Decide for each image."""
        return Decision(happens(draws, self.p))

    def apply(self, images: Tensor, parameters: Decision, /) -> Tensor:
        """Solarise the chosen images."""
        rows = rows_where(parameters.happens)
        part = images.index_select(0, rows)
        return images.index_copy_(0, rows, torch.where(part >= self.threshold, 1.0 - part, part))
