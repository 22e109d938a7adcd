"""ResNets of 18, 34, 50 and 101 layers. He et al., arXiv 1512.03385.

Slots: `7` is layer3's output, `5` and `last` layer4's, `1` its global average.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from methods.encoders.blocks import (
    BasicBlock,
    BlockType,
    Bottleneck,
    Encoder,
    convolution,
    make_norm,
)
from methods.encoders.geometry import resnet_stem, small_stem


class ResNet(Encoder):
    """Four stages of residual blocks behind a stem that suits the image size.

    Args:
        image_size: Side of the images in pixels; it chooses the stem.
        block: The residual block.
        depths: Blocks of each stage.
        width: Channels of the stem and inner channels of the first stage.
        norm: `batch`, `group` or `layer`.
        widen: What multiplies the inner channels of the blocks, and the outer ones of basic blocks.
    """

    def __init__(
        self,
        image_size: int,
        block: BlockType,
        depths: tuple[int, int, int, int],
        *,
        width: int = 64,
        norm: str = "batch",
        widen: int = 1,
    ) -> None:
        super().__init__()
        self.stem = resnet_stem(image_size)
        small = small_stem(image_size)
        self.conv1 = convolution(3, width, 3 if small else 7, 1 if small else 2)
        self.bn1 = make_norm(norm, width)
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, padding=1)
        channels, stages = width, []
        for stage, depth in enumerate(depths):
            inner, stride = width * 2**stage * widen, 1 if stage == 0 else 2
            # torchvision's wide bottlenecks are wide inside only
            out = inner if block.expansion == 1 else width * 2**stage * block.expansion
            blocks = [block(channels, inner, out, stride, norm)]
            blocks += [block(out, inner, out, 1, norm) for _ in range(depth - 1)]
            stages.append(nn.Sequential(*blocks))
            channels, seven = out, channels
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.widths = {"1": channels, "5": channels, "7": seven, "last": channels}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Encode (B, 3, H, W) float images."""
        x = self.maxpool(functional.relu(self.bn1(self.conv1(images)), inplace=True))
        seven = self.layer3(self.layer2(self.layer1(x)))
        last = self.layer4(seven)
        return {"1": last.mean((2, 3)), "5": last, "7": seven, "last": last}


def resnet18(image_size: int, *, width: int = 64, norm: str = "batch") -> ResNet:
    """Build a ResNet-18."""
    return ResNet(image_size, BasicBlock, (2, 2, 2, 2), width=width, norm=norm)


def resnet34(image_size: int, *, width: int = 64, norm: str = "batch") -> ResNet:
    """Build a ResNet-34."""
    return ResNet(image_size, BasicBlock, (3, 4, 6, 3), width=width, norm=norm)


def resnet50(image_size: int, *, width: int = 64, norm: str = "batch") -> ResNet:
    """Build a ResNet-50."""
    return ResNet(image_size, Bottleneck, (3, 4, 6, 3), width=width, norm=norm)


def resnet101(image_size: int, *, width: int = 64, norm: str = "batch") -> ResNet:
    """Build a ResNet-101."""
    return ResNet(image_size, Bottleneck, (3, 4, 23, 3), width=width, norm=norm)
