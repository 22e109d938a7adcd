"""The controls of every table: an untrained encoder (the floor), a supervised one (the ceiling)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from methods.aspects.augmentation.colour import Normalise
from methods.aspects.augmentation.geometry import (
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomTranslation,
)
from methods.aspects.augmentation.pipeline import Pipeline
from methods.aspects.augmentation.presets import evaluation, local_view, pair
from methods.aspects.encoder import encode
from methods.aspects.loss.info_nce import InfoNCE
from methods.aspects.similarity import Dot
from methods.recipe import Context, Extraction, Indexed, Recipe
from methods.settings import Setting


class ClassVectors(Extraction):
    """One learned vector per class: softmax cross-entropy as a comparison.

    Each image attracts the vector of its class and repels those of the others.
    """

    def __init__(self, encoder: Any, *, classes: int) -> None:
        super().__init__()
        self.vectors = nn.Linear(encoder.widths["1"], classes, bias=False)

    def compare(
        self, encoder: nn.Module, views: Sequence[Tensor], context: Context
    ) -> list[Indexed]:
        """Return one comparison of the images with the classes."""
        if context.labels is None:
            raise ValueError("supervised needs labels (got a batch without)")
        return [Indexed(encode(encoder, views[0])["1"], self.vectors.weight, context.labels)]


def recipe(setting: Setting) -> Recipe:
    """Compose the floor or the ceiling."""
    return supervised(setting) if setting.card.needs_labels else random_init(setting)


def random_init(setting: Setting) -> Recipe:
    """Compose the floor: no extraction, so nothing is trained; batch norm is calibrated."""
    patches = setting.text("views") == "patches"
    return Recipe(
        augmentation=Pipeline(
            shared=(RandomHorizontalFlip(0.5),), views=[local_view(setting, patches=patches)]
        ),
        extraction=None,
        similarity=Dot(),
        loss=InfoNCE(),
        evaluation=evaluation(setting, patches=patches),
    )


def supervised(setting: Setting) -> Recipe:
    """Compose the ceiling: crop or translation, flip, and a linear classifier."""
    size, translate = setting.whole("resolution"), setting.whole("translate")
    spatial = (
        RandomTranslation(translate, p=0.8)
        if translate
        else RandomResizedCrop(size, pair(setting, "scale"), pair(setting, "ratio"))
    )
    view = (spatial, RandomHorizontalFlip(0.5), Normalise(setting.mean, setting.std))
    return Recipe(
        augmentation=Pipeline(views=[view]),
        extraction=partial(ClassVectors, classes=setting.classes),
        similarity=Dot(),
        loss=InfoNCE(),
        evaluation=evaluation(setting),
    )
