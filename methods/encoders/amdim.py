"""AMDIM's encoder. Bachman, Hjelm & Buchwalter, arXiv 1906.00910; amdim-public 8754ae149, model.py.

No padding, and mostly 1x1 convolutions, so that each place of a map sees a small part of the
image; no norm inside, instead each residual unit starts as average pooling.

Slots: `7` and `5` are the last layers whose maps are 7x7 and 5x5, `1` the vector after the final
batch norm, `last` is `5`, the last map with more than one place.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from methods.encoders.blocks import Encoder
from methods.encoders.geometry import amdim, amdim_stem


class _Unit(nn.Module):
    """A k x k convolution, ReLU and a 1x1 convolution, added to the average-pooled input."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride, self.added = kernel, stride, out - channels
        self.conv1 = nn.Conv2d(channels, out, kernel, stride, bias=False)
        self.conv2 = nn.Conv2d(out, out, 1, bias=False)
        nn.init.kaiming_uniform_(self.conv1.weight, a=math.sqrt(5))
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, h, w) to (B, out, h', w'); no ReLU follows the sum."""
        branch = self.conv2(functional.relu(self.conv1(x), inplace=True))
        skip = x if self.kernel == 1 else functional.avg_pool2d(x, self.kernel, self.stride)
        if self.added:
            skip = functional.pad(skip, (0, 0, 0, 0, 0, self.added))
        out: Tensor = branch + skip
        return out


def _block(channels: int, out: int, kernel: int, stride: int, depth: int) -> nn.Sequential:
    """Build a unit of that kernel and stride with `depth - 1` pointwise units behind it."""
    rest = (_Unit(out, out, 1, 1) for _ in range(depth - 1))
    return nn.Sequential(_Unit(channels, out, kernel, stride), *rest)


def _stem(image_size: int, ndf: int) -> list[nn.Module]:
    first = nn.Conv2d(3, ndf, 3)
    if image_size != 128:
        return [first, nn.ReLU(inplace=True)]
    halving = nn.Conv2d(3, ndf, 5, stride=2, padding=2, padding_mode="reflect")
    return [halving, nn.ReLU(inplace=True), nn.Conv2d(ndf, ndf, 3), nn.ReLU(inplace=True)]


class Amdim(Encoder):
    """Three runs of layers that end in the 7x7, the 5x5 and the 1x1 map.

    Args:
        image_size: 32, 64 or 128 pixels.
        ndf: Channels of the stem.
        rkhs: Width of the 1x1 map.
        depth: Units of a block.

    Raises:
        ValueError: If there is no layer list for the image size, or `rkhs` is below the width of
            the 5x5 map, since units may only widen.
    """

    def __init__(self, image_size: int, *, ndf: int, rkhs: int, depth: int) -> None:
        super().__init__()
        slots = amdim(image_size, ndf, rkhs)
        self.widths = {name: channels for name, (channels, _, _) in slots.items()}
        self.image_size = image_size
        self.stem = amdim_stem(image_size)
        wide = slots["5"][0]
        if image_size == 32:
            to_seven = [_Unit(ndf, ndf, 1, 1), _block(ndf, 2 * ndf, 4, 2, depth)]
            to_seven.append(_block(2 * ndf, wide, 2, 2, depth))
        else:
            to_seven = [_block(ndf, 2 * ndf, 4, 2, depth), _block(2 * ndf, 4 * ndf, 4, 2, depth)]
            to_seven.append(_block(4 * ndf, wide, 2, 2, depth))
        self.to_seven = nn.Sequential(*_stem(image_size, ndf), *to_seven)
        self.to_five = _block(wide, wide, 3, 1, depth)
        self.to_three = _block(wide, wide, 3, 1, depth)
        self.to_one = _Unit(wide, rkhs, 3, 1)
        # always on, whatever the inner norm
        self.bn = nn.BatchNorm2d(rkhs)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Encode (B, 3, H, W) float images.

        Raises:
            ValueError: If they are not of the size that the encoder was built for.
        """
        if images.shape[2:] != (self.image_size, self.image_size):
            given = "x".join(map(str, images.shape[2:]))
            raise ValueError(f"this encoder is for {self.image_size} px images (got {given})")
        seven = self.to_seven(images)
        five = self.to_five(seven)
        one = torch.flatten(self.bn(self.to_one(self.to_three(five))), 1)
        return {"1": one, "5": five, "7": seven, "last": five}
