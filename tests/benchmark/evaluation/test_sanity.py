"""Label-free measures against their formulas as loops and against known cases."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from benchmark.evaluation import sanity
from benchmark.evaluation.sanity import (
    alignment,
    collapsed,
    effective_rank,
    feature_std,
    measure,
    uniformity,
)


def normal(rows: int, columns: int, seed: int = 0) -> Tensor:
    """Return random features."""
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def unit(row: list[float]) -> list[float]:
    """Return a row by its length."""
    return [value / math.hypot(*row) for value in row]


@pytest.mark.parametrize("shape", [(50, 8), (8, 50)])
def test_effective_rank_agrees_with_singular_values(shape: tuple[int, int]) -> None:
    """The entropy of singular values from an SVD, to 1e-6, tall and wide."""
    features = normal(*shape) * torch.logspace(0, -2, shape[1])
    sigma = torch.linalg.svdvals(features.double())
    share = sigma / sigma.sum() + 1e-7
    expected = math.exp(-sum(p * math.log(p) for p in share.tolist()))
    assert effective_rank(features) == pytest.approx(expected, rel=1e-6)


def test_effective_rank_counts_equal_directions() -> None:
    """Orthogonal rows of one length: their number; copies of one row: 1; zeros: 0."""
    assert effective_rank(torch.eye(6, 20)) == pytest.approx(6.0, rel=1e-4)
    assert effective_rank(torch.ones(9, 5)) == pytest.approx(1.0, abs=1e-4)
    assert effective_rank(torch.zeros(9, 5)) == 0.0


def test_alignment_and_uniformity_agree_with_loops() -> None:
    """Sums over images and over pairs, on unit vectors, in float64."""
    first, second = normal(12, 5), normal(12, 5, seed=1)
    a, b = ([unit(row) for row in x.double().tolist()] for x in (first, second))
    squares = [math.dist(p, q) ** 2 for p, q in zip(a, b, strict=True)]
    assert alignment(first, second) == pytest.approx(sum(squares) / 12)
    potentials = [math.exp(-2 * math.dist(a[i], a[j]) ** 2) for i in range(12) for j in range(i)]
    assert uniformity(first) == pytest.approx(math.log(sum(potentials) / len(potentials)))


def test_uniformity_does_not_show_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows at a time give what all at once give."""
    whole = uniformity(normal(33, 6))
    monkeypatch.setattr(sanity, "_CHUNK", 5)
    assert uniformity(normal(33, 6)) == pytest.approx(whole)


def test_feature_std_of_a_uniform_sphere_is_one_over_root_d() -> None:
    """Random directions in 64 dimensions, to 1 %; their length does not matter."""
    features = normal(4000, 64) * (1 + torch.arange(4000).unsqueeze(1))
    assert feature_std(features) * 8 == pytest.approx(1.0, rel=0.01)


def test_healthy_features_are_not_collapsed() -> None:
    """Random directions, also after ReLU, which gives every pair a high cosine."""
    for features in (normal(300, 32), torch.relu(normal(300, 32)), torch.relu(normal(300, 32) + 3)):
        assert collapsed(measure(features, features)) is None


def test_a_constant_with_noise_is_collapsed() -> None:
    """One vector for every image, but for a hundredth: it hardly varies."""
    first, second = (5.0 + 0.05 * normal(300, 32, seed) for seed in (0, 1))
    reason = collapsed(measure(first, second))
    assert reason is not None
    assert reason.startswith("features hardly vary")


def test_a_line_is_collapsed() -> None:
    """Every image a multiple of one vector, of either sign: it varies, in one direction."""
    features = normal(300, 1) * normal(1, 32, seed=1) + 1e-3 * normal(300, 32, seed=2)
    reason = collapsed(measure(features, features))
    assert reason is not None
    assert reason.startswith("features lie along one direction")


def test_unlike_views_are_refused() -> None:
    """Another number of images, or only one."""
    with pytest.raises(ValueError, match="two views"):
        measure(normal(4, 3), normal(5, 3))
    with pytest.raises(ValueError, match="two or more images"):
        measure(normal(1, 3), normal(1, 3))
    with pytest.raises(ValueError, match="second view's features must be finite"):
        measure(normal(4, 3), torch.full((4, 3), torch.inf))
