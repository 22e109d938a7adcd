"""AMDIM's clipped NCE against the paper's formula, written as loops over Python numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from methods.aspects.loss.nce import ClippedNCE
from methods.aspects.similarity import Dot, ScaledDot
from methods.recipe import Grouped, Paired


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return standard normal float64 numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def amdim(sources: Tensor, targets: Tensor, clip: float, penalty: float) -> float:
    """AMDIM's loss of one ordered pair of maps.

    Args:
        sources: (B, D), one place of each image.
        targets: (B, L, D), all places of each image in the other view.
        clip: c of c tanh(s / c).
        penalty: Weight of the mean squared raw score.
    """
    batch, places, width = targets.shape
    a, t = sources.tolist(), targets.tolist()
    raw = [
        [
            [sum(x * y for x, y in zip(a[b], t[o][place], strict=True)) / math.sqrt(width)
             for place in range(places)]
            for o in range(batch)
        ]
        for b in range(batch)
    ]  # fmt: skip
    squares = [s**2 for of_anchor in raw for of_image in of_anchor for s in of_image]
    nats = []
    for b in range(batch):
        clipped = [[clip * math.tanh(s / clip) for s in of_image] for of_image in raw[b]]
        negatives = sum(math.exp(s) for o in range(batch) if o != b for s in clipped[o])
        nats += [-math.log(math.exp(s) / (math.exp(s) + negatives)) for s in clipped[b]]
    return math.fsum(nats) / len(nats) + penalty * math.fsum(squares) / len(squares)


def grouped(sources: Tensor, targets: Tensor) -> Grouped:
    """Return the comparison of those maps."""
    batch, places, _ = targets.shape
    own = torch.arange(batch)
    return Grouped(sources, targets.flatten(0, 1), own, own.repeat_interleave(places))


@pytest.mark.parametrize("size", [1.0, 12.0])
@pytest.mark.parametrize("places", [1, 4, 9])
@pytest.mark.parametrize("batch", [2, 3, 5])
def test_the_loss_is_amdims(batch: int, places: int, size: float) -> None:
    """Raw scores, their penalty, the clip, then NCE: to 1e-12, for scores small and clipped."""
    sources, targets = normal(batch, 6) * size, normal(batch, places, 6, seed=1) * size
    found = ClippedNCE(clip=20.0, penalty=0.05)(grouped(sources, targets), ScaledDot())
    assert float(found) == pytest.approx(amdim(sources, targets, 20.0, 0.05), rel=1e-12)


def test_the_penalty_takes_the_scores_before_the_clip() -> None:
    """Clipped scores are at most c, so a penalty on them would be at most 0.05 c^2."""
    comparison = grouped(normal(3, 6) * 50, normal(3, 4, 6, seed=1) * 50)
    with_penalty = ClippedNCE(clip=2.0, penalty=1.0)(comparison, ScaledDot())
    without = ClippedNCE(clip=2.0, penalty=0.0)(comparison, ScaledDot())
    raw = comparison.anchors @ comparison.candidates.T / math.sqrt(6)
    assert float(with_penalty - without) == pytest.approx(float(raw.square().mean()), rel=1e-12)
    assert float(with_penalty - without) > 4.0


def test_other_places_of_the_own_image_are_no_negatives() -> None:
    """Moving one place of the own image leaves the other place's share of the loss alone."""
    sources, targets = normal(3, 6), normal(3, 2, 6, seed=1).requires_grad_()
    loss = ClippedNCE(penalty=0.0)
    whole = loss(grouped(sources, targets), ScaledDot())
    (gradient,) = torch.autograd.grad(whole, targets)
    # image 0's first place as the only place of its image: same negatives, one positive of two
    alone = Grouped(
        sources[:1], torch.cat([targets[0, :1], targets[1:].flatten(0, 1)]),
        torch.tensor([0]), torch.tensor([0, 1, 1, 2, 2]),
    )  # fmt: skip
    (single,) = torch.autograd.grad(loss(alone, ScaledDot()), targets)
    others = Grouped(
        sources[1:], targets.flatten(0, 1), torch.tensor([1, 2]), torch.tensor([0, 0, 1, 1, 2, 2])
    )
    (as_negative,) = torch.autograd.grad(loss(others, ScaledDot()), targets)
    # one positive of two, one anchor of three; and a negative of the two other anchors
    expected = single[0, 0] / 2 / 3 + as_negative[0, 0] * 2 / 3
    assert torch.allclose(gradient[0, 0], expected, rtol=1e-10)


def test_anchors_with_unlike_numbers_of_positives_weigh_alike() -> None:
    """The mean is over an anchor's positives first, then over anchors."""
    anchors, candidates = normal(2, 4), normal(5, 4, seed=1)
    images = torch.tensor([0, 1, 0, 0, 1])
    found = ClippedNCE(penalty=0.0)(
        Grouped(anchors, candidates, torch.tensor([0, 1]), images), ScaledDot()
    )
    per_anchor = []
    for a in (0, 1):
        s = [20 * math.tanh(float(anchors[a] @ c) / 2 / 20) for c in candidates]
        below = sum(math.exp(v) for v, image in zip(s, images.tolist(), strict=True) if image != a)
        nats = [
            -math.log(math.exp(v) / (math.exp(v) + below))
            for v, image in zip(s, images.tolist(), strict=True)
            if image == a
        ]
        per_anchor.append(sum(nats) / len(nats))
    assert float(found) == pytest.approx(sum(per_anchor) / 2, rel=1e-12)


def test_identical_vectors_cost_the_log_of_one_positive_and_all_negatives() -> None:
    """B = 3 images of L = 4 places: each positive is one of 1 + 8."""
    same = torch.ones(1, 1, 4, dtype=torch.float64)
    comparison = grouped(same[0].expand(3, 4), same.expand(3, 4, 4))
    assert float(ClippedNCE(penalty=0.0)(comparison, ScaledDot())) == pytest.approx(math.log(9))


@pytest.mark.parametrize("score", [1e3, 1e6])
def test_extreme_scores_stay_finite_in_float32(score: float) -> None:
    """A positive far above or below its negatives gives finite loss and gradient."""
    anchors = torch.tensor([[1.0], [-1.0]], requires_grad=True)
    for sign in (1.0, -1.0):
        candidates = torch.tensor([[sign * score], [-sign * score]])
        pair = Grouped(anchors, candidates, torch.arange(2), torch.arange(2))
        loss = ClippedNCE(penalty=0.0)(pair, Dot())
        (gradient,) = torch.autograd.grad(loss, anchors)
        assert float(loss.detach()) == pytest.approx(0.0 if sign > 0 else 40.0, abs=1e-6)
        assert bool(gradient.isfinite().all())


def test_a_batch_of_one_image_is_refused() -> None:
    """Its anchors have no negative: their loss would be 0 for ever."""
    with pytest.raises(ValueError, match="NCE needs a negative for each anchor"):
        ClippedNCE()(grouped(normal(1, 4), normal(1, 9, 4)), ScaledDot())


def test_ungrouped_vectors_are_refused() -> None:
    """The sentence says what came."""
    with pytest.raises(ValueError, match=r"NCE compares Grouped vectors only \(got Paired\)"):
        ClippedNCE()(Paired(normal(2, 4), normal(2, 4)), ScaledDot())


@pytest.mark.parametrize("settings", [{"clip": 0.0}, {"clip": -1.0}, {"penalty": -0.1}])
def test_settings_outside_their_bounds_are_refused(settings: dict[str, float]) -> None:
    """A clip of 0 divides by zero, a negative penalty rewards large scores."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        ClippedNCE(**settings)
