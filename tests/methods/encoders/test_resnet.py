"""ResNets against torchvision's, which are the independent truth here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision.models as reference
from torch import nn

from methods.encoders import build

PAIRS: dict[str, Callable[..., Any]] = {
    "resnet18": reference.resnet18,
    "resnet34": reference.resnet34,
    "resnet50": reference.resnet50,
    "resnet101": reference.resnet101,
    "wide_resnet50_2": reference.wide_resnet50_2,
}


@pytest.mark.parametrize("name", PAIRS)
def test_parameters_are_torchvisions(name: str) -> None:
    """Above 64 px, every name and shape but the classifier's is torchvision's."""
    with torch.device("meta"):
        ours, theirs = build(name, 224).state_dict(), PAIRS[name]().state_dict()
    shapes = {key: tuple(value.shape) for key, value in theirs.items() if key[:3] != "fc."}
    assert {key: tuple(value.shape) for key, value in ours.items()} == shapes


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_torchvision_checkpoint_gives_torchvisions_features(name: str) -> None:
    """Loaded with torchvision's weights, `1` is what enters torchvision's classifier (float64)."""
    theirs = PAIRS[name]().double()
    theirs.fc = nn.Identity()
    ours = build(name, 96).double()
    ours.load_state_dict(theirs.state_dict())
    images = torch.randn(2, 3, 96, 96, dtype=torch.float64)
    expected = theirs(images)  # in training, where batch norm adds no constants of its own
    torch.testing.assert_close(ours(images)["1"], expected, rtol=1e-9, atol=1e-9)


def test_the_small_stem_keeps_the_resolution() -> None:
    """Up to 64 px the first convolution is 3x3 without stride and nothing is pooled."""
    small, large = build("resnet18[width=4]", 64), build("resnet18[width=4]", 65)
    assert (small.stem, large.stem) == ("3x3", "7x7/2, 3x3/2 max-pool")
    images = torch.zeros(2, 3, 64, 64)
    assert small(images)["7"].shape[2:] == (16, 16)
    assert large(images)["7"].shape[2:] == (4, 4)


def test_wide_resnet34_has_the_published_widths() -> None:
    """Stages of 128, 256, 512 and 1024 channels, two 3x3 convolutions a block."""
    with torch.device("meta"):
        encoder = build("wide_resnet34", 96)
    state = encoder.state_dict()
    widths = [state[f"layer{stage}.0.conv2.weight"].shape[0] for stage in (1, 2, 3, 4)]
    assert widths == [128, 256, 512, 1024]
    # stage by stage: first block, other blocks, projection
    depths, before, expected = (3, 4, 6, 3), 64, 7 * 7 * 3 * 64 + 2 * 64
    for width, depth in zip(widths, depths, strict=True):
        expected += 9 * before * width + 9 * width * width + 4 * width
        expected += (depth - 1) * (18 * width * width + 4 * width)
        expected += before * width + 2 * width
        before = width
    assert sum(p.numel() for p in encoder.parameters()) == expected


def test_convolutions_start_at_he_et_als_scale() -> None:
    """Kaiming fan-out: the variance of a 3x3 convolution's weights is 2 / (9 * channels out)."""
    torch.manual_seed(0)
    weight = build("resnet18", 32).get_parameter("layer3.1.conv1.weight")
    assert weight.var().item() == pytest.approx(2 / (9 * 256), rel=0.01)


def test_group_norm_takes_groups_of_sixteen() -> None:
    """16 channels a group; one group where 16 does not divide the channels."""
    encoder = build("resnet18[norm=group,width=8]", 32)
    groups = {
        module.num_channels: module.num_groups
        for module in encoder.modules()
        if isinstance(module, nn.GroupNorm)
    }
    assert groups == {8: 1, 16: 1, 32: 2, 64: 4}
    assert not any(isinstance(module, nn.BatchNorm2d) for module in encoder.modules())
