"""Colour transforms against torchvision's functional operations with the same parameters."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torchvision.transforms import functional as reference

from methods.aspects.augmentation.colour import ColourJitter, Jitter, Normalise, RandomGrayscale
from methods.aspects.augmentation.filters import Blur, GaussianBlur, Solarise
from methods.aspects.augmentation.geometry import Decision
from methods.aspects.augmentation.hue import turn_hue
from methods.aspects.augmentation.transform import NoParameters
from methods.randomness import Draws

MakeDraws = Callable[[int], Draws]

OPERATIONS = (
    reference.adjust_brightness,
    reference.adjust_contrast,
    reference.adjust_saturation,
    reference.adjust_hue,
)


def torchvision_jitter(image: Tensor, drawn: Jitter, i: int) -> Tensor:
    """Apply torchvision's operations with the parameters of image i, in its order."""
    if drawn.happens[i]:
        for operation in drawn.order[i].tolist():
            image = OPERATIONS[operation](image, float(drawn.amounts[i, operation]))
    return image


def test_jitter_agrees_with_torchvision(draws: MakeDraws, images: Tensor) -> None:
    """Four operations in an order of each image's own, to 1e-5; skipped images keep their bits."""
    jitter = ColourJitter(0.8, 0.8, 0.8, 0.2)
    pixels = images.repeat(5, 1, 1, 1)
    drawn = jitter.parameters(draws(120), (32, 32))

    views = jitter.apply(pixels.clone(), drawn)

    assert len(torch.unique(drawn.order, dim=0)) == 24
    for i in range(120):
        expected = torchvision_jitter(pixels[i], drawn, i)
        torch.testing.assert_close(views[i], expected, atol=1e-5, rtol=0)
    assert torch.equal(views[~drawn.happens], pixels[~drawn.happens])
    assert 0.0 <= float(views.min()) <= float(views.max()) <= 1.0


@pytest.mark.parametrize("operation", range(4))
def test_one_operation_agrees_on_bytes(draws: MakeDraws, bytes_: Tensor, operation: int) -> None:
    """Torchvision cuts to bytes: brightness agrees to 1 / 255.

    It cuts the luma too, which adds |1 - factor| / 255, and the hue passes through HSV: 1.5 / 255.
    """
    brightness, contrast, saturation, hue = (0.4 * (kind == operation) for kind in range(4))
    jitter = ColourJitter(brightness, contrast, saturation, hue, p=1.0)
    drawn = jitter.parameters(draws(24), (32, 32))

    views = jitter.apply(bytes_ / 255, drawn)

    for i in range(24):
        expected = OPERATIONS[operation](bytes_[i], float(drawn.amounts[i, operation])) / 255
        tolerance = (1.001, 1.401, 1.401, 1.5)[operation] / 255
        torch.testing.assert_close(views[i], expected, atol=tolerance, rtol=0)


def test_a_jitter_of_no_strength_changes_nothing(draws: MakeDraws, images: Tensor) -> None:
    """Factors of exactly 1 leave every bit, whatever the order."""
    jitter = ColourJitter(0.0, 0.0, 0.0, 0.0, p=1.0)

    views = jitter.apply(images.clone(), jitter.parameters(draws(24), (32, 32)))

    assert torch.equal(views, images)


def test_additive_brightness_adds(draws: MakeDraws, images: Tensor) -> None:
    """SimCLR v1's brightness is x + delta, delta uniform in [-0.8, 0.8], clamped."""
    jitter = ColourJitter(0.8, 0.0, 0.0, 0.0, p=1.0, additive=True)
    drawn = jitter.parameters(draws(24), (32, 32))
    delta = drawn.amounts[:, 0]

    views = jitter.apply(images.clone(), drawn)

    assert -0.8 <= float(delta.min()) < -0.4 < 0.4 < float(delta.max()) < 0.8
    expected = (images + delta.view(-1, 1, 1, 1)).clamp(0, 1)
    torch.testing.assert_close(views, expected, atol=1e-6, rtol=0)


def test_hue_turns_pure_colours_as_the_colour_wheel_says() -> None:
    """Red turned by a third is green, by half cyan, by minus a third blue; gray stays gray."""
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).repeat(4, 1, 1, 1)
    red[3] = 0.3

    turn_hue(red, torch.tensor([1 / 3, 1 / 2, -1 / 3, 1 / 4]))

    expected = torch.tensor([[0.0, 1, 0], [0, 1, 1], [0, 0, 1], [0.3, 0.3, 0.3]])
    torch.testing.assert_close(red.view(4, 3), expected, atol=1e-6, rtol=0)


def test_hue_agrees_on_every_colour() -> None:
    """All 9^3 colours of a grid, with all their ties, for 21 turns, agree to 1e-6 in float64."""
    level = torch.linspace(0, 1, 9, dtype=torch.float64)
    grid = torch.cartesian_prod(level, level, level).T.reshape(1, 3, 27, 27)
    turns = torch.linspace(-0.5, 0.5, 21, dtype=torch.float64)
    views = grid.repeat(21, 1, 1, 1)

    turn_hue(views, turns)

    for i, turn in enumerate(turns.tolist()):
        expected = reference.adjust_hue(grid[0].float(), turn).double()
        torch.testing.assert_close(views[i], expected, atol=1e-6, rtol=0)


def test_grayscale_agrees_with_torchvision(images: Tensor) -> None:
    """Chosen images are gray to 1e-6, the others keep their bits."""
    chosen = torch.arange(24) % 2 == 0

    views = RandomGrayscale().apply(images.clone(), Decision(chosen))

    expected = reference.rgb_to_grayscale(images[chosen], 3)
    torch.testing.assert_close(views[chosen], expected, atol=1e-6, rtol=0)
    assert torch.equal(views[~chosen], images[~chosen])


@pytest.mark.parametrize("kernel", [1, 3, 9, 23, 63])
def test_blur_agrees_with_torchvision(draws: MakeDraws, images: Tensor, kernel: int) -> None:
    """Each image's own width, reflected borders, up to the widest kernel that fits, to 1e-5."""
    blur = GaussianBlur(kernel)
    drawn = blur.parameters(draws(24), (32, 32))

    views = blur.apply(images.clone(), drawn)

    assert 0 < int(drawn.happens.sum()) < 24
    for i in range(24):
        sigma = float(drawn.sigma[i])
        blurred = reference.gaussian_blur(images[i], [kernel, kernel], [sigma, sigma])
        expected = blurred if drawn.happens[i] else images[i]
        torch.testing.assert_close(views[i], expected, atol=1e-5, rtol=0)


def test_blur_and_solarise_agree_on_bytes(draws: MakeDraws, bytes_: Tensor) -> None:
    """Torchvision rounds to bytes: they agree to 1 / 255."""
    blur, chosen = GaussianBlur(9, p=1.0), Decision(torch.ones(24, dtype=torch.bool))
    drawn: Blur = blur.parameters(draws(24), (32, 32))

    blurred = blur.apply(bytes_ / 255, drawn)
    solarised = Solarise().apply(bytes_ / 255, chosen)

    for i in range(24):
        sigma = float(drawn.sigma[i])
        expected = reference.gaussian_blur(bytes_[i], [9, 9], [sigma, sigma]) / 255
        torch.testing.assert_close(blurred[i], expected, atol=1 / 255, rtol=0)
        # 128 is the first byte at or above one half
        expected = reference.solarize(bytes_[i], 128) / 255
        torch.testing.assert_close(solarised[i], expected, atol=1e-6, rtol=0)


def test_solarise_agrees_with_torchvision(images: Tensor) -> None:
    """Values from the threshold on are inverted in chosen images alone, the threshold too."""
    images[0, 0, 0, 0] = 0.25
    chosen = torch.arange(24) % 2 == 0

    views = Solarise(threshold=0.25).apply(images.clone(), Decision(chosen))

    assert torch.equal(views[chosen], reference.solarize(images[chosen], 0.25))
    assert torch.equal(views[~chosen], images[~chosen])


def test_normalise_agrees_with_torchvision(images: Tensor) -> None:
    """Each channel has its own mean and deviation."""
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    views = Normalise(mean, std).apply(images.clone(), NoParameters())

    expected = reference.normalize(images, list(mean), list(std))
    torch.testing.assert_close(views, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ColourJitter(-0.1, 0, 0, 0), "brightness must be 0 or more (got -0.1)"),
        (lambda: ColourJitter(0, 0, 0, 0.6), "hue must be in [0, 0.5] turns (got 0.6)"),
        (lambda: ColourJitter(0, 0, 0, 0, p=2), "p must be in [0, 1] (got 2)"),
        (lambda: RandomGrayscale(-1), "p must be in [0, 1] (got -1)"),
        (lambda: GaussianBlur(8), "kernel must be odd (got 8)"),
        (lambda: GaussianBlur(9, sigma=(0.0, 2.0)), "sigma must be (low, high)"),
        (lambda: Solarise(threshold=128), "threshold must be in [0, 1] (got 128)"),
        (lambda: Normalise((0, 0, 0), (1, 0, 1)), "std positive"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[], object], message: str) -> None:
    """The message says what was given and what is allowed."""
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_a_kernel_wider_than_the_reflection_is_refused() -> None:
    """A border cannot be reflected beyond the image."""
    drawn = Blur(torch.ones(1, dtype=torch.bool), torch.ones(1))

    with pytest.raises(ValueError, match="kernel must be below twice the image's side"):
        GaussianBlur(9).apply(torch.zeros(1, 3, 4, 4), drawn)
