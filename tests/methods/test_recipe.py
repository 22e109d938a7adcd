"""The objective is the weighted sum of its comparisons' losses, and hooks do nothing by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from methods.recipe import Context, Extraction, Indexed, objective

if TYPE_CHECKING:
    from tests.methods.conftest import Small

Make = Callable[..., "Small"]


class Given(Extraction):
    """An extraction with fixed comparisons."""

    def __init__(self, comparisons: Sequence[Indexed]) -> None:
        super().__init__()
        self.comparisons = comparisons

    def compare(
        self,
        encoder: nn.Module,  # noqa: ARG002
        views: Sequence[Tensor],  # noqa: ARG002
        context: Context,  # noqa: ARG002
    ) -> Sequence[Indexed]:
        """Return them."""
        return self.comparisons


def test_losses_are_summed_by_weight(make: Make) -> None:
    """Means inside, a weighted sum outside."""
    method = make("simclr", double=True)
    vectors = torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    target = torch.tensor([3, 4, 5, 0, 1, 2])
    comparisons = [Indexed(vectors, vectors * k, target, weight=0.5 * k) for k in (1, 2, 3)]
    recipe = method.recipe
    found = objective(recipe, Given(comparisons), method.encoder, [], method.context())
    each = [float(recipe.loss(c, recipe.similarity)) for c in comparisons]
    assert float(found) == pytest.approx(0.5 * each[0] + 1.0 * each[1] + 1.5 * each[2])


def test_hooks_are_optional(make: Make) -> None:
    """An extraction without state needs neither."""
    method = make("simclr")
    before = {name: value.clone() for name, value in method.extraction.state_dict().items()}
    method.extraction.before_step(method.encoder, method.context())
    method.extraction.after_step(method.encoder, method.context())
    after = method.extraction.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
