"""SimCLR's CIFAR-10 views: ours for a batch at once, and torchvision's image by image.

Run `pytest tests/benchmarks/test_views_speed.py`: both stand in one table, whose bracketed numbers
are their ratio in this run. Torchvision's transforms on Pillow images are what lightly's
`SimCLRTransform` composes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchvision.transforms as theirs
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor

from methods.aspects.augmentation.colour import ColourJitter, Normalise, RandomGrayscale
from methods.aspects.augmentation.geometry import RandomHorizontalFlip, RandomResizedCrop
from methods.aspects.augmentation.pipeline import Pipeline
from methods.randomness import Draws

IMAGES = 256
MEAN, STD = (0.491, 0.482, 0.447), (0.247, 0.243, 0.262)

MakeViews = Callable[[Tensor], Callable[[], list[Tensor]]]


def ours(images: Tensor) -> Callable[[], list[Tensor]]:
    """Return what makes two views of every image, batched."""
    pipeline = Pipeline(
        views=2
        * [
            (
                RandomResizedCrop(32, scale=(0.08, 1.0)),
                RandomHorizontalFlip(0.5),
                ColourJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
                RandomGrayscale(0.2),
                Normalise(MEAN, STD),
            )
        ]
    )
    draws = Draws(0, "views", (torch.zeros(IMAGES, dtype=torch.int64), torch.arange(IMAGES)))
    return lambda: pipeline(images, draws)


def torchvision_on_pillow(images: Tensor) -> Callable[[], list[Tensor]]:
    """Return what makes two views of every image, one image at a time."""
    pictures = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in images]
    transform = theirs.Compose(
        [
            theirs.RandomResizedCrop(
                32, scale=(0.08, 1.0), interpolation=theirs.InterpolationMode.BICUBIC
            ),
            theirs.RandomHorizontalFlip(0.5),
            theirs.RandomApply([theirs.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
            theirs.RandomGrayscale(0.2),
            theirs.ToTensor(),
            theirs.Normalize(MEAN, STD),
        ]
    )
    return lambda: [torch.stack([transform(picture) for picture in pictures]) for _ in range(2)]


@pytest.mark.benchmark(group="views of SimCLR, 2 x 256 at 32 px, one thread")
@pytest.mark.parametrize("make", [ours, torchvision_on_pillow])
def test_simclr_views(benchmark: BenchmarkFixture, make: MakeViews) -> None:
    """Both make two batches of finite views; the time is reported, never judged."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (IMAGES, 3, 32, 32), dtype=torch.uint8, generator=generator)
    torch.manual_seed(0)

    # pytest-benchmark is not annotated
    views = benchmark.pedantic(make(images), rounds=5, warmup_rounds=1)  # type: ignore[no-untyped-call]

    assert [view.shape for view in views] == 2 * [(IMAGES, 3, 32, 32)]
    assert all(bool(view.isfinite().all()) for view in views)
    if benchmark.stats is not None:
        benchmark.extra_info["views per second"] = round(2 * IMAGES / benchmark.stats["min"])
