"""BYOL's loss against equation 2, written as loops over Python numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from methods.aspects.loss.attraction import Attraction
from methods.aspects.similarity import Cosine
from methods.recipe import Indexed, Paired


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return standard normal float64 numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("width", [1, 2, 16])
@pytest.mark.parametrize("n", [1, 3])
def test_attraction_is_the_squared_distance_of_unit_vectors(n: int, width: int) -> None:
    """A sum over the width, not a mean; a mean over the batch."""
    q, z = normal(n, width), normal(n, width, seed=1)
    total = 0.0
    for a, b in zip(q.tolist(), z.tolist(), strict=True):
        length_a, length_b = (math.sqrt(sum(x * x for x in v)) for v in (a, b))
        total += sum((x / length_a - y / length_b) ** 2 for x, y in zip(a, b, strict=True))
    found = Attraction()(Paired(q, z), Cosine())
    assert float(found) == pytest.approx(total / n, rel=1e-12, abs=1e-14)


def test_opposite_vectors_cost_4_and_equal_ones_nothing() -> None:
    """The range of the loss."""
    q = normal(5, 3)
    assert float(Attraction()(Paired(q, -2 * q), Cosine())) == pytest.approx(4.0)
    assert float(Attraction()(Paired(q, 2 * q), Cosine())) == pytest.approx(0.0, abs=1e-14)


def test_other_comparisons_are_refused() -> None:
    """Nobody repels in BYOL."""
    comparison = Indexed(normal(2, 3), normal(2, 3), torch.arange(2))
    with pytest.raises(ValueError, match=r"Paired vectors only \(got Indexed\)"):
        Attraction()(comparison, Cosine())
