"""Crops, flips and translations against torchvision, Pillow and NumPy."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as reference

from methods.aspects.augmentation.geometry import (
    Box,
    CentreCrop,
    Decision,
    Offset,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomTranslation,
    Resize,
)
from methods.aspects.augmentation.transform import NoParameters
from methods.randomness import Draws

BICUBIC = InterpolationMode.BICUBIC


def boxes(draws: Draws, size: tuple[int, int], scale: tuple[float, float] = (0.08, 1.0)) -> Box:
    """Draw boxes, every other one mirrored."""
    box = RandomResizedCrop(32, scale=scale).parameters(draws, size)
    return box._replace(mirrored=torch.arange(len(box.top)) % 2 == 1)


def rectangle(box: Box, i: int) -> tuple[int, int, int, int]:
    """Return top, left, height and width of image i."""
    return int(box.top[i]), int(box.left[i]), int(box.height[i]), int(box.width[i])


@pytest.mark.parametrize(
    ("size_in", "size_out"), [(32, 32), (32, 20), (48, 32), (33, 47), (96, 31)]
)
def test_crops_agree_with_torchvision(
    draws: Callable[[int], Draws], size_in: int, size_out: int
) -> None:
    """Crop, resize and flip give torchvision's pixels, enlarging and shrinking, to 2e-5."""
    pixels = torch.rand(16, 3, size_in, size_in + 5, generator=torch.Generator().manual_seed(1))
    box = boxes(draws(16), (size_in, size_in + 5))

    views = RandomResizedCrop(size_out).apply(pixels.clone(), box)

    for i in range(16):
        expected = reference.resized_crop(
            pixels[i], *rectangle(box, i), [size_out, size_out], BICUBIC, antialias=True
        ).clamp(0, 1)
        if box.mirrored[i]:
            expected = reference.hflip(expected)
        torch.testing.assert_close(views[i], expected, atol=2e-5, rtol=0)


def test_crops_of_bytes_agree_with_pillow(draws: Callable[[int], Draws], bytes_: Tensor) -> None:
    """Pillow rounds to bytes after each of its two passes: views agree to 1.5 / 255.

    It also clamps there, so the values are kept where bicubic weights cannot overshoot.
    """
    bytes_ = bytes_ // 4 + 96
    box = RandomResizedCrop(32).parameters(draws(24), (32, 32))

    views = RandomResizedCrop(32).apply(bytes_ / 255, box)

    for i in range(24):
        image = Image.fromarray(bytes_[i].permute(1, 2, 0).numpy())
        crop = reference.resized_crop(image, *rectangle(box, i), [32, 32], BICUBIC)
        expected = torch.from_numpy(np.array(crop)).permute(2, 0, 1) / 255
        torch.testing.assert_close(views[i], expected, atol=1.5 / 255, rtol=0)


def test_a_crop_of_everything_is_the_image(images: Tensor) -> None:
    """At scale 1 the weights are 0 and 1: the pixels keep their bits."""
    zero, side = torch.zeros(24, dtype=torch.int64), torch.full((24,), 32)
    box = Box(zero, zero, side, side, torch.zeros(24, dtype=torch.bool))

    assert torch.equal(RandomResizedCrop(32).apply(images.clone(), box), images)


@pytest.mark.parametrize("size", [(8, 64), (64, 8)])
def test_the_fallback_is_the_central_box_of_torchvision(
    draws: Callable[[int], Draws], size: tuple[int, int]
) -> None:
    """Where none of ten tries can fit, the box is torchvision's, which then draws nothing."""
    from torchvision.transforms import RandomResizedCrop as Theirs

    expected = Theirs.get_params(torch.zeros(3, *size), [1.0, 1.0], [3 / 4, 4 / 3])

    box = RandomResizedCrop(8, scale=(1.0, 1.0)).parameters(draws(3), size)

    assert [rectangle(box, i) for i in range(3)] == [expected] * 3


def test_boxes_stay_inside_the_image(draws: Callable[[int], Draws]) -> None:
    """No box is empty or sticks out, for an elongated image too."""
    for size in ((32, 32), (20, 50)):
        top, left, height, width, _ = RandomResizedCrop(8).parameters(draws(2000), size)

        assert min(top.min(), left.min()) == 0
        assert min(height.min(), width.min()) >= 1
        assert (top + height).max() == size[0]
        assert (left + width).max() == size[1]


def test_flips_only_the_chosen(images: Tensor) -> None:
    """Chosen images are mirrored, the others keep their bits."""
    chosen = torch.arange(24) % 3 == 0

    views = RandomHorizontalFlip().apply(images.clone(), Decision(chosen))

    assert torch.equal(views[chosen], images[chosen].flip(-1))
    assert torch.equal(views[~chosen], images[~chosen])


def test_translations_reflect_as_numpy_does(images: Tensor) -> None:
    """Every offset in [-4, 4] on both axes copies pixels exactly, the border not repeated."""
    padded = np.pad(images[0].numpy(), ((0, 0), (4, 4), (4, 4)), mode="reflect")
    down, right = torch.meshgrid(torch.arange(-4, 5), torch.arange(-4, 5), indexing="ij")
    offset = Offset(down.reshape(-1), right.reshape(-1))

    views = RandomTranslation().apply(images[:1].repeat(81, 1, 1, 1), offset)

    for i in range(81):
        top, left = 4 - int(offset.down[i]), 4 - int(offset.right[i])
        assert np.array_equal(views[i].numpy(), padded[:, top : top + 32, left : left + 32])


def test_translations_cover_their_range_evenly(draws: Callable[[int], Draws]) -> None:
    """A fifth stays; each of the 81 offsets comes with probability 0.8 / 81 (5 sigma)."""
    n = 20_000
    down, right = RandomTranslation().parameters(draws(n), (32, 32))
    counts = torch.bincount((down + 4) * 9 + right + 4, minlength=81).double()
    expected = torch.full((81,), n * 0.8 / 81, dtype=torch.float64)
    expected[40] += n * 0.2

    assert ((counts - expected).abs() < 5 * expected.sqrt()).all()


@pytest.mark.parametrize("size", [(40, 60), (61, 33), (96, 96)])
def test_resize_and_centre_crop_agree_with_torchvision(size: tuple[int, int]) -> None:
    """The evaluation transforms give torchvision's pixels and sizes."""
    pixels = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(2))
    expected = reference.resize(pixels, [36], BICUBIC, antialias=True).clamp(0, 1)

    resized = Resize(36).apply(pixels.clone(), NoParameters())

    torch.testing.assert_close(resized, expected, atol=1e-6, rtol=0)
    assert Resize(36).output_size(size) == tuple(expected.shape[-2:])
    cropped = CentreCrop(31).apply(resized, NoParameters())
    assert torch.equal(cropped, reference.center_crop(resized, [31, 31]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomResizedCrop(0), "size must be at least 1 pixel (got 0)"),
        (lambda: RandomResizedCrop(32, scale=(0.0, 1.0)), "scale must be (low, high)"),
        (lambda: RandomResizedCrop(32, scale=(0.5, 0.2)), "0 < low <= high (got (0.5, 0.2))"),
        (lambda: RandomResizedCrop(32, scale=(0.5, 1.5)), "scale must end at 1 or below"),
        (lambda: RandomResizedCrop(32, ratio=(2.0, 1.0)), "ratio must be (low, high)"),
        (lambda: RandomHorizontalFlip(1.5), "p must be in [0, 1] (got 1.5)"),
        (lambda: RandomTranslation(0), "distance must be at least 1 pixel"),
        (lambda: RandomTranslation(p=-0.1), "p must be in [0, 1] (got -0.1)"),
        (lambda: Resize(-1), "size must be at least 1 pixel"),
        (lambda: CentreCrop(0), "size must be at least 1 pixel"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[], object], message: str) -> None:
    """The message says what was given and what is allowed."""
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_images_too_small_are_refused() -> None:
    """A reflection or a square that does not fit is an error, not other pixels."""
    small, zero = torch.zeros(1, 3, 4, 4), torch.zeros(1, dtype=torch.int64)

    with pytest.raises(ValueError, match="distance must be below the image's side"):
        RandomTranslation(4).apply(small, Offset(zero, zero))
    with pytest.raises(ValueError, match="at least 5 pixels"):
        CentreCrop(5).apply(small, NoParameters())
