"""InfoNCE and NT-Xent against their papers' formulas, written as loops over Python numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from methods.aspects.loss.info_nce import InfoNCE
from methods.aspects.similarity import Cosine, Dot
from methods.recipe import Indexed, Paired, PairedBank

Rows = list[list[float]]


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return standard normal float64 numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cosine(a: list[float], b: list[float]) -> float:
    """Return the cosine of two vectors."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))


def nt_xent(first: Rows, second: Rows, temperature: float) -> float:
    """SimCLR's algorithm 1: views interleaved, l(2k-1, 2k) + l(2k, 2k-1) over 2N."""
    z = [view for pair in zip(first, second, strict=True) for view in pair]
    total = 0.0
    for i in range(len(z)):
        partner = i + 1 if i % 2 == 0 else i - 1
        below = sum(math.exp(cosine(z[i], z[k]) / temperature) for k in range(len(z)) if k != i)
        total += -math.log(math.exp(cosine(z[i], z[partner]) / temperature) / below)
    return total / len(z)


def both_views(first: Tensor, second: Tensor) -> Indexed:
    """Return the comparison of 2N views with one another."""
    z, n = torch.cat([first, second]), len(first)
    own = torch.arange(2 * n)
    return Indexed(z, z, target=(own + n) % (2 * n), exclude=own)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("width", [2, 7])
@pytest.mark.parametrize("n", [2, 3, 6])
def test_nt_xent_is_algorithm_1(n: int, width: int, temperature: float) -> None:
    """The loss over both views is SimCLR's, to 1e-12 of its value."""
    first, second = normal(n, width), normal(n, width, seed=1)
    found = InfoNCE()(both_views(first, second), Cosine(temperature))
    expected = nt_xent(first.tolist(), second.tolist(), temperature)
    assert float(found) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [2, 5, 64])
def test_identical_embeddings_cost_the_log_of_the_candidates(n: int) -> None:
    """Where all 2N views coincide, each of the 2N - 1 candidates is equally likely."""
    z = normal(1, 4).expand(n, 4)
    found = InfoNCE()(both_views(z, z), Cosine(0.1))
    assert float(found) == pytest.approx(math.log(2 * n - 1), rel=1e-12)


@pytest.mark.parametrize("temperature", [0.07, 0.2])
@pytest.mark.parametrize("keys", [1, 5, 16])
@pytest.mark.parametrize("n", [1, 4])
def test_a_bank_is_mocos_equation_1(n: int, keys: int, temperature: float) -> None:
    """Each query sees its own key and the bank, and no key of its neighbours."""
    q, k, bank = normal(n, 3), normal(n, 3, seed=1), normal(keys, 3, seed=2)
    total = 0.0
    for query, key in zip(q.tolist(), k.tolist(), strict=True):
        own = math.exp(cosine(query, key) / temperature)
        others = sum(math.exp(cosine(query, old) / temperature) for old in bank.tolist())
        total += -math.log(own / (own + others))
    found = InfoNCE()(PairedBank(q, k, bank), Cosine(temperature))
    assert float(found) == pytest.approx(total / n, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1, 2), (3, 4), (6, 5)])
def test_an_index_is_softmax_cross_entropy_over_all_candidates(n: int, m: int) -> None:
    """Without an exclusion every candidate is in the denominator, the anchor's own too."""
    anchors, candidates = normal(n, 3), normal(m, 3, seed=1)
    target = torch.arange(n) % m
    total = 0.0
    for i, anchor in enumerate(anchors.tolist()):
        scores = [
            math.exp(0.1 * sum(a * c for a, c in zip(anchor, candidate, strict=True)))
            for candidate in candidates.tolist()
        ]
        total += -math.log(scores[int(target[i])] / sum(scores))
    found = InfoNCE()(Indexed(anchors, candidates, target), Dot(0.1))
    assert float(found) == pytest.approx(total / n, rel=1e-12)


class Kept:
    """A similarity that keeps its scores, so that their gradients can be read."""

    scores: Tensor

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare row by row."""
        return (a * b).sum(1)

    def matrix(self, a: Tensor, b: Tensor) -> Tensor:
        """Compare all with all, keeping the scores."""
        self.scores = a @ b.T
        self.scores.retain_grad()
        return self.scores


def subtracted(scores: Tensor, target: Tensor) -> Tensor:
    """NT-Xent as it must not be written: the self-term taken off the sum."""
    weights = scores.exp()
    below = weights.sum(1) - scores.diagonal().detach().exp()
    return -(weights[torch.arange(len(scores)), target] / below).log().mean()


def test_no_gradient_flows_through_the_self_term() -> None:
    """The score of a view with itself has no gradient; subtracting it gives one, at equal value."""
    z = normal(6, 3).requires_grad_()
    target = (torch.arange(6) + 3) % 6
    kept = Kept()
    masked = InfoNCE()(Indexed(z, z, target, exclude=torch.arange(6)), kept)
    (gradient,) = torch.autograd.grad(masked, z, retain_graph=True)
    masked.backward()  # type: ignore[no-untyped-call]
    assert kept.scores.grad is not None
    assert torch.equal(kept.scores.grad.diagonal(), torch.zeros(6, dtype=torch.float64))

    wrong = subtracted(z @ z.T, target)
    assert float(wrong.detach()) == pytest.approx(float(masked.detach()), rel=1e-9)
    assert not torch.allclose(torch.autograd.grad(wrong, z)[0], gradient, rtol=1e-3)


def test_masking_keeps_what_subtracting_loses_to_rounding() -> None:
    """At temperature 0.05 in float32, e^20 swallows the negatives of a sum it is taken off."""
    z = F.normalize(normal(16, 64), dim=1)
    target = (torch.arange(16) + 8) % 16
    exact = InfoNCE()(Indexed(z, z, target, torch.arange(16)), Cosine(0.05))
    single = z.float()
    found = InfoNCE()(Indexed(single, single, target, torch.arange(16)), Cosine(0.05))
    assert float(found) == pytest.approx(float(exact), rel=1e-5)
    assert float(subtracted(single @ single.T / 0.05, target)) != pytest.approx(
        float(exact), rel=1e-2
    )


@pytest.mark.parametrize(
    "comparison",
    [
        both_views(normal(1, 3), normal(1, 3)),
        Indexed(normal(1, 3), normal(1, 3), torch.zeros(1, dtype=torch.long)),
        PairedBank(normal(2, 3), normal(2, 3), normal(0, 3)),
    ],
)
def test_an_anchor_without_negatives_is_refused(comparison: Any) -> None:
    """A batch of one image, or an empty bank, would give a loss of 0 for ever."""
    with pytest.raises(ValueError, match="InfoNCE needs a negative for each anchor"):
        InfoNCE()(comparison, Cosine(0.5))


def test_a_comparison_without_negatives_by_nature_is_refused() -> None:
    """BYOL's pairs are not InfoNCE's."""
    with pytest.raises(ValueError, match=r"InfoNCE compares .* only \(got Paired\)"):
        InfoNCE()(Paired(normal(2, 3), normal(2, 3)), Cosine())
