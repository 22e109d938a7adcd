"""How views enter an encoder: patches as a grid, joint batches, split batch norm."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from methods.aspects.encoder import (
    SplitBatchNorm2d,
    encode,
    encode_together,
    flatten_places,
    split_batch_norm,
)


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return standard normal float64 numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class FirstPixel(nn.Module):
    """An encoder whose pooled vector is the image's first pixel."""

    widths = {"1": 3}  # noqa: RUF012

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the upper left pixel of each image."""
        return {"1": images[:, :, 0, 0]}


def test_patches_become_a_grid_row_by_row() -> None:
    """Place (r, c) of the map is the patch in row r and column c, of the same image."""
    patches = torch.zeros(2, 6 * 6, 3, 4, 4)
    for image in range(2):
        for row in range(6):
            for column in range(6):
                patches[image, 6 * row + column] = torch.tensor([image, row, column])[:, None, None]
    maps = encode(FirstPixel(), patches)
    assert maps["last"].shape == (2, 3, 6, 6)
    for image in range(2):
        for row in range(6):
            for column in range(6):
                assert maps["last"][image, :, row, column].tolist() == [image, row, column]
    assert torch.allclose(maps["1"], maps["last"].mean((2, 3)))


def test_views_encoded_together_stand_view_after_view() -> None:
    """Row v B + b is image b of view v, whole or in patches."""
    whole = [torch.full((3, 3, 4, 4), float(v)) for v in range(2)]
    assert encode_together(FirstPixel(), whole)["1"][:, 0].tolist() == [0, 0, 0, 1, 1, 1]
    cut = [torch.full((3, 4, 3, 2, 2), float(v)) for v in range(2)]
    assert encode_together(FirstPixel(), cut)["last"].shape == (6, 3, 2, 2)


def test_places_are_rows_with_their_images() -> None:
    """A map of B x h x w places gives B h w rows, an image's places side by side."""
    feature_map = normal(2, 5, 3, 4)
    rows, images = flatten_places(feature_map)
    assert images.tolist() == [0] * 12 + [1] * 12
    for b in range(2):
        for r in range(3):
            for c in range(4):
                assert torch.equal(rows[12 * b + 4 * r + c], feature_map[b, :, r, c])
    pooled, of = flatten_places(feature_map[:, :, 0, 0])
    assert torch.equal(pooled, feature_map[:, :, 0, 0])
    assert of.tolist() == [0, 1]


def split(norm: nn.BatchNorm2d, splits: int) -> nn.Module:
    """Return a copy of a batch norm whose statistics come from parts of the batch."""
    holder = nn.Sequential(copy.deepcopy(norm))
    assert split_batch_norm(holder, splits) == 1
    return holder[0]


def batch_norm() -> nn.BatchNorm2d:
    """Return a batch norm with a map and statistics of its own."""
    norm = nn.BatchNorm2d(3, momentum=0.3).double()
    with torch.no_grad():
        norm.weight.copy_(normal(3))
        norm.bias.copy_(normal(3, seed=1))
    assert norm.running_mean is not None
    norm.running_mean.copy_(normal(3, seed=2))
    return norm


@pytest.mark.parametrize("splits", [1, 2, 4])
def test_split_batch_norm_is_one_batch_norm_per_part(splits: int) -> None:
    """Output and gradient of each part are those of a batch norm that saw it alone."""
    norm, x = batch_norm(), normal(8, 3, 2, 2).requires_grad_()
    y = split(norm, splits)(x)
    expected = torch.cat([copy.deepcopy(norm)(part) for part in x.chunk(splits)])
    assert torch.allclose(y, expected, rtol=1e-12)
    weight = normal(*y.shape, seed=3)
    (found,) = torch.autograd.grad((y * weight).sum(), x)
    (truth,) = torch.autograd.grad((expected * weight).sum(), x)
    assert torch.allclose(found, truth, rtol=1e-10, atol=1e-12)


def test_running_statistics_follow_the_mean_of_the_parts() -> None:
    """New = 0.7 old + 0.3 mean over parts of (mean, unbiased variance); one step is counted."""
    norm, x = batch_norm(), normal(8, 3, 2, 2)
    ours = split(norm, 4)
    ours(x)
    parts = x.view(4, 2, 3, 2, 2).transpose(1, 2).flatten(2)  # (part, channel, values)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    expected_mean = 0.7 * norm.running_mean + 0.3 * parts.mean(2).mean(0)
    expected_var = 0.7 * norm.running_var + 0.3 * parts.var(2).mean(0)
    state = ours.state_dict()
    assert torch.allclose(state["running_mean"], expected_mean, rtol=1e-12)
    assert torch.allclose(state["running_var"], expected_var, rtol=1e-12)
    assert int(state["num_batches_tracked"]) == 1


def test_evaluation_ignores_the_parts() -> None:
    """Running statistics are everybody's: any batch size will do."""
    norm, x = batch_norm(), normal(5, 3, 2, 2)
    assert torch.equal(split(norm, 4).eval()(x), norm.eval()(x))


def test_splitting_keeps_parameters_and_names() -> None:
    """A checkpoint of the plain encoder is one of the split encoder; splitting twice is allowed."""
    encoder = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Sequential(nn.BatchNorm2d(4)))
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    parameters = list(encoder.parameters())
    assert split_batch_norm(encoder, 2) == 2
    assert split_batch_norm(encoder, 4) == 2
    assert isinstance(encoder[1], SplitBatchNorm2d)
    assert list(encoder.state_dict()) == list(before)
    assert all(torch.equal(encoder.state_dict()[name], before[name]) for name in before)
    assert all(a is b for a, b in zip(encoder.parameters(), parameters, strict=True))
    assert all(module.splits == 4 for module in encoder.modules() if hasattr(module, "splits"))


def test_a_batch_that_does_not_divide_is_refused() -> None:
    """The sentence names both numbers."""
    with pytest.raises(ValueError, match="batch of 6 does not divide into 4"):
        split(batch_norm(), 4)(normal(6, 3, 2, 2))


class NormAndActivation(nn.BatchNorm2d):
    """As timm has: a batch norm that applies its activation too."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise, then cut at zero."""
        return super().forward(input).relu()


def test_a_batch_norm_that_does_more_is_refused() -> None:
    """Taken for a plain one it would lose its activation without a word."""
    with pytest.raises(ValueError, match="cannot split the batch norm of NormAndActivation"):
        split_batch_norm(nn.Sequential(NormAndActivation(3)), 2)
