"""All losses against one plain form: two dense masks, who attracts and who repels."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from methods.aspects.loss.attraction import Attraction
from methods.aspects.loss.dense import dense
from methods.aspects.loss.info_nce import InfoNCE
from methods.aspects.loss.nce import ClippedNCE
from methods.aspects.similarity import Cosine, Dot, ScaledDot
from methods.recipe import (
    Comparison,
    Grouped,
    Indexed,
    Loss,
    Paired,
    PairedBank,
    Similarity,
    negatives_per_anchor,
)

SIMILARITIES = [Cosine(0.5), Dot(0.1), ScaledDot()]


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return standard normal float64 numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def leaf(*shape: int, seed: int = 0) -> Tensor:
    """Return the same, to be differentiated."""
    return normal(*shape, seed=seed).requires_grad_()


PAIRED = Paired(leaf(4, 3), leaf(4, 3, seed=1))
BANK = PairedBank(leaf(4, 3), leaf(4, 3, seed=1), leaf(6, 3, seed=2))
INDEXED = Indexed(leaf(3, 3), leaf(5, 3, seed=1), torch.tensor([4, 0, 2]))
EXCLUDING = Indexed(
    leaf(4, 3), leaf(5, 3, seed=1), torch.tensor([4, 0, 2, 0]), torch.tensor([0, 1, 3, 4])
)
GROUPED = Grouped(
    leaf(3, 3), leaf(7, 3, seed=1), torch.tensor([2, 0, 1]), torch.tensor([0, 1, 2, 0, 1, 2, 0])
)
CONTRASTIVE = [(InfoNCE(), c) for c in (BANK, INDEXED, EXCLUDING)] + [(ClippedNCE(5.0), GROUPED)]


def plain(loss: Loss, comparison: Comparison, similarity: Similarity) -> Tensor:
    """Every anchor's positives, each against that anchor's negatives only."""
    anchors, candidates, positive, negative = dense(comparison)
    raw = similarity.matrix(anchors, candidates)
    scores, extra = raw, torch.zeros((), dtype=raw.dtype)
    if isinstance(loss, ClippedNCE):
        scores, extra = loss.clip * torch.tanh(raw / loss.clip), loss.penalty * (raw**2).mean()
    rows = []
    for row, attracts, repels in zip(scores, positive, negative, strict=True):
        against = row[repels].exp().sum()
        nats = [-torch.log(p.exp() / (p.exp() + against)) for p in row[attracts]]
        rows.append(torch.stack(nats).mean())
    return torch.stack(rows).mean() + extra


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(("loss", "comparison"), CONTRASTIVE)
def test_fast_losses_agree_with_the_masks(
    loss: Loss, comparison: Comparison, similarity: Similarity
) -> None:
    """Value and gradients to 1e-10, for each kind of comparison and each similarity."""
    leaves = [v for v in vars(comparison).values() if isinstance(v, Tensor) and v.requires_grad]
    found, expected = loss(comparison, similarity), plain(loss, comparison, similarity)
    assert torch.allclose(found, expected, rtol=1e-10)
    ours, truth = torch.autograd.grad(found, leaves), torch.autograd.grad(expected, leaves)
    for a, b in zip(ours, truth, strict=True):
        assert torch.allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=lambda s: type(s).__name__)
def test_attraction_agrees_with_the_masks(similarity: Similarity) -> None:
    """Each anchor attracts its own positive; the mask of repulsion is empty."""
    anchors, candidates, positive, negative = dense(PAIRED)
    assert not negative.any()
    expected = (2 - 2 * similarity.matrix(anchors, candidates))[positive].mean()
    assert torch.allclose(Attraction()(PAIRED, similarity), expected, rtol=1e-12)


@pytest.mark.parametrize("comparison", [PAIRED, BANK, INDEXED, EXCLUDING, GROUPED])
def test_nobody_both_attracts_and_repels(comparison: Comparison) -> None:
    """The masks are disjoint, and every anchor has a positive and its stated negatives."""
    anchors, candidates, positive, negative = dense(comparison)
    assert positive.shape == negative.shape == (len(anchors), len(candidates))
    assert not (positive & negative).any()
    assert positive.any(1).all()
    assert int(negative.sum(1).min()) == negatives_per_anchor(comparison)


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(("loss", "comparison"), [*CONTRASTIVE, (Attraction(), PAIRED)])
def test_gradients_are_the_finite_differences(
    loss: Loss, comparison: Comparison, similarity: Similarity
) -> None:
    """`gradcheck` in float64, for every loss with every similarity."""
    fields = vars(comparison)
    names = [n for n, v in fields.items() if isinstance(v, Tensor) and v.requires_grad]

    def of(*values: Tensor) -> Tensor:
        changed = type(comparison)(**{**fields, **dict(zip(names, values, strict=True))})
        return loss(changed, similarity)

    assert torch.autograd.gradcheck(of, [fields[n] for n in names])
