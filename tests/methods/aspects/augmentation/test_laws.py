"""What is drawn follows torchvision's laws, and draws are uniform and independent.

Seeds are fixed, so each test has one outcome; a true law fails a threshold of 1e-3 for one seed in
a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torchvision
from scipy import stats
from torch import Tensor

from methods.aspects.augmentation.colour import ColourJitter
from methods.aspects.augmentation.filters import GaussianBlur
from methods.aspects.augmentation.geometry import RandomHorizontalFlip, RandomResizedCrop
from methods.randomness import Draws

MakeDraws = Callable[[int], Draws]

N = 5_000
P_VALUE = 1e-3


def same_law(ours: Tensor, theirs: Tensor) -> bool:
    """Compare two samples by Kolmogorov and Smirnov's test."""
    return bool(stats.ks_2samp(ours.numpy(), theirs.numpy()).pvalue > P_VALUE)


@pytest.mark.parametrize("size", [(96, 96), (60, 120)])
@pytest.mark.parametrize("scale", [(0.08, 1.0), (0.3, 1.0)])
def test_boxes_follow_the_law_of_torchvision(
    draws: MakeDraws, size: tuple[int, int], scale: tuple[float, float]
) -> None:
    """Height, width, ratio, area and both corners, rejections and fallback included."""
    ratio = (3 / 4, 4 / 3)
    image = torch.zeros(3, *size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        rows = [
            torchvision.transforms.RandomResizedCrop.get_params(image, list(scale), list(ratio))
            for _ in range(N)
        ]
    theirs = torch.tensor(rows, dtype=torch.float64).unbind(1)
    box = RandomResizedCrop(32, scale, ratio).parameters(draws(N), size)
    ours = [side.double() for side in box[:4]]

    for mine, other in zip(ours, theirs, strict=True):
        assert same_law(mine, other)
    assert same_law(ours[3] / ours[2], theirs[3] / theirs[2])
    assert same_law(ours[3] * ours[2], theirs[3] * theirs[2])


def test_jitters_follow_the_law_of_torchvision(draws: MakeDraws) -> None:
    """The four amounts, a brightness beyond 1 cut at 0, and the 24 orders."""
    jitter = torchvision.transforms.ColorJitter(1.2, 0.4, 0.4, 0.1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        limits = (jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue)
        rows = [jitter.get_params(*limits)[1:] for _ in range(N)]
    drawn = ColourJitter(1.2, 0.4, 0.4, 0.1).parameters(draws(N), (32, 32))

    for mine, other in zip(drawn.amounts.T, torch.tensor(rows).T, strict=True):
        assert same_law(mine, other)
    assert math.isclose(float(drawn.happens.double().mean()), 0.8, abs_tol=0.02)
    _, counts = torch.unique(drawn.order, dim=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts.numpy()).pvalue > P_VALUE


def test_a_blur_is_uniform_in_its_range(draws: MakeDraws) -> None:
    """Sigma is uniform in [0.1, 2), and independent of the decision."""
    drawn = GaussianBlur(9).parameters(draws(N), (32, 32))

    assert stats.kstest(drawn.sigma.numpy(), stats.uniform(0.1, 1.9).cdf).pvalue > P_VALUE
    assert same_law(drawn.sigma[drawn.happens], drawn.sigma[~drawn.happens])


@pytest.mark.parametrize("axis", ["sample", "epoch", "column"])
def test_uniform_draws_fill_256_bins_evenly(axis: str) -> None:
    """Along each counter that a view is counted by, draws are uniform to a chi-square test."""
    line, zero = torch.arange(50_000), torch.zeros(1, dtype=torch.int64)
    epoch, sample = (line, zero) if axis == "epoch" else (zero, line)
    if axis == "column":
        uniform = Draws(0, "views/view0", (zero, zero)).uniform(50_000)
    else:
        uniform = Draws(0, "views/view0", (epoch, sample)).uniform(1)
    counts = torch.histc(uniform.double(), 256, 0.0, 1.0)

    assert stats.chisquare(counts.numpy()).pvalue > P_VALUE


def pair_table(first: Tensor, second: Tensor) -> Tensor:
    """Count pairs of numbers in [0, 1) in a table of 16 x 16."""
    return torch.bincount((first * 16).long() * 16 + (second * 16).long(), minlength=256)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("view0", "view1"),
        ("view0/RandomResizedCrop", "view0/ColourJitter"),
        ("view0/Solarise", "view0/Solarise1"),
        ("shared", "view0"),
    ],
)
def test_named_purposes_are_independent(draws: MakeDraws, first: str, second: str) -> None:
    """For the same counters, two purposes are jointly uniform over 256 cells."""
    mine, other = (draws(50_000).named(name).uniform(1).squeeze(-1) for name in (first, second))

    assert stats.chisquare(pair_table(mine, other).numpy()).pvalue > P_VALUE


def test_neighbours_are_independent(draws: MakeDraws) -> None:
    """Neighbouring samples, epochs, columns and replicates are jointly uniform."""
    n = 50_000
    epoch, sample = draws(n).counters
    drawn = draws(n).uniform(2)
    later = Draws(1, "views", (epoch + 1, sample)).uniform(1)[:, 0]
    other = Draws(2, "views", (epoch, sample)).uniform(1)[:, 0]

    for neighbour in (drawn[:, 0].roll(1), drawn[:, 1], later, other):
        assert stats.chisquare(pair_table(drawn[:, 0], neighbour).numpy()).pvalue > P_VALUE


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_decisions_come_as_often_as_they_should(draws: MakeDraws, p: float) -> None:
    """Never, always, or p of the images within 5 sigma."""
    count = int(RandomHorizontalFlip(p).parameters(draws(N), (32, 32)).happens.sum())

    assert abs(count - p * N) <= 5 * math.sqrt(N * p * (1 - p))
