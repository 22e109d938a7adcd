"""CPC's LayerNorm ResNet: its size, its norms, its patches."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from methods.encoders import build


@pytest.mark.parametrize("patch", [8, 16, 32])
def test_a_patch_becomes_one_vector(patch: int) -> None:
    """For patches of the three datasets the last map is 1x1 of 2048 channels."""
    with torch.device("meta"):
        maps = build("cpc_resnet101[stacks=1,1,1,1]", patch)(torch.empty(2, 3, patch, patch))
    assert maps["last"].shape == (2, 2048, 1, 1)
    assert maps["1"].shape == (2, 2048)
    assert maps["7"].shape[1] == 4096


def test_the_default_is_the_deep_third_stack() -> None:
    """Stacks of 3, 4, 46 and 3 bottlenecks; weights counted from the widths, norms aside."""
    with torch.device("meta"):
        encoder = build("cpc_resnet101", 32)
    weights = sum(m.weight.numel() for m in encoder.modules() if isinstance(m, nn.Conv2d))
    expected, channels = 3 * 64 * 49, 64
    stacks = ((3, 64, 256), (4, 128, 512), (46, 512, 4096), (3, 512, 2048))
    for depth, inner, out in stacks:
        for block in range(depth):
            expected += channels * inner + 9 * inner * inner + inner * out
            expected += channels * out if block == 0 else 0
            channels = out
    assert weights == expected


def test_every_norm_is_a_layer_norm_over_the_whole_map() -> None:
    """Each normalises (C, H, W) with an affine map of that shape; there is no batch norm."""
    encoder = build("cpc_resnet101[stacks=1,1,1,1,width=4]", 16)
    shapes = [tuple(m.weight.shape) for m in encoder.modules() if isinstance(m, nn.LayerNorm)]
    assert shapes[0] == (4, 8, 8)
    assert all(len(shape) == 3 for shape in shapes)
    # one in the stem, three a block, one a projection (each stack changes the channels)
    assert len(shapes) == 1 + 4 * 3 + 4
    assert not any(isinstance(module, nn.BatchNorm2d) for module in encoder.modules())


def test_images_of_another_size_are_refused() -> None:
    """The norms have the size of their maps."""
    with pytest.raises(ValueError, match=r"for 8 px images \(got 16x16\)"):
        build("cpc_resnet101[stacks=1,1,1,1,width=4]", 8)(torch.zeros(2, 3, 16, 16))
