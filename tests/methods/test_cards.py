"""The cards against the papers' numbers."""
# ruff: noqa: C408 - a table of keyword rows reads better than quoted keys, as in the cards

from __future__ import annotations

from typing import Any

import pytest

from methods.cards import CARDS
from methods.settings import resolve

SIZES = {"cifar10": 32, "stl10": 96, "imagenet": 224}

# Written from the papers and the authors' code, apart from the cards; hue is the jitter's last.
VALUES: list[tuple[str, str, dict[str, Any]]] = [
    ("amdim", "cifar10", dict(
        resolution=32, translate=4, jitter=(0.4, 0.4, 0.4, 0.2), extraction="1:5,1:7,5:5",
        width=1280, clip=20.0)),
    ("amdim", "stl10", dict(
        resolution=64, resize=70, translate=0, scale=(0.3, 1.0), ratio=(0.7, 1.4),
        jitter=(0.4, 0.4, 0.4, 0.2), width=1536, clip=20.0)),
    ("amdim", "imagenet", dict(
        resolution=128, resize=146, translate=0, scale=(0.3, 1.0), ratio=(0.7, 1.4),
        jitter=(0.4, 0.4, 0.4, 0.1), width=2560, clip=20.0)),
    ("yadim", "stl10", dict(resolution=64, extraction="last:last", views="whole", clip=20.0)),
    ("cpc_v2", "cifar10", dict(
        resolution=32, patch=8, stride=4, target_width=64, heads="shared", directions=1)),
    ("cpc_v2", "stl10", dict(resolution=64, patch=16, stride=8)),
    ("cpc_v2", "imagenet", dict(resolution=128, patch=32, stride=16)),
    ("simclr", "cifar10", dict(
        resolution=32, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), jitter=(0.4, 0.4, 0.4, 0.1),
        blur=0.0, hidden=2048, out=128, layers=2, temperature=0.5, normalise=False)),
    ("simclr", "stl10", dict(resolution=96, jitter=(0.8, 0.8, 0.8, 0.2), blur=0.5)),
    ("simclr", "imagenet", dict(
        resolution=224, resize=256, jitter=(0.8, 0.8, 0.8, 0.2), blur=0.5, temperature=0.1)),
    ("byol", "imagenet", dict(
        resolution=224, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), jitter=(0.4, 0.4, 0.2, 0.1),
        blur=(1.0, 0.1), solarise=(0.0, 0.2), hidden=4096, out=256, tau=0.996)),
    ("byol", "cifar10", dict(resolution=32, blur=(0.0, 0.0), solarise=(0.0, 0.2), tau=0.99)),
    ("moco_v2", "imagenet", dict(
        resolution=224, scale=(0.2, 1.0), jitter=(0.4, 0.4, 0.4, 0.1), blur=0.5, hidden=2048,
        out=128, temperature=0.2, momentum=0.999, queue=65536, splits=8, direction="one")),
    ("moco_v2", "cifar10", dict(
        resolution=32, scale=(0.08, 1.0), blur=0.0, temperature=0.1, momentum=0.99, queue=4096,
        splits=8)),
]  # fmt: skip

TRAINING: list[tuple[str, str, float, dict[str, Any]]] = [
    ("amdim", "cifar10", 2e-4, dict(
        optimizer="adam", batch=480, betas=(0.8, 0.999), eps=1e-8, weight_decay=1e-5,
        warmup_steps=500, schedule="steps", factor=0.2, epochs=300,
        milestones=(250 / 300, 280 / 300))),
    ("amdim", "imagenet", 2e-4, dict(epochs=50, milestones=(30 / 50, 45 / 50), factor=0.2)),
    ("yadim", "cifar10", 2e-4, dict(
        optimizer="adam", batch=200, betas=(0.8, 0.999), eps=1e-7, weight_decay=1e-5,
        schedule="constant", warmup_steps=0)),
    ("cpc_v2", "cifar10", 4e-5, dict(
        optimizer="adam", batch=64, betas=(0.8, 0.999), eps=1e-7, weight_decay=1e-5, epochs=1000,
        schedule="constant")),
    ("cpc_v2", "stl10", 1e-4, dict(batch=144)),
    ("cpc_v2", "imagenet", 4e-5, dict(batch=3072)),
    ("simclr", "imagenet", 4.8, dict(
        optimizer="lars", batch=4096, momentum=0.9, trust=1e-3, weight_decay=1e-6, exclude=True,
        schedule="cosine", warmup_epochs=10, epochs=1000)),
    ("simclr", "cifar10", 1.0, dict(optimizer="lars", batch=1024, epochs=1000)),
    ("byol", "imagenet", 3.2, dict(
        optimizer="lars", batch=4096, momentum=0.9, trust=1e-3, weight_decay=1.5e-6, exclude=True,
        schedule="cosine", warmup_epochs=10, epochs=1000)),
    ("byol", "cifar10", 1.0, dict(batch=256, trust=0.02, weight_decay=1e-5, epochs=1000)),
    ("moco_v2", "imagenet", 0.03, dict(
        optimizer="sgd", batch=256, momentum=0.9, weight_decay=1e-4, exclude=False,
        schedule="cosine", warmup_epochs=0, warmup_steps=0, epochs=200)),
    ("moco_v2", "cifar10", 0.06, dict(batch=512, weight_decay=5e-4, epochs=200)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "dataset", "expected"), VALUES)
def test_values_are_the_papers(name: str, dataset: str, expected: dict[str, Any]) -> None:
    """Crop, jitter, heads, temperature, momentum, queue: as published."""
    values = resolve(CARDS[name], {}, dataset, SIZES[dataset]).values
    assert {key: values[key] for key in expected} == expected


@pytest.mark.parametrize(("name", "dataset", "rate", "expected"), TRAINING)
def test_trainings_are_the_authors(
    name: str, dataset: str, rate: float, expected: dict[str, Any]
) -> None:
    """Optimiser, rate after scaling, decay, schedule and length: as published, with a source."""
    training = CARDS[name].authors[dataset]
    assert training.learning_rate == pytest.approx(rate, rel=1e-12)
    assert {key: getattr(training, key) for key in expected} == expected
    assert training.source


def test_published_lengths_have_values_and_recipes() -> None:
    """What a card claims as published has a row of its own."""
    for card in CARDS.values():
        assert set(card.authors) <= set(card.values)
        for dataset in {"cifar10", "stl10", "imagenet"} & set(card.published):
            assert dataset in card.values, (card.name, dataset)
        assert all(training.batch >= 2 for training in card.authors.values())
