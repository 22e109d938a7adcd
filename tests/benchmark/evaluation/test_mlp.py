"""AMDIM's nonlinear probe."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchmark.evaluation.linear import LinearProbe
from benchmark.evaluation.mlp import MLPProbe
from benchmark.evaluation.probe import TrainSet, accuracy

SMALL = MLPProbe(epochs=25, batch=64, hidden=64, learning_rate=1e-2)


def exclusive_or(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points whose class is whether their first two signs differ: no line parts them."""
    x = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))
    x[:, :2] += 0.5 * x[:, :2].sign()
    return x, (x[:, 0] * x[:, 1] < 0).long()


def test_it_learns_what_a_linear_probe_cannot() -> None:
    """Exclusive or: near chance for the linear probe, nearly solved by the hidden layer."""
    train, (features, labels) = TrainSet(*exclusive_or(1000, 0), 2, 0), exclusive_or(500, 1)
    linear = accuracy(LinearProbe().fit(train).predict(features), labels)
    nonlinear = accuracy(SMALL.fit(train).predict(features), labels)
    assert linear < 0.65
    assert nonlinear > 0.93


def test_the_loss_clips_softly_and_pays_for_large_logits() -> None:
    """By hand: logits 20 and 0 count as 10 tanh 2 and 0, plus a thousandth of 400 / 2."""
    loss = MLPProbe().loss(torch.tensor([[20.0, 0.0]]), torch.tensor([1]))
    clipped = 10 * math.tanh(2.0)
    assert loss.item() == pytest.approx(math.log1p(math.exp(clipped)) + 1e-3 * 200, rel=1e-6)


def test_the_network_is_amdims() -> None:
    """Dropout 0.2, 1,024 units without bias, batch norm, ReLU, dropout 0.2, classes."""
    train = TrainSet(*exclusive_or(8, 0), 2, 0)
    network = replace(MLPProbe(), epochs=1).fit(train).network
    names = [type(layer).__name__ for layer in network]
    assert names == ["Dropout", "Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear"]
    assert sum(p.numel() for p in network.parameters()) == 4 * 1024 + 2 * 1024 + 1025 * 2
    assert not network.training


def test_training_twice_gives_the_same_bits_and_a_replicate_others() -> None:
    """Weights, order and dropout are named by the replicate, the caller's generator is not used."""
    train, probe = TrainSet(*exclusive_or(100, 0), 2, 0), replace(SMALL, epochs=2)
    fits = []
    for seed, replicate in ((0, 0), (1, 0), (0, 1)):
        torch.manual_seed(seed)
        fits.append(probe.fit(replace(train, replicate=replicate)).predict(train.features))
    assert torch.equal(fits[0], fits[1])
    assert not torch.equal(fits[0], fits[2])


def test_prediction_of_a_row_does_not_depend_on_its_neighbours() -> None:
    """Batch norm and dropout are in evaluation mode."""
    train = TrainSet(*exclusive_or(100, 0), 2, 0)
    fitted = replace(SMALL, epochs=1).fit(train)
    alone, together = fitted.predict(train.features[:1]), fitted.predict(train.features)[:1]
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-5)


def test_impossible_settings_are_refused() -> None:
    """A batch of one has no spread."""
    with pytest.raises(ValueError, match="a batch of 2"):
        MLPProbe(batch=1)
    with pytest.raises(ValueError, match="at least 2 train examples"):
        SMALL.fit(TrainSet(torch.ones(1, 2), torch.tensor([0]), 1, 0))
