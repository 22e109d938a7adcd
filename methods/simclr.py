"""SimCLR: A Simple Framework for Contrastive Learning of Visual Representations, arXiv 2002.05709.

Each view attracts the other view of its image and repels every view of all other images.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from methods.aspects.augmentation.colour import Normalise, RandomGrayscale
from methods.aspects.augmentation.filters import GaussianBlur
from methods.aspects.augmentation.geometry import RandomHorizontalFlip, RandomResizedCrop
from methods.aspects.augmentation.pipeline import Pipeline
from methods.aspects.augmentation.presets import evaluation, jitter, pair, unscaled
from methods.aspects.encoder import encode_together
from methods.aspects.extraction.heads import normalised_head
from methods.aspects.loss.info_nce import InfoNCE
from methods.aspects.similarity import Cosine
from methods.recipe import Context, Extraction, Indexed, Recipe
from methods.settings import Setting


class ProjectedViews(Extraction):
    """Both views through one head; each view's partner stands B rows away (section 2.1)."""

    def __init__(self, encoder: Any, *, hidden: int, out: int, layers: int) -> None:
        super().__init__()
        self.head = normalised_head(encoder.widths["1"], hidden, out, layers)

    def compare(
        self, encoder: nn.Module, views: Sequence[Tensor], context: Context
    ) -> list[Indexed]:
        """Return one comparison of all 2B views with one another."""
        h = encode_together(encoder, views)["1"]  # one batch: the authors' batch norm is global
        z = self.head(h)  # (2B, out)
        own = torch.arange(len(z), device=z.device)
        return [Indexed(z, z, target=own.roll(-len(z) // 2), exclude=own)]


def recipe(setting: Setting) -> Recipe:
    """Compose SimCLR's five aspects."""
    blur, size = setting.number("blur"), setting.whole("resolution")
    view = (
        RandomResizedCrop(size, pair(setting, "scale"), pair(setting, "ratio")),
        RandomHorizontalFlip(0.5),
        jitter(setting, additive=setting.text("brightness") == "additive"),
        RandomGrayscale(0.2),
        *((GaussianBlur(size // 10 | 1, (0.1, 2.0), p=blur),) if blur else ()),
        # the authors' code leaves images in [0, 1], neither centred nor scaled
        *((Normalise(setting.mean, setting.std),) if setting.values["normalise"] else ()),
    )
    return Recipe(
        augmentation=Pipeline(views=[view, view]),
        extraction=partial(
            ProjectedViews,
            hidden=setting.whole("hidden"),
            out=setting.whole("out"),
            layers=setting.whole("layers"),
        ),
        similarity=Cosine(setting.number("temperature")),
        loss=InfoNCE(),
        evaluation=evaluation(setting) if setting.values["normalise"] else unscaled(setting),
    )
