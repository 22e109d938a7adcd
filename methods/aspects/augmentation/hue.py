"""Turning the hue of a batch in place, in one formula for all pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.aspects.augmentation.transform import per_image


def turn_hue(images: Tensor, turns: Tensor) -> None:
    """Turn the hue of images (B, 3, H, W) in [0, 1] by `turns` (B,), in place.

    With V the largest channel, m the smallest and c = V - m, the hue in sixths of a turn, wrapped
    to [-3, 3], is 2 + (G + B - R - V) / c with the sign of G - B; and hue, V and c give back
    R = V - c clamp(|hue| - 1), and G and B likewise, 2 sixths away. No case is distinguished.
    """
    red, green, blue = images[:, 0:1], images[:, 1:2], images[:, 2:3]
    value = torch.maximum(torch.maximum(red, green), blue)
    least = torch.minimum(torch.minimum(red, green), blue)
    chroma = value - least
    hue = (green + blue).sub_(red).sub_(value)
    # where the chroma is 0 any hue will do
    hue.div_(chroma.clamp(min=1e-12)).add_(2.0).copysign_(green - blue)
    hue.add_(per_image(6.0 * turns))
    hue.sub_((hue / 6.0).round_().mul_(6.0))
    red.copy_(value.sub_(_ramp(hue.abs()).mul_(chroma)))
    green.copy_(_ramp((hue - 2.0).abs_().sub_(3.0).abs_()).mul_(chroma).add_(least))
    blue.copy_(_ramp((hue + 2.0).abs_().sub_(3.0).abs_()).mul_(chroma).add_(least))


def _ramp(distance: Tensor) -> Tensor:
    """Rise from 0 at distance 1 to 1 at distance 2, in place."""
    return distance.sub_(1.0).clamp_(0.0, 1.0)
