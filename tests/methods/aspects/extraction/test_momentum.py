"""Slow networks: they follow by the formula and share nothing with the fast ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from methods.aspects.extraction.momentum import cosine_momentum, follow, slow_copy


def network() -> nn.Sequential:
    """Return a network with parameters and buffers."""
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).double()


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.996, 1.0])
def test_a_slow_network_follows_by_the_formula(momentum: float) -> None:
    """Slow becomes momentum slow + (1 - momentum) fast, for each parameter."""
    slow, fast = slow_copy(network()), network()
    before = [p.clone() for p in slow.parameters()]
    targets = [p.detach().clone() for p in fast.parameters()]
    follow(slow, fast, momentum)
    for p, old, new in zip(slow.parameters(), before, targets, strict=True):
        assert torch.allclose(p, momentum * old + (1 - momentum) * new, rtol=1e-12, atol=1e-15)
        assert not p.requires_grad
    assert all(torch.equal(p, t) for p, t in zip(fast.parameters(), targets, strict=True))


def test_buffers_do_not_follow() -> None:
    """The slow network's batch-norm statistics come from its own forward passes."""
    fast = network()
    slow = slow_copy(fast)
    fast(torch.randn(8, 3, dtype=torch.float64))
    follow(slow, fast, 0.5)
    assert not slow.state_dict()["1.running_mean"].any()
    assert fast.state_dict()["1.running_mean"].any()


def test_a_slow_copy_shares_no_memory() -> None:
    """Moving the fast network moves nothing of the copy."""
    fast = network()
    slow = slow_copy(fast)
    before = {name: value.clone() for name, value in slow.state_dict().items()}
    with torch.no_grad():
        for parameter in fast.parameters():
            parameter.add_(1.0)
    assert all(torch.equal(slow.state_dict()[name], before[name]) for name in before)


@pytest.mark.parametrize("base", [0.97, 0.996])
def test_byols_momentum_rises_along_a_cosine(base: float) -> None:
    """1 - (1 - base)(cos(pi k / K) + 1) / 2: base at first, half-way at K / 2, 1 after the last."""
    assert cosine_momentum(base, 0, 100) == pytest.approx(base, abs=1e-15)
    assert cosine_momentum(base, 50, 100) == pytest.approx((1 + base) / 2)
    assert cosine_momentum(base, 100, 100) == pytest.approx(1.0)
    values = [cosine_momentum(base, k, 100) for k in range(101)]
    assert values == sorted(values)
    assert values[25] == pytest.approx(1 - (1 - base) * (math.sqrt(0.5) + 1) / 2)
