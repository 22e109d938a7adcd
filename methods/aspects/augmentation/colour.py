"""Colour jitter, grayscale and normalisation, with torchvision's meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from methods.aspects.augmentation.geometry import Decision
from methods.aspects.augmentation.hue import turn_hue
from methods.aspects.augmentation.transform import (
    NoParameters,
    Size,
    Transform,
    check_probability,
    happens,
    rows_where,
)
from methods.randomness import Draws

# ITU-R 601 luma, to the digits that torchvision's rgb_to_grayscale uses.
_LUMA = (0.2989, 0.587, 0.114)

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
"""Numbers of the operations of a jitter, in torchvision's order."""


class Jitter(NamedTuple):
    """What happens to the colours of each image."""

    happens: Tensor
    """(B,) bool."""
    order: Tensor
    """(B, 4) int64: the operation of each turn."""
    amounts: Tensor
    """(B, 4) float32: three factors (an additive brightness: a summand) and the turn of the hue."""


@dataclass(frozen=True)
class ColourJitter(Transform[Jitter]):
    """Change brightness, contrast, saturation and hue, in an order drawn for each image.

    Factors are uniform in [max(0, 1 - strength), 1 + strength], the hue in [-hue, hue] turns; each
    operation clamps to [0, 1].
    """

    brightness: float
    contrast: float
    saturation: float
    hue: float
    p: float = 0.8
    additive: bool = False
    """Add a number of [-brightness, brightness] instead of multiplying, as SimCLR v1 did."""

    def __post_init__(self) -> None:
        """Check the strengths and p."""
        check_probability("ColourJitter", self.p)
        for name in ("brightness", "contrast", "saturation"):
            if getattr(self, name) < 0.0:
                raise ValueError(
                    f"ColourJitter: {name} must be 0 or more (got {getattr(self, name)!r})"
                )
        if not 0.0 <= self.hue <= 0.5:
            raise ValueError(f"ColourJitter: hue must be in [0, 0.5] turns (got {self.hue!r})")

    def parameters(self, draws: Draws, _size: Size, /) -> Jitter:
        """Draw decision, order and amounts for each image."""
        order = torch.argsort(draws.named("order").bits(4), dim=-1, stable=True)
        centre = 0.0 if self.additive else 1.0
        lows, highs = zip(
            _around(centre, self.brightness, floor=-self.brightness if self.additive else 0.0),
            _around(1.0, self.contrast),
            _around(1.0, self.saturation),
            (-self.hue, self.hue),
            strict=True,
        )
        uniform = draws.named("amounts").uniform(4)
        low, high = uniform.new_tensor(lows), uniform.new_tensor(highs)
        return Jitter(happens(draws, self.p), order, low + (high - low) * uniform)

    def apply(self, images: Tensor, parameters: Jitter, /) -> Tensor:
        """Jitter the chosen images; the others keep their bits.

        Images are taken in four groups by the turn at which their hue changes: in every other turn
        brightness, contrast and saturation are one formula, and nobody computes what it discards.
        """
        blends = self._blends(parameters)
        for turn in range(4):
            rows = rows_where(parameters.happens & (parameters.order[:, turn] == HUE))
            if len(rows) == 0:
                continue
            part = images.index_select(0, rows)
            steps = blends.index_select(1, rows).unbind()
            for step in range(4):
                if step != turn:
                    _blend(part, steps[step])
                elif self.hue > 0.0:
                    turn_hue(part, parameters.amounts[rows, HUE])
            images.index_copy_(0, rows, part)
        return images

    def _blends(self, parameters: Jitter) -> Tensor:
        """Return what each turn multiplies image, luma and mean luma by, and adds: (4, B, 4)."""
        amount = parameters.amounts.gather(1, parameters.order)
        brightness, contrast, saturation = (parameters.order == kind for kind in range(HUE))
        rest = 1.0 - amount
        offset = torch.zeros_like(amount)
        if self.additive:
            offset, amount = amount * brightness, torch.where(brightness, 1.0, amount)
        return torch.stack((amount, rest * saturation, rest * contrast, offset), -1).transpose(0, 1)


@dataclass(frozen=True)
class RandomGrayscale(Transform[Decision]):
    """Replace the colours by their luma with probability p."""

    p: float = 0.2

    def __post_init__(self) -> None:
        """Check p."""
        check_probability("RandomGrayscale", self.p)

    def parameters(self, draws: Draws, _size: Size, /) -> Decision:
        """Decide for each image."""
        return Decision(happens(draws, self.p))

    def apply(self, images: Tensor, parameters: Decision, /) -> Tensor:
        """Make the chosen images gray."""
        rows = rows_where(parameters.happens)
        gray = luma(images.index_select(0, rows))
        return images.index_copy_(0, rows, gray.expand(-1, 3, -1, -1))


@dataclass(frozen=True)
class Normalise(Transform[NoParameters]):
    """Subtract a mean and divide by a standard deviation, channel by channel."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __post_init__(self) -> None:
        """Check that three positive deviations are given."""
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0.0:
            raise ValueError(
                f"Normalise: mean and std must be three numbers each, std positive "
                f"(got {self.mean!r}, {self.std!r})"
            )

    def parameters(self, _draws: Draws, _size: Size, /) -> NoParameters:
        """Draw nothing."""
        return NoParameters()

    def apply(self, images: Tensor, _parameters: NoParameters, /) -> Tensor:
        """Return the normalised images."""
        mean, std = (images.new_tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return images.sub_(mean).div_(std)


def luma(images: Tensor) -> Tensor:
    """Return the gray values of images (B, 3, H, W) as (B, 1, H, W)."""
    red, green, blue = images[:, 0:1], images[:, 1:2], images[:, 2:3]
    return (red * _LUMA[0]).add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])


def _blend(images: Tensor, weights: Tensor) -> None:
    """Replace images by a sum of image, luma, mean luma and 1, by `weights` (B, 4), in place."""
    image, gray, mean, offset = weights.view(-1, 4, 1, 1, 1).unbind(1)
    target = luma(images)
    # rows first: one sum over a large image would be split among threads, and round otherwise
    middle = target.mean(dim=3, keepdim=True).mean(dim=2, keepdim=True)
    constant = middle.mul_(mean).add_(offset)
    images.mul_(image).add_(target.mul_(gray).add_(constant)).clamp_(0.0, 1.0)


def _around(centre: float, strength: float, floor: float = 0.0) -> tuple[float, float]:
    return max(floor, centre - strength), centre + strength
