"""The nouns of a method: recipe, extraction, the four comparisons, feature maps.

Shape letters, used everywhere: B images in a batch, V views, P patches of a view, C channels,
H W pixels, h w positions of a feature map, N anchors, M candidates, K keys of a bank, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn

from methods.aspects.augmentation.pipeline import Evaluation, Pipeline
from methods.randomness import Draws

FeatureMaps: TypeAlias = Mapping[str, Tensor]
"""Named outputs of an encoder: `1` is (B, D); `5`, `7` and `last` are (B, C, h, w)."""


@dataclass(frozen=True)
class Paired:
    """Each anchor attracts its own positive; nobody repels (BYOL)."""

    anchors: Tensor
    """(N, D)"""
    positives: Tensor
    """(N, D)"""
    weight: float = 1.0


@dataclass(frozen=True)
class PairedBank:
    """Each anchor attracts its own positive and repels every key of a bank (MoCo)."""

    anchors: Tensor
    """(N, D)"""
    positives: Tensor
    """(N, D)"""
    bank: Tensor
    """(K, D)"""
    weight: float = 1.0


@dataclass(frozen=True)
class Indexed:
    """Each anchor attracts one candidate and repels the others (SimCLR, CPC)."""

    anchors: Tensor
    """(N, D)"""
    candidates: Tensor
    """(M, D)"""
    target: Tensor
    """(N,) int64, the candidate that each anchor attracts."""
    exclude: Tensor | None = None
    """(N,) int64, a candidate that each anchor does not see: itself."""
    weight: float = 1.0


@dataclass(frozen=True)
class Grouped:
    """Each anchor attracts every candidate of its image and repels those of others (AMDIM)."""

    anchors: Tensor
    """(N, D)"""
    candidates: Tensor
    """(M, D)"""
    anchor_image: Tensor
    """(N,) int64"""
    candidate_image: Tensor
    """(M,) int64"""
    weight: float = 1.0


Comparison: TypeAlias = Paired | PairedBank | Indexed | Grouped


def negatives_per_anchor(comparison: Comparison) -> int:
    """Return how many vectors each anchor repels (the fewest of any, where images differ)."""
    if isinstance(comparison, Paired):
        return 0
    if isinstance(comparison, PairedBank):
        return len(comparison.bank)
    if isinstance(comparison, Indexed):
        return len(comparison.candidates) - 1 - (comparison.exclude is not None)
    own = comparison.anchor_image[:, None] == comparison.candidate_image[None]
    return len(comparison.candidates) - int(own.sum(1).max())


class Similarity(Protocol):
    """Aspect 4: how alike two vectors are; higher is more alike."""

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row: (N, D) and (N, D) to (N,)."""

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all rows with all: (N, D) and (M, D) to (N, M)."""


class Loss(Protocol):
    """Aspect 5: one comparison to one number, a mean over its anchors and positives."""

    def __call__(self, comparison: Comparison, similarity: Similarity) -> Tensor:
        """Return a scalar, in nats for the contrastive losses."""


@dataclass(frozen=True)
class Context:
    """What an extraction may know of the step it is in."""

    step: int
    """The optimiser steps done before this one."""
    total_steps: int
    draws: Draws
    """Draws of this step."""
    labels: Tensor | None = None
    """(B,) int64, only for a recipe that declares them."""


class Extraction(nn.Module):
    """Aspect 3: from views to comparisons; owns heads, queues and momentum copies.

    Built from the encoder, so that all its state is in every checkpoint from step 0. The online
    encoder is an argument, never a submodule: the harness owns it.
    """

    def compare(
        self, encoder: nn.Module, views: Sequence[Tensor], context: Context
    ) -> Sequence[Comparison]:
        """Encode the views and say who attracts and who repels whom."""
        raise NotImplementedError

    def before_step(self, encoder: nn.Module, context: Context) -> None:
        """Run once per optimiser step, before the first view is encoded."""

    def after_step(self, encoder: nn.Module, context: Context) -> None:
        """Run once per optimiser step, after the optimiser."""


@dataclass(frozen=True)
class Recipe:
    """A method as the paper's five aspects, in the paper's order (arXiv 2009.00104, section 3)."""

    augmentation: Pipeline
    extraction: Callable[[nn.Module], Extraction] | None
    """Builds the extraction from the encoder; None for the untrained floor."""
    similarity: Similarity
    loss: Loss
    evaluation: Evaluation
    """The one view of an image that evaluation sees."""
    batch_norm_splits: int = 1
    """Groups of the batch with statistics of their own, as if on so many devices."""


def objective(
    recipe: Recipe,
    extraction: Extraction,
    encoder: nn.Module,
    views: Sequence[Tensor],
    context: Context,
) -> Tensor:
    """Return the weighted sum of the losses of all comparisons of one batch, a scalar."""
    comparisons = extraction.compare(encoder, views, context)
    losses = [c.weight * recipe.loss(c, recipe.similarity) for c in comparisons]
    return torch.stack(losses).sum()
