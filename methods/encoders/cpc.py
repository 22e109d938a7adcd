"""CPC's LayerNorm ResNet. Hénaff et al., arXiv 1905.09272; lightning-bolts 34958a889.

Batch norm would let the patches of an image see each other through its statistics. Each layer norm
is over (C, H, W) with an affine map of that shape, so the encoder serves one image size.

Slots: `7` is stack 3's output, `5` and `last` stack 4's, `1` its average. For patches of 8, 16 or
32 px `5` and `last` are 1x1: the spatial map of CPC is the grid of its patches.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from methods.encoders.blocks import Encoder, convolution
from methods.encoders.geometry import CPC_EXPANSIONS, CPC_STEM, CPC_WIDTHS, cpc, halved


def _norm(channels: int, side: int) -> nn.LayerNorm:
    return nn.LayerNorm((channels, side, side))


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, inner: int, out: int, stride: int, side: int) -> None:
        super().__init__()
        after = halved(side, 1) if stride == 2 else side
        self.conv1, self.norm1 = convolution(channels, inner, 1), _norm(inner, side)
        self.conv2, self.norm2 = convolution(inner, inner, 3, stride), _norm(inner, after)
        self.conv3, self.norm3 = convolution(inner, out, 1), _norm(out, after)
        self.downsample = None
        if stride != 1 or channels != out:
            project = convolution(channels, out, 1, stride)
            self.downsample = nn.Sequential(project, _norm(out, after))

    def forward(self, x: Tensor) -> Tensor:
        skip = x if self.downsample is None else self.downsample(x)
        y = functional.relu(self.norm1(self.conv1(x)), inplace=True)
        y = functional.relu(self.norm2(self.conv2(y)), inplace=True)
        return functional.relu(self.norm3(self.conv3(y)) + skip, inplace=True)


class CPCResNet(Encoder):
    """Four stacks of bottlenecks, the third of which is wide and, by default, 46 blocks deep.

    Args:
        image_size: Side of the images or patches in pixels.
        stacks: Blocks of each of the four stacks; (3, 4, 6, 3) is bolts' cheaper form.
        width: Channels of the stem.

    Raises:
        ValueError: If there are not four stacks.
    """

    def __init__(
        self, image_size: int, *, stacks: tuple[int, ...] = (3, 4, 46, 3), width: int = 64
    ) -> None:
        super().__init__()
        if len(stacks) != len(CPC_WIDTHS):
            raise ValueError(f"cpc_resnet101 has four stacks (got {stacks})")
        self.image_size = image_size
        self.stem = CPC_STEM
        slots = cpc(image_size, width)
        self.widths = {name: channels for name, (channels, _, _) in slots.items()}
        side = halved(image_size, 1)
        self.conv1, self.norm1 = convolution(3, width, 7, 2), _norm(width, side)
        side, channels = halved(side, 1), width
        layers = []
        for index, depth in enumerate(stacks):
            inner, stride = width * CPC_WIDTHS[index], 1 if index == 0 else 2
            out = inner * CPC_EXPANSIONS[index]
            blocks = [_Bottleneck(channels, inner, out, stride, side)]
            side, channels = (halved(side, 1) if stride == 2 else side), out
            blocks += [_Bottleneck(out, inner, out, 1, side) for _ in range(depth - 1)]
            layers.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = layers

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Encode (B, 3, H, W) float images.

        Raises:
            ValueError: If they are not of the size that the encoder was built for.
        """
        if images.shape[2:] != (self.image_size, self.image_size):
            given = "x".join(map(str, images.shape[2:]))
            raise ValueError(f"this encoder is for {self.image_size} px images (got {given})")
        x = functional.relu(self.norm1(self.conv1(images)), inplace=True)
        x = functional.max_pool2d(x, 3, 2, padding=1)
        seven = self.layer3(self.layer2(self.layer1(x)))
        last = self.layer4(seven)
        return {"1": last.mean((2, 3)), "5": last, "7": seven, "last": last}
