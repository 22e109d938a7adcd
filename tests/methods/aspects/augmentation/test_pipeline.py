"""Whole pipelines: what the sequence says, for each image alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.transforms import functional as reference

from methods.aspects.augmentation import pipeline as module
from methods.aspects.augmentation.colour import ColourJitter, Normalise, RandomGrayscale
from methods.aspects.augmentation.filters import GaussianBlur, Solarise
from methods.aspects.augmentation.geometry import (
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomTranslation,
)
from methods.aspects.augmentation.patches import Patches
from methods.aspects.augmentation.pipeline import Evaluation, Pipeline
from methods.aspects.augmentation.transform import Transform
from methods.randomness import Draws

MakeDraws = Callable[[int], Draws]

CIFAR = Normalise((0.491, 0.482, 0.447), (0.247, 0.244, 0.262))
JITTER = ColourJitter(0.4, 0.4, 0.4, 0.1)
SIMCLR = Pipeline(
    views=2 * [(RandomResizedCrop(32), RandomHorizontalFlip(), JITTER, RandomGrayscale(), CIFAR)]
)
BYOL = Pipeline(
    views=[
        (RandomResizedCrop(20), RandomHorizontalFlip(), JITTER, GaussianBlur(5, p=1.0), CIFAR),
        (RandomResizedCrop(20), JITTER, GaussianBlur(5, p=0.1), Solarise(), CIFAR),
    ]
)
AMDIM = Pipeline(
    shared=(RandomHorizontalFlip(),), views=2 * [(RandomTranslation(), JITTER, RandomGrayscale())]
)
CPC = Pipeline(views=[(RandomHorizontalFlip(), RandomTranslation(), JITTER, Patches(8, 4))])
ALL = {"simclr": SIMCLR, "byol": BYOL, "amdim": AMDIM, "cpc": CPC}


def step_by_step(steps: tuple[Transform[Any], ...], image: Tensor, draws: Draws) -> Tensor:
    """Run a view with nothing fused, each transform on its own named draws."""
    for step in steps:
        size = (image.shape[-2], image.shape[-1])
        image = step.apply(image, step.parameters(draws.named(type(step).__name__), size))
    return image


def row(draws: Draws, i: int) -> Draws:
    """Return the draws of row i alone."""
    return Draws(draws.replicate, draws.purpose, tuple(c[i : i + 1] for c in draws.counters))


@pytest.mark.parametrize("name", ALL)
def test_a_pipeline_is_its_sequence(draws: MakeDraws, bytes_: Tensor, name: str) -> None:
    """Fused or not, a view is its transforms one after the other (1e-5), on draws of its name."""
    pipeline = ALL[name]

    views = pipeline(bytes_, draws(24))

    for v, steps in enumerate(pipeline.views):
        shared = step_by_step(pipeline.shared, bytes_ / 255, draws(24).named("shared"))
        expected = step_by_step(tuple(steps), shared, draws(24).named(f"view{v}"))
        assert views[v].dtype == torch.float32
        torch.testing.assert_close(views[v], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("side", [32, 40])
def test_a_view_has_the_same_bits_in_any_batch(draws: MakeDraws, name: str, side: int) -> None:
    """Alone, in another order, in another batch size: bit for bit, so workers change nothing."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (37, 3, side, side), dtype=torch.uint8, generator=generator)
    pipeline, drawn = ALL[name], draws(37)
    order = torch.randperm(37, generator=generator)

    views = pipeline(images, drawn)

    counters = tuple(counter[order] for counter in drawn.counters)
    shuffled = pipeline(images[order], Draws(drawn.replicate, drawn.purpose, counters))
    for v in range(len(views)):
        assert torch.equal(shuffled[v], views[v][order])
    for i in range(0, 37, 3):
        alone = pipeline(images[i : i + 1], row(drawn, i))
        assert all(torch.equal(alone[v][0], views[v][i]) for v in range(len(views)))


def test_the_size_of_a_chunk_changes_no_bit(
    draws: MakeDraws, bytes_: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks are for the cache alone."""
    whole = SIMCLR(bytes_, draws(24))
    monkeypatch.setattr(module, "_CHUNK", 7 * 3 * 32 * 32)

    assert all(map(torch.equal, SIMCLR(bytes_, draws(24)), whole))


def test_the_number_of_threads_changes_no_bit(draws: MakeDraws) -> None:
    """Images large enough to be split among threads get the same views from one and from two."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3, 3, 225, 225), dtype=torch.uint8, generator=generator)
    steps = (RandomResizedCrop(225), ColourJitter(0.4, 0.4, 0.4, 0.1, p=1.0), GaussianBlur(23))
    one = Pipeline(views=[steps])(images, draws(3))[0]
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        two = Pipeline(views=[steps])(images, draws(3))[0]
    finally:
        torch.set_num_threads(before)

    assert torch.equal(one, two)


@pytest.mark.parametrize("name", ALL)
def test_the_same_draws_give_the_same_bits(draws: MakeDraws, bytes_: Tensor, name: str) -> None:
    """A view is a function of image and draws, and the images are left as they were."""
    before = bytes_.clone()
    first, second = ALL[name](bytes_, draws(24)), ALL[name](bytes_, draws(24))

    assert all(map(torch.equal, first, second))
    assert torch.equal(bytes_, before)


def test_copies_of_an_image_get_views_of_their_own(draws: MakeDraws, bytes_: Tensor) -> None:
    """Parameters are drawn per image and per view: no two of 2 x 24 views of one image agree."""
    views = torch.cat(SIMCLR(bytes_[:1].repeat(24, 1, 1, 1), draws(24)))

    assert len(torch.unique(views.flatten(1), dim=0)) == 48


def test_another_epoch_or_replicate_gives_other_views(draws: MakeDraws, bytes_: Tensor) -> None:
    """Each counter and the replicate matter."""
    epoch, sample = draws(24).counters
    first = SIMCLR(bytes_, draws(24))[0]

    later = SIMCLR(bytes_, Draws(1, "views", (epoch + 1, sample)))[0]
    other = SIMCLR(bytes_, Draws(2, "views", (epoch, sample)))[0]

    for views in (later, other):
        assert not (views == first).flatten(1).all(dim=1).any()


def test_a_shared_flip_is_one_decision_for_both_views(draws: MakeDraws) -> None:
    """With nothing but the flip, both views agree, and about half of 400 images are mirrored."""
    images = torch.arange(400 * 3 * 2 * 2).remainder(256).to(torch.uint8).view(400, 3, 2, 2)
    first, second = Pipeline(shared=(RandomHorizontalFlip(),), views=[(), ()])(images, draws(400))

    mirrored = (first == images.flip(-1) / 255).flatten(1).all(dim=1)
    assert torch.equal(first, second)
    assert torch.equal(first[~mirrored], images[~mirrored] / 255)
    assert 160 < int(mirrored.sum()) < 240


def test_unshared_flips_are_two_decisions(draws: MakeDraws, bytes_: Tensor) -> None:
    """With the flip in each view, some images have one view mirrored and not the other."""
    first, second = Pipeline(views=2 * [(RandomHorizontalFlip(),)])(bytes_, draws(24))

    assert 0 < int((first == second).flatten(1).all(dim=1).sum()) < 24


def test_a_transform_that_comes_twice_draws_twice(draws: MakeDraws, bytes_: Tensor) -> None:
    """Two flips do not cancel in every image, and only the first is folded into a crop."""
    flips = (RandomHorizontalFlip(), RandomHorizontalFlip())

    (twice,) = Pipeline(views=[flips])(bytes_, draws(24))
    (cropped,) = Pipeline(views=[(RandomResizedCrop(32, scale=(1, 1), ratio=(1, 1)), *flips)])(
        bytes_, draws(24)
    )

    assert not torch.equal(twice, bytes_ / 255)
    assert torch.equal(cropped, twice)


def test_evaluation_is_resize_crop_normalise(bytes_: Tensor) -> None:
    """The evaluation view is torchvision's, to 1e-5, and patches can follow."""
    view = Evaluation(CIFAR.mean, CIFAR.std, resize=44, crop=40)

    resized = reference.resize(
        bytes_ / 255, [44], reference.InterpolationMode.BICUBIC, antialias=True
    )
    expected = reference.center_crop(resized.clamp(0, 1), [40, 40])
    expected = reference.normalize(expected, list(CIFAR.mean), list(CIFAR.std))
    torch.testing.assert_close(view(bytes_), expected, atol=1e-5, rtol=0)
    patched = Evaluation(CIFAR.mean, CIFAR.std, patches=Patches(8, 4))(bytes_)
    assert patched.shape == (24, 49, 3, 8, 8)


def test_descriptions_are_plain_data_that_tells_pipelines_apart() -> None:
    """They survive JSON unchanged and hold every setting."""
    described = {name: pipeline.describe() for name, pipeline in ALL.items()}

    assert json.loads(json.dumps(described)) == described
    assert len({json.dumps(one) for one in described.values()}) == 4
    assert described["cpc"]["views"] == [
        [
            {"name": "RandomHorizontalFlip", "p": 0.5},
            {"name": "RandomTranslation", "distance": 4, "p": 0.8},
            {
                "name": "ColourJitter",
                "brightness": 0.4,
                "contrast": 0.4,
                "saturation": 0.4,
                "hue": 0.1,
                "p": 0.8,
                "additive": False,
            },
            {"name": "Patches", "size": 8, "stride": 4},
        ]
    ]
    steps = Evaluation(CIFAR.mean, CIFAR.std, resize=36, crop=32).describe()
    assert [step["name"] for step in steps] == ["Resize", "CentreCrop", "Normalise"]


def test_bad_pipelines_and_images_are_refused(draws: MakeDraws) -> None:
    """No view, patches before a transform, and images that are not bytes: each in words."""
    with pytest.raises(ValueError, match="at least one view"):
        Pipeline(views=[])
    with pytest.raises(ValueError, match="Patches must be the last"):
        Pipeline(views=[(Patches(8, 4), CIFAR)])
    with pytest.raises(ValueError, match="Patches must be the last"):
        Pipeline(shared=(Patches(8, 4),), views=[(CIFAR,)])
    for images in (torch.zeros(2, 3, 8, 8), torch.zeros(2, 1, 8, 8, dtype=torch.uint8)):
        message = f"(got {images.dtype}, {tuple(images.shape)})"
        with pytest.raises(ValueError, match=re.escape(message)):
            SIMCLR(images, draws(2))
    with pytest.raises(ValueError, match="B at least 1"):
        Evaluation(CIFAR.mean, CIFAR.std)(torch.zeros(0, 3, 8, 8, dtype=torch.uint8))
