"""What maps each encoder gives at each image size, by arithmetic alone: no torch here.

A slot is (channels, height, width). `7` and `5` are two spatial stages, `last` the last spatial
map, `1` the pooled vector. The tests hold every line to the real modules' outputs.
"""

from __future__ import annotations

from typing import TypeAlias

Slots: TypeAlias = dict[str, tuple[int, int, int]]

SMALL_STEM_UP_TO = 64
"""Pixels: up to here a ResNet begins with one 3x3 convolution and no pooling. Source: SimCLR
(arXiv 2002.05709, B.9) does so for CIFAR-10's 32 px; 64 px takes it too, so that `5` is 8x8."""

AMDIM_SIZES = (32, 64, 128)
"""Pixels: the sizes that AMDIM's encoder has layer lists for. Source: amdim-public, model.py."""

CPC_STEM = "7x7/2, 3x3/2 max-pool"
CPC_WIDTHS = (1, 2, 8, 8)
"""Inner width of each stack, in stem widths. Source: lightning-bolts 34958a889, CPCresnet101."""
CPC_EXPANSIONS = (4, 4, 8, 4)
"""Outer over inner width of each stack. Source: likewise."""

COMPACT_STEM = "3x3/2"
COMPACT_FACTORS = (2, 6)
"""Channels of the two stages of `compact`, in stem widths."""


def after(size: int, kernel: int, stride: int, padding: int = 0) -> int:
    """Return the side of a map after a convolution or pooling."""
    return (size + 2 * padding - kernel) // stride + 1


def halved(size: int, times: int) -> int:
    """Return the side of a map after 3x3 convolutions of stride 2 and padding 1."""
    for _ in range(times):
        size = after(size, 3, 2, 1)
    return size


def small_stem(image_size: int) -> bool:
    """Say whether a ResNet takes its small-image stem."""
    return image_size <= SMALL_STEM_UP_TO


def resnet_stem(image_size: int) -> str:
    """Name a ResNet's stem at an image size."""
    return "3x3" if small_stem(image_size) else CPC_STEM


def resnet(image_size: int, layer3: int, layer4: int) -> Slots:
    """Return a ResNet's slots, given the channels of its last two stages."""
    # 7x7/2 with padding 3 halves as 3x3/2 with padding 1 does
    stem = image_size if small_stem(image_size) else halved(image_size, 2)
    return _staged((layer3, halved(stem, 2)), (layer4, halved(stem, 3)))


def cpc(image_size: int, width: int) -> Slots:
    """Return the slots of CPC's LayerNorm ResNet."""
    stack3, stack4 = (width * CPC_WIDTHS[stack] * CPC_EXPANSIONS[stack] for stack in (2, 3))
    return _staged((stack3, halved(image_size, 4)), (stack4, halved(image_size, 5)))


def amdim(image_size: int, ndf: int, rkhs: int) -> Slots:
    """Return the slots of AMDIM's encoder.

    Raises:
        ValueError: If there is no layer list for the image size, or `rkhs` is below the width of
            the 5x5 map.
    """
    if image_size not in AMDIM_SIZES:
        sizes = ", ".join(map(str, AMDIM_SIZES))
        raise ValueError(f"the encoder 'amdim' takes images of {sizes} px (got {image_size} px)")
    channels = ndf * (4 if image_size == AMDIM_SIZES[0] else 8)
    if rkhs < channels:
        raise ValueError(
            f"amdim's units only widen: rkhs must be at least {channels} at {image_size} px with "
            f"ndf {ndf} (got {rkhs})"
        )
    last = (channels, 5, 5)
    return {"1": (rkhs, 1, 1), "5": last, "7": (channels, 7, 7), "last": last}


def amdim_stem(image_size: int) -> str:
    """Name AMDIM's stem at an image size."""
    return "5x5/2, 3x3, unpadded" if image_size == AMDIM_SIZES[-1] else "3x3, unpadded"


def compact(image_size: int, width: int) -> Slots:
    """Return the slots of the CPU-sized encoder."""
    widths = [width * factor for factor in COMPACT_FACTORS]
    return _staged((widths[0], halved(image_size, 2)), (widths[1], halved(image_size, 3)))


def _staged(seven: tuple[int, int], five: tuple[int, int]) -> Slots:
    """Build slots from (channels, side) of two stages, the later of which is pooled."""
    last = (five[0], five[1], five[1])
    return {"1": (five[0], 1, 1), "5": last, "7": (seven[0], seven[1], seven[1]), "last": last}
