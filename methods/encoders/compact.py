"""A small residual encoder for CPU cores.

Slots: `7` is the first block's output (8x8 for 32 px), `5` and `last` the second's (4x4), `1` its
average. 11.2 M multiply-adds a 32 px image, 0.51 M parameters.

Chosen by measurement, one core (AVX-512), float32, channels-last, forward and backward at batch
256: 1,380 images/s, or 424 images/s as 49 patches of 8 px; a ResNet-10 of width 32 with the same
stem does 946 and 201. SimCLR (AdamW 2e-3, batch 128) on `photos`, ridge probe, for as many steps
as fit ten seconds at those speeds, two seeds: from a floor of 44.7 to 55.0 and of 46.1 to 50.8
(ResNet-10: 32.6 to 40.5, 30.5 to 41.1), so it ends higher, partly from a higher floor. On
CIFAR-10, one seed, 279 steps: 38.4 to 46.7 (ResNet-10, 241 steps: 32.3 to 45.3). A third halving
ended lower on `photos` (39.8, 39.6); a second block of 256 channels ended as high (56.3, 53.7) and
is a quarter slower.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from methods.encoders.blocks import BasicBlock, Encoder, convolution, make_norm
from methods.encoders.geometry import COMPACT_FACTORS, COMPACT_STEM, compact


class Compact(Encoder):
    """A stem of stride 2 and two residual blocks of stride 2.

    Args:
        image_size: Side of the images or patches in pixels.
        width: Channels of the stem.
        norm: `batch`, or without leaks between patches `group` or `layer`.
    """

    def __init__(self, image_size: int, *, width: int = 32, norm: str = "batch") -> None:
        super().__init__()
        self.stem = COMPACT_STEM
        slots = compact(image_size, width)
        self.widths = {name: channels for name, (channels, _, _) in slots.items()}
        seven, five = (width * factor for factor in COMPACT_FACTORS)
        self.conv1, self.bn1 = convolution(3, width, 3, 2), make_norm(norm, width)
        self.layer1 = BasicBlock(width, seven, seven, 2, norm)
        self.layer2 = BasicBlock(seven, five, five, 2, norm)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Encode (B, 3, H, W) float images."""
        seven = self.layer1(functional.relu(self.bn1(self.conv1(images)), inplace=True))
        last = self.layer2(seven)
        return {"1": last.mean((2, 3)), "5": last, "7": seven, "last": last}
