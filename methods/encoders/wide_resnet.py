"""Wide ResNets: twice the channels of a ResNet. Zagoruyko & Komodakis, arXiv 1605.07146.

The reported YADIM numbers may come from a wide ResNet-34, which torchvision does not have.
"""

from __future__ import annotations

from methods.encoders.blocks import BasicBlock, Bottleneck
from methods.encoders.resnet import ResNet


def wide_resnet34(image_size: int, *, width: int = 64, norm: str = "batch") -> ResNet:
    """Build a ResNet-34 with stages of 128, 256, 512 and 1024 channels (k = 2)."""
    return ResNet(image_size, BasicBlock, (3, 4, 6, 3), width=width, norm=norm, widen=2)


def wide_resnet50_2(image_size: int, *, width: int = 64, norm: str = "batch") -> ResNet:
    """Build torchvision's wide ResNet-50-2: its bottlenecks are twice as wide inside."""
    return ResNet(image_size, Bottleneck, (3, 4, 6, 3), width=width, norm=norm, widen=2)
