"""Crops, flips, translations and resizing, a rectangle or an offset for every image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from methods.aspects.augmentation.resampling import cubic_matrix, resample, shift_matrix
from methods.aspects.augmentation.transform import (
    NoParameters,
    Size,
    Transform,
    check_positive,
    check_probability,
    check_range,
    happens,
    rows_where,
)
from methods.randomness import Draws

# Source: torchvision.transforms.RandomResizedCrop.get_params.
_TRIES = 10


class Box(NamedTuple):
    """One rectangle for each image, in pixels, and whether its content is mirrored."""

    top: Tensor
    left: Tensor
    height: Tensor
    width: Tensor
    """Each (B,) int64."""
    mirrored: Tensor
    """(B,) bool: left and right are swapped after the crop."""


class Decision(NamedTuple):
    """Whether a transform touches each image."""

    happens: Tensor
    """(B,) bool."""


class Offset(NamedTuple):
    """How far each image moves, in pixels."""

    down: Tensor
    right: Tensor
    """Each (B,) int64; negative is up, or left."""


@dataclass(frozen=True)
class RandomResizedCrop(Transform[Box]):
    """Cut a random rectangle and resize it to a square, bicubic with antialias.

    The law is torchvision's: area and aspect ratio (log-uniform) are tried until the rectangle
    fits, ten times at most, then the largest central one of an allowed ratio is taken. All ten
    tries are drawn at once: of the 40 numbers of an image, try t uses numbers 4t (area), 4t + 1
    (ratio), 4t + 2 (top) and 4t + 3 (left), and the first try that fits is kept.
    """

    size: int
    """Side of the output, pixels."""
    scale: tuple[float, float] = (0.08, 1.0)
    """Share of the image's area."""
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    """Width over height."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_positive("RandomResizedCrop", "size", self.size)
        check_range("RandomResizedCrop", "scale", self.scale)
        check_range("RandomResizedCrop", "ratio", self.ratio)
        if self.scale[1] > 1.0:
            raise ValueError(
                f"RandomResizedCrop: scale must end at 1 or below (got {self.scale!r})"
            )

    def parameters(self, draws: Draws, size: Size, /) -> Box:
        """Draw one rectangle for each image."""
        # float64: a last bit that differs between two ways to vectorise must not move a rounding
        tries = draws.uniform(4 * _TRIES).to(torch.float64).view(-1, _TRIES, 4)
        height, width = self._sides(tries[..., 0], tries[..., 1], size)
        fits = (height > 0) & (width > 0) & (height <= size[0]) & (width <= size[1])
        first = fits.to(torch.int8).argmax(-1, keepdim=True)
        height, width, top, left = (
            values.gather(-1, first).squeeze(-1)
            for values in (height, width, *tries.unbind(-1)[2:])
        )
        top = torch.floor(top * (size[0] - height + 1))
        left = torch.floor(left * (size[1] - width + 1))
        fitted = torch.stack((top, left, height, width), dim=-1).to(torch.int64)
        fallback = torch.tensor(self._central(size), device=fitted.device)
        box = torch.where(fits.any(-1, keepdim=True), fitted, fallback)
        top, left, height, width = box.unbind(-1)
        return Box(top, left, height, width, torch.zeros_like(fits[..., 0]))

    def apply(self, images: Tensor, parameters: Box, /) -> Tensor:
        """Return (B, 3, size, size), clamped to [0, 1], which bicubic weights overshoot.

        Pillow clamps after each axis, so where sharp edges cross it differs by some bytes.
        """
        top, left, height, width, mirrored = parameters
        rows = cubic_matrix(top, height, images.shape[-2], self.size)
        columns = cubic_matrix(left, width, images.shape[-1], self.size, mirrored)
        return resample(images, rows, columns).clamp_(0.0, 1.0)

    def output_size(self, _size: Size, /) -> Size:
        """Return (size, size)."""
        return self.size, self.size

    def _sides(self, area: Tensor, ratio: Tensor, size: Size) -> tuple[Tensor, Tensor]:
        """Turn uniform numbers into the heights and widths of rectangles, whole pixels."""
        pixels = size[0] * size[1] * (self.scale[0] + (self.scale[1] - self.scale[0]) * area)
        low, high = (math.log(bound) for bound in self.ratio)
        aspect = torch.exp(low + (high - low) * ratio)
        return torch.round(torch.sqrt(pixels / aspect)), torch.round(torch.sqrt(pixels * aspect))

    def _central(self, size: Size) -> tuple[int, int, int, int]:
        """Return the largest central rectangle of an allowed ratio: top, left, height, width."""
        height, width = size
        if width / height < self.ratio[0]:
            height = round(width / self.ratio[0])
        elif width / height > self.ratio[1]:
            width = round(height * self.ratio[1])
        return (size[0] - height) // 2, (size[1] - width) // 2, height, width


@dataclass(frozen=True)
class RandomHorizontalFlip(Transform[Decision]):
    """Mirror left and right with probability p."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Check p."""
        check_probability("RandomHorizontalFlip", self.p)

    def parameters(self, draws: Draws, _size: Size, /) -> Decision:
        """Decide for each image."""
        return Decision(happens(draws, self.p))

    def apply(self, images: Tensor, parameters: Decision, /) -> Tensor:
        """Mirror the chosen images."""
        rows = rows_where(parameters.happens)
        return images.index_copy_(0, rows, images.index_select(0, rows).flip(-1))


@dataclass(frozen=True)
class RandomTranslation(Transform[Offset]):
    """Move by whole pixels in [-distance, distance] on each axis, filled by reflection, size kept.

    Source: AMDIM, Philip-Bachman/amdim-public 8754ae149, datasets.py: 4 pixels, p 0.8, and a
    reflection that does not repeat the border.
    """

    distance: int = 4
    p: float = 0.8

    def __post_init__(self) -> None:
        """Check the distance and p."""
        check_positive("RandomTranslation", "distance", self.distance)
        check_probability("RandomTranslation", self.p)

    def parameters(self, draws: Draws, _size: Size, /) -> Offset:
        """Draw one offset for each image, (0, 0) for those that stay."""
        offsets = draws.integers(2, 2 * self.distance + 1) - self.distance
        offsets = offsets * happens(draws, self.p).unsqueeze(-1)
        return Offset(*offsets.unbind(-1))

    def apply(self, images: Tensor, parameters: Offset, /) -> Tensor:
        """Return the moved images. Every weight is 0 or 1, so pixels are copied exactly.

        Raises:
            ValueError: the images are too small to be reflected that far.
        """
        if self.distance >= min(images.shape[-2:]):
            raise ValueError(
                f"RandomTranslation: distance must be below the image's side "
                f"(got {self.distance} for {tuple(images.shape[-2:])})"
            )
        rows = shift_matrix(parameters.down, images.shape[-2])
        return resample(images, rows, shift_matrix(parameters.right, images.shape[-1]))


@dataclass(frozen=True)
class Resize(Transform[NoParameters]):
    """Resize the shorter side to `size` pixels, bicubic with antialias, aspect ratio kept."""

    size: int

    def __post_init__(self) -> None:
        """Check the size."""
        check_positive("Resize", "size", self.size)

    def parameters(self, _draws: Draws, _size: Size, /) -> NoParameters:
        """Draw nothing."""
        return NoParameters()

    def apply(self, images: Tensor, _parameters: NoParameters, /) -> Tensor:
        """Return the resized images, clamped to [0, 1]."""
        size = self.output_size((images.shape[-2], images.shape[-1]))
        resized = functional.interpolate(images, size, mode="bicubic", antialias=True)
        return resized.clamp_(0.0, 1.0)

    def output_size(self, size: Size, /) -> Size:
        """Return the shorter side as asked, the longer one rounded down."""
        short = min(size)
        return self.size * size[0] // short, self.size * size[1] // short


@dataclass(frozen=True)
class CentreCrop(Transform[NoParameters]):
    """Keep the central square."""

    size: int
    """Side, pixels."""

    def __post_init__(self) -> None:
        """Check the size."""
        check_positive("CentreCrop", "size", self.size)

    def parameters(self, _draws: Draws, _size: Size, /) -> NoParameters:
        """Draw nothing."""
        return NoParameters()

    def apply(self, images: Tensor, _parameters: NoParameters, /) -> Tensor:
        """Return the centres, (B, 3, size, size).

        Raises:
            ValueError: the images are smaller than the square.
        """
        height, width = images.shape[-2:]
        if min(height, width) < self.size:
            raise ValueError(
                f"CentreCrop: images must be at least {self.size} pixels (got {height} x {width})"
            )
        # round, half to even, as torchvision does
        top, left = round((height - self.size) / 2), round((width - self.size) / 2)
        return images[..., top : top + self.size, left : left + self.size]

    def output_size(self, _size: Size, /) -> Size:
        """Return (size, size)."""
        return self.size, self.size
