"""The parts that the residual encoders share.

Parameters carry torchvision's names (`conv1`, `bn1`, `downsample.0`), whatever the norm, so that a
ResNet checkpoint of torchvision's layout loads as it is.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional

_GROUP = 16
"""Channels of a group. Source: Wu & He, arXiv 1803.08494 v3, table 3: the best fixed number."""


class Encoder(nn.Module):
    """Images (B, 3, H, W) in, named feature maps out: the keys of `widths`."""

    widths: dict[str, int]
    """Channels of each slot: `1` (B, D); `5`, `7` and `last` (B, C, h, w)."""
    stem: str
    """What the image meets first, for the record."""

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Encode (B, 3, H, W) float images."""
        raise NotImplementedError


class BlockType(Protocol):
    """A residual block: how it is built, and what it puts out per inner channel."""

    expansion: int

    def __call__(self, channels: int, inner: int, out: int, stride: int, norm: str, /) -> nn.Module:
        """Build one block."""


def make_norm(kind: str, channels: int) -> nn.Module:
    """Build a norm over (B, C, h, w).

    Args:
        kind: `batch`; `group` (16 channels a group); `layer` (one group: every channel and place
            of an image, with an affine map per channel).
        channels: C.

    Raises:
        ValueError: If the kind is unknown.
    """
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "group":
        whole = channels % _GROUP == 0
        return nn.GroupNorm(channels // _GROUP if whole else 1, channels)
    if kind == "layer":
        return nn.GroupNorm(1, channels)
    raise ValueError(f"unknown norm {kind!r} (known: batch, group, layer)")


def convolution(channels: int, out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Build a convolution without bias whose map keeps its size at stride 1."""
    conv = nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2, bias=False)
    # Source: He et al., arXiv 1502.01852, eq. 14, the backward form that torchvision takes
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv


def shortcut(channels: int, out: int, stride: int, norm: str) -> nn.Module | None:
    """Build the projection of a block whose output is not of its input's shape."""
    if stride == 1 and channels == out:
        return None
    return nn.Sequential(convolution(channels, out, 1, stride), make_norm(norm, out))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions. Source: He et al., arXiv 1512.03385, fig. 5 left."""

    expansion = 1

    def __init__(self, channels: int, inner: int, out: int, stride: int, norm: str) -> None:
        super().__init__()
        self.conv1 = convolution(channels, inner, 3, stride)
        self.bn1 = make_norm(norm, inner)
        self.conv2 = convolution(inner, out, 3)
        self.bn2 = make_norm(norm, out)
        self.downsample = shortcut(channels, out, stride, norm)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, h, w) to (B, out, h/stride, w/stride)."""
        skip = x if self.downsample is None else self.downsample(x)
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        return functional.relu(self.bn2(self.conv2(y)) + skip, inplace=True)


class Bottleneck(nn.Module):
    """1x1, 3x3 with the stride, 1x1. Source: arXiv 1512.03385, fig. 5 right, stride as in v1.5."""

    expansion = 4

    def __init__(self, channels: int, inner: int, out: int, stride: int, norm: str) -> None:
        super().__init__()
        self.conv1 = convolution(channels, inner, 1)
        self.bn1 = make_norm(norm, inner)
        self.conv2 = convolution(inner, inner, 3, stride)
        self.bn2 = make_norm(norm, inner)
        self.conv3 = convolution(inner, out, 1)
        self.bn3 = make_norm(norm, out)
        self.downsample = shortcut(channels, out, stride, norm)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, h, w) to (B, out, h/stride, w/stride)."""
        skip = x if self.downsample is None else self.downsample(x)
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = functional.relu(self.bn2(self.conv2(y)), inplace=True)
        return functional.relu(self.bn3(self.conv3(y)) + skip, inplace=True)
