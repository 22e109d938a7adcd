"""Every method at a size that a test can afford."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import methods
from methods import contract, encoders
from methods.aspects.encoder import split_batch_norm
from methods.cards import CARDS
from methods.randomness import Draws, seeded
from methods.recipe import Context, Extraction, Recipe, objective
from methods.selector import split
from methods.settings import Setting, resolve

TINY = {
    "amdim": "amdim[width=8]",
    "yadim": "yadim[width=8]",
    "cpc_v2": "cpc_v2",
    "simclr": "simclr[hidden=16]",
    "byol": "byol[hidden=16]",
    "moco_v2": "moco_v2[hidden=16,queue=32]",
    "supervised": "supervised",
}


@dataclass(frozen=True)
class Small:
    """A method with a tiny encoder."""

    setting: Setting
    recipe: Recipe
    encoder: nn.Module
    extraction: Extraction

    def context(self, step: int = 0, total: int = 100, labels: Tensor | None = None) -> Context:
        """Return a step's context."""
        return Context(step, total, Draws(0, "step", (torch.tensor(step),)), labels)

    def views(self, images: Tensor, step: int = 0) -> list[Tensor]:
        """Return the method's own views, in the encoder's precision."""
        counters = torch.full((len(images),), step), torch.arange(len(images))
        dtype = next(self.encoder.parameters()).dtype
        return [v.to(dtype) for v in self.recipe.augmentation(images, Draws(0, "views", counters))]

    def objective(self, images: Tensor, step: int = 0, labels: Tensor | None = None) -> Tensor:
        """Return the loss of one step."""
        context = self.context(step, labels=labels)
        views = self.views(images, step)
        return objective(self.recipe, self.extraction, self.encoder, views, context)

    def trainable(self) -> dict[str, nn.Parameter]:
        """Return every parameter that an optimiser moves."""
        modules = {"encoder": self.encoder, "extraction": self.extraction}
        return {
            f"{of}.{name}": parameter
            for of, module in modules.items()
            for name, parameter in module.named_parameters()
            if parameter.requires_grad
        }

    def frozen(self) -> dict[str, nn.Parameter]:
        """Return the parameters that no optimiser moves: momentum copies, constants."""
        return {n: p for n, p in self.extraction.named_parameters() if not p.requires_grad}


def small(method: str, encoder: str = "compact[width=2]", *, double: bool = False) -> Small:
    """Build a method on `photos` with fresh weights, the same for the same arguments."""
    base, options = split(TINY.get(method, method))
    setting = replace(resolve(CARDS[base], options, "photos", 32), classes=4)
    recipe = methods.compose(setting)
    with seeded(0, "test"):
        built: nn.Module = encoders.build(encoder, contract.view_size(setting))
        if recipe.batch_norm_splits > 1:
            split_batch_norm(built, recipe.batch_norm_splits)
        assert recipe.extraction is not None
        extraction = recipe.extraction(built)
    if double:
        built, extraction = built.double(), extraction.double()
    return Small(setting, recipe, built.train(), extraction.train())


def smooth(count: int, seed: int) -> Tensor:
    """Return smooth coloured images, (N, 3, 32, 32) uint8, whose rows foretell those below."""
    coarse = torch.rand(count, 3, 2, 5, generator=torch.Generator().manual_seed(seed))
    fine = F.interpolate(coarse, size=32, mode="bilinear", align_corners=True)
    return (fine * 255).round().to(torch.uint8)


@pytest.fixture
def make() -> Callable[..., Small]:
    """Return the function that builds a method."""
    return small


@pytest.fixture
def pictures() -> Callable[[int, int], Tensor]:
    """Return the function that makes so many images from a seed."""
    return smooth
