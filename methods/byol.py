"""BYOL: Bootstrap Your Own Latent, arXiv 2006.07733.

Each view's prediction attracts the slow network's projection of the other view; nobody repels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from methods.aspects.augmentation.colour import Normalise, RandomGrayscale
from methods.aspects.augmentation.filters import GaussianBlur, Solarise
from methods.aspects.augmentation.geometry import RandomHorizontalFlip, RandomResizedCrop
from methods.aspects.augmentation.pipeline import Pipeline
from methods.aspects.augmentation.presets import evaluation, jitter, pair
from methods.aspects.augmentation.transform import Transform
from methods.aspects.encoder import encode
from methods.aspects.extraction.heads import two_layer
from methods.aspects.extraction.momentum import cosine_momentum, follow, slow_copy
from methods.aspects.loss.attraction import Attraction
from methods.aspects.similarity import Cosine
from methods.recipe import Context, Extraction, Paired, Recipe
from methods.settings import Setting


class BootstrappedViews(Extraction):
    """Online predictions of slow projections, both directions (section 3.1).

    The slow network starts as a copy; the authors' code may start it from other random weights.
    """

    def __init__(self, encoder: Any, *, hidden: int, out: int, tau: float) -> None:
        super().__init__()
        self.tau = tau
        self.projector = two_layer(encoder.widths["1"], hidden, out)
        self.predictor = two_layer(out, hidden, out)
        self.slow_encoder = slow_copy(encoder)
        self.slow_projector = slow_copy(self.projector)

    def compare(
        self, encoder: nn.Module, views: Sequence[Tensor], context: Context
    ) -> list[Paired]:
        """Return two comparisons of weight 1: the authors add the two directions."""
        # one view at a time: batch-norm statistics are each view's own (mmselfsup, issue 65)
        q1, q2 = (self.predictor(self.projector(encode(encoder, v)["1"])) for v in views)
        with torch.no_grad():  # the stop-gradient; batch statistics, as in the authors' code
            t1, t2 = (self.slow_projector(encode(self.slow_encoder, v)["1"]) for v in views)
        return [Paired(q1, t2), Paired(q2, t1)]

    def after_step(self, encoder: nn.Module, context: Context) -> None:
        """Let the slow network follow what the optimiser has made (equation 1)."""
        tau = cosine_momentum(self.tau, context.step, context.total_steps)
        follow(self.slow_encoder, encoder, tau)
        follow(self.slow_projector, self.projector, tau)


def recipe(setting: Setting) -> Recipe:
    """Compose BYOL's five aspects (augmentation: appendix B, table 6)."""
    size = setting.whole("resolution")

    def view(blur: float, solarise: float) -> tuple[Transform[Any], ...]:
        return (
            RandomResizedCrop(size, pair(setting, "scale"), pair(setting, "ratio")),
            RandomHorizontalFlip(0.5),
            jitter(setting),
            RandomGrayscale(0.2),
            *((GaussianBlur(size // 10 | 1, (0.1, 2.0), p=blur),) if blur else ()),
            *((Solarise(p=solarise),) if solarise else ()),
            Normalise(setting.mean, setting.std),
        )

    return Recipe(
        augmentation=Pipeline(
            views=[view(*s) for s in zip(*map(setting.numbers, ("blur", "solarise")), strict=True)]
        ),
        extraction=partial(
            BootstrappedViews,
            hidden=setting.whole("hidden"),
            out=setting.whole("out"),
            tau=setting.number("tau"),
        ),
        similarity=Cosine(),
        loss=Attraction(),
        evaluation=evaluation(setting),
    )
