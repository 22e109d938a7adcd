"""YADIM: A Framework For Contrastive Self-Supervised Learning, arXiv 2009.00104, section 5.

One place of the last map of one view attracts every place of the last map of the other view of its
image, and repels every place of the other images.

No public implementation exists. What is fixed here is a reconstruction: AMDIM's pipeline in two
independent views, the last map only, AMDIM's similarity and loss. `views=patches` cuts each view
into CPC's 7x7 grid first, the other geometry that the evidence allows.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from methods.aspects.augmentation.geometry import RandomHorizontalFlip
from methods.aspects.augmentation.pipeline import Pipeline
from methods.aspects.augmentation.presets import evaluation, local_view
from methods.aspects.extraction.feature_pairs import FeaturePairs
from methods.aspects.loss.nce import ClippedNCE
from methods.aspects.similarity import ScaledDot
from methods.recipe import Recipe
from methods.settings import Setting


class LastToLast(FeaturePairs):
    """The last map against the last map; every slot goes through a head."""

    def __init__(self, encoder: Any, *, strategy: str, width: int, patches: bool) -> None:
        pooled = encoder.widths["1"]
        widths = {"1": pooled, "last": pooled} if patches else encoder.widths
        super().__init__(widths, strategy, width)


def recipe(setting: Setting) -> Recipe:
    """Compose YADIM's five aspects."""
    patches = setting.text("views") == "patches"
    view = local_view(setting, patches=patches)
    return Recipe(
        augmentation=Pipeline(shared=(RandomHorizontalFlip(0.5),), views=[view, view]),
        extraction=partial(
            LastToLast,
            strategy=setting.text("extraction"),
            width=setting.whole("width"),
            patches=patches,
        ),
        similarity=ScaledDot(),
        loss=ClippedNCE(clip=setting.number("clip")),
        evaluation=evaluation(setting, patches=patches),
    )
