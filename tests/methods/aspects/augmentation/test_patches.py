"""Patches: their order, their channels, and the way back."""

from __future__ import annotations

import re

import pytest
import torch

from methods.aspects.augmentation.patches import Patches, as_map
from methods.aspects.augmentation.transform import NoParameters


@pytest.mark.parametrize(("side", "size", "stride"), [(32, 8, 4), (64, 16, 8), (128, 32, 16)])
def test_patches_are_cut_row_by_row_with_channels_in_place(
    side: int, size: int, stride: int
) -> None:
    """Patch 7r + c of a published grid is the square at (r stride, c stride), pixel for pixel."""
    images = torch.arange(2 * 3 * side * side, dtype=torch.float32).view(2, 3, side, side)

    patches = Patches(size, stride).apply(images, NoParameters())

    assert patches.shape == (2, 49, 3, size, size)
    for place in range(49):
        top, left = (place // 7) * stride, (place % 7) * stride
        expected = images[:, :, top : top + size, left : left + size]
        assert torch.equal(patches[:, place], expected)


def test_reassembled_patches_are_the_image() -> None:
    """Patches of an oblong image reassemble to it; overlaps agree, so means are exact to 1e-6."""
    images = torch.rand(3, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    cut = Patches(8, 4)

    patches = cut.apply(images, NoParameters())

    assert cut.grid((24, 32)) == (5, 7)
    torch.testing.assert_close(cut.reassemble(patches, (24, 32)), images, atol=1e-6, rtol=0)


def test_a_map_has_each_patch_at_its_place() -> None:
    """Patch r columns + c stands at row r, column c."""
    vectors = torch.rand(2, 35, 4, generator=torch.Generator().manual_seed(0))

    laid = as_map(vectors, (5, 7))

    assert laid.shape == (2, 4, 5, 7)
    assert all(torch.equal(laid[:, :, k // 7, k % 7], vectors[:, k]) for k in range(35))


def test_grids_that_do_not_fit_are_refused() -> None:
    """A border left out, an image below a patch, and a wrong number of vectors are errors."""
    for size in ((32, 33), (4, 4)):
        with pytest.raises(ValueError, match=re.escape(f"cover an image of {size[0]} x {size[1]}")):
            Patches(8, 4).grid(size)
    with pytest.raises(ValueError, match="needs 49 patches \\(got 36\\)"):
        as_map(torch.zeros(1, 36, 2), (7, 7))
    with pytest.raises(ValueError, match="stride must be at least 1 pixel"):
        Patches(8, 0)
