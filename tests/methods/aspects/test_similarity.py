"""The similarities against their formulas, and their precision under autocast."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from methods.aspects.similarity import Cosine, Dot, ScaledDot
from methods.recipe import Similarity

A = torch.randn(3, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
B = torch.randn(5, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
ALL = [Cosine(0.1), Dot(0.1), ScaledDot()]


def loops(similarity: Similarity, a: list[float], b: list[float]) -> float:
    """Return the formula's value for two vectors."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    if isinstance(similarity, Cosine):
        lengths = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(y * y for y in b))
        return dot / lengths / similarity.temperature
    return dot * similarity.scale if isinstance(similarity, Dot) else dot / math.sqrt(len(a))


@pytest.mark.parametrize("similarity", ALL, ids=lambda s: type(s).__name__)
def test_scores_are_the_formulas(similarity: Similarity) -> None:
    """All with all, and row by row, to 1e-12."""
    expected = torch.tensor(
        [[loops(similarity, a, b) for b in B.tolist()] for a in A.tolist()], dtype=torch.float64
    )
    assert torch.allclose(similarity.matrix(A, B), expected, rtol=1e-12)
    assert torch.allclose(similarity.pairs(A, B[:3]), expected.diagonal(), rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("similarity", ALL, ids=lambda s: type(s).__name__)
def test_scores_are_float32_under_autocast(similarity: Similarity, dtype: torch.dtype) -> None:
    """Half-precision vectors give float32 scores of their own values, to float32 rounding."""
    a, b = (A * 30).to(dtype), (B * 30).to(dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        matrix, pairs = similarity.matrix(a, b), similarity.pairs(a, b[:3])
    exact = similarity.matrix(a.double(), b.double())
    assert matrix.dtype == pairs.dtype == torch.float32
    assert torch.allclose(matrix.double(), exact, rtol=1e-5, atol=1e-4)
    assert torch.allclose(pairs.double(), exact.diagonal(), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("temperature", [0.0, -0.5, math.inf, math.nan])
def test_a_temperature_that_is_no_positive_number_is_refused(temperature: float) -> None:
    """The sentence names what came."""
    with pytest.raises(ValueError, match=r"temperature must be above 0 and finite \(got"):
        Cosine(temperature)


def test_a_vector_of_zeros_is_like_nothing() -> None:
    """No division by zero: a collapsed encoder gives a similarity of 0."""
    zero: Tensor = torch.zeros(1, 8)
    assert float(Cosine(0.1).pairs(zero, torch.ones(1, 8))) == 0.0
