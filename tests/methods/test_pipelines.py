"""The pipelines that come of the cards: which transforms, how strong, and views of what size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

import methods
from methods import contract
from methods.cards import CARDS
from methods.randomness import Draws
from methods.settings import Setting, resolve

SIZES = {"cifar10": 32, "stl10": 96, "imagenet": 224, "photos": 32, "digits": 32}


def setting(name: str, dataset: str) -> Setting:
    """Resolve a method on a dataset as its authors had it."""
    found = resolve(CARDS[name], {}, dataset, SIZES[dataset])
    return replace(found, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), classes=10)


@pytest.mark.parametrize("dataset", SIZES)
@pytest.mark.parametrize("name", CARDS)
def test_views_have_the_stated_size(name: str, dataset: str) -> None:
    """Each method's views and evaluation view, on each dataset's images, fit its encoder."""
    found = setting(name, dataset)
    recipe = methods.compose(found)
    side = SIZES[dataset]
    images = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8)
    draws = Draws(0, "views", (torch.zeros(2, dtype=torch.long), torch.arange(2)))
    views = [*recipe.augmentation(images, draws), recipe.evaluation(images)]
    size = contract.view_size(found)
    shape = (2, 49, 3, size, size) if contract.sees_patches(found) else (2, 3, size, size)
    assert [tuple(view.shape) for view in views] == [shape] * len(views)
    alone = name in ("cpc_v2", "supervised", "random_init")
    assert len(views) == (2 if alone else 3)
    assert all(bool(view.isfinite().all()) for view in views)


def steps(name: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Return the names of the shared transforms, and of each view's."""
    described: Any = methods.compose(setting(name, dataset)).augmentation.describe()
    names = [[step["name"] for step in view] for view in described["views"]]
    return [step["name"] for step in described["shared"]], names


CROP, SHIFT, FLIP, JITTER = (
    "RandomResizedCrop", "RandomTranslation", "RandomHorizontalFlip", "ColourJitter"
)  # fmt: skip
GRAY, BLUR, SOLARISE, NORM, CUT = (
    "RandomGrayscale", "GaussianBlur", "Solarise", "Normalise", "Patches"
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "dataset", "shared", "views"),
    [
        ("amdim", "cifar10", [FLIP], [[SHIFT, JITTER, GRAY, NORM]] * 2),
        ("amdim", "imagenet", [FLIP], [[CROP, JITTER, GRAY, NORM]] * 2),
        ("yadim", "stl10", [FLIP], [[CROP, JITTER, GRAY, NORM]] * 2),
        ("cpc_v2", "cifar10", [FLIP], [[SHIFT, JITTER, GRAY, NORM, CUT]]),
        ("simclr", "cifar10", [], [[CROP, FLIP, JITTER, GRAY]] * 2),
        ("simclr", "imagenet", [], [[CROP, FLIP, JITTER, GRAY, BLUR]] * 2),
        ("byol", "imagenet", [], [[CROP, FLIP, JITTER, GRAY, BLUR, NORM],
                                  [CROP, FLIP, JITTER, GRAY, BLUR, SOLARISE, NORM]]),
        ("byol", "cifar10", [], [[CROP, FLIP, JITTER, GRAY, NORM],
                                 [CROP, FLIP, JITTER, GRAY, SOLARISE, NORM]]),
        ("moco_v2", "imagenet", [], [[CROP, JITTER, GRAY, BLUR, FLIP, NORM]] * 2),
        ("moco_v2", "cifar10", [], [[CROP, JITTER, GRAY, FLIP, NORM]] * 2),
    ],
)  # fmt: skip
def test_pipelines_are_the_papers(
    name: str, dataset: str, shared: list[str], views: list[list[str]]
) -> None:
    """Which transforms, in which order, and the flip that AMDIM's two views share."""
    assert steps(name, dataset) == (shared, views)


def test_strengths_reach_the_transforms() -> None:
    """Probabilities and kernels that differ between papers, read off the composed pipelines."""

    def strengths(name: str, dataset: str) -> list[dict[str, Any]]:
        described: Any = methods.compose(setting(name, dataset)).augmentation.describe()
        return [{step["name"]: step for step in view} for view in described["views"]]

    first, second = strengths("byol", "imagenet")
    assert (first[BLUR]["p"], second[BLUR]["p"], second[SOLARISE]["p"]) == (1.0, 0.1, 0.2)
    assert first[BLUR]["kernel"] == 23
    assert first[BLUR]["sigma"] == [0.1, 2.0]
    assert second[SOLARISE]["threshold"] == 0.5
    assert strengths("simclr", "stl10")[0][BLUR]["kernel"] == 9
    for name, gray in (("amdim", 0.25), ("cpc_v2", 0.25), ("simclr", 0.2), ("moco_v2", 0.2)):
        view = strengths(name, "cifar10")[0]
        assert (view[JITTER]["p"], view[GRAY]["p"]) == (0.8, gray)
    assert strengths("amdim", "cifar10")[0][SHIFT] == {"name": SHIFT, "distance": 4, "p": 0.8}


def test_the_floor_trains_nothing_and_the_ceiling_needs_labels() -> None:
    """The controls say what they are."""
    assert methods.compose(setting("random_init", "photos")).extraction is None
    assert not CARDS["random_init"].trains
    assert [card.name for card in CARDS.values() if card.needs_labels] == ["supervised"]
