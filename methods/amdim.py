"""AMDIM: Learning Representations by Maximizing Mutual Information Across Views, arXiv 1906.00910.

One place of a deep map of one view attracts every place of a shallower map of the other view of its
image, and repels every place of the other images.
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


class DeepToShallow(FeaturePairs):
    """Pairs such as 1:5, 1:7 and 5:5; a pooled vector of the right width needs no head."""

    def __init__(self, encoder: Any, *, strategy: str, width: int) -> None:
        super().__init__(encoder.widths, strategy, width, bare=("1",))


def recipe(setting: Setting) -> Recipe:
    """Compose AMDIM's five aspects (section 3; the flip is one decision for both views)."""
    view = local_view(setting, patches=False)
    return Recipe(
        augmentation=Pipeline(shared=(RandomHorizontalFlip(0.5),), views=[view, view]),
        extraction=partial(
            DeepToShallow, strategy=setting.text("extraction"), width=setting.whole("width")
        ),
        similarity=ScaledDot(),
        loss=ClippedNCE(clip=setting.number("clip")),
        evaluation=evaluation(setting),
    )
