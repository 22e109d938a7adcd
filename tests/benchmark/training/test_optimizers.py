"""Optimisers against loops in float64 and against steps worked out by hand."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from benchmark.training.optimizers import LARS, Name, build, parameter_groups

NAMES: tuple[Name, ...] = ("adam", "adamw", "sgd", "lars")


def network() -> nn.Sequential:
    """Return a small network that has every kind of parameter."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 5, 2, bias=False),
        nn.GroupNorm(1, 5),
        nn.Flatten(),
        nn.Linear(5 * 9, 2),
    )


def gradients(model: nn.Module, seed: int) -> None:
    """Give every parameter a random gradient, laid out as the parameter is."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        drawn = torch.randn(parameter.shape, generator=generator)
        parameter.grad = torch.empty_like(parameter).copy_(drawn)


def one(value: float, gradient: float) -> nn.Linear:
    """Return a module of one weight with a gradient, float64."""
    module = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(module.weight, value)
    module.weight.grad = torch.full_like(module.weight, gradient)
    return module


def test_lars_agrees_with_loops_over_its_formula() -> None:
    """Four steps at a changing rate, with excluded norms and biases, to 1e-6 of the weights."""
    model = network()
    optimizer = build(
        [model], optimizer="lars", learning_rate=0.0, weight_decay=0.01, trust=0.02, exclude=True
    )
    weights = [p.detach().double().flatten().tolist() for p in model.parameters()]
    buffers = [[0.0] * len(w) for w in weights]
    names = [name for name, _ in model.named_parameters()]
    adapted = {"0.weight", "3.weight", "6.weight"}
    for step, rate in enumerate((0.1, 0.4, 0.2, 0.05)):
        for group in optimizer.param_groups:
            group["lr"] = rate
        gradients(model, step)
        slopes = [
            p.grad.double().flatten().tolist() for p in model.parameters() if p.grad is not None
        ]
        optimizer.step()
        for name, w, g, v in zip(names, weights, slopes, buffers, strict=True):
            ratio = 1.0
            if name in adapted:
                for i in range(len(w)):
                    g[i] += 0.01 * w[i]
                ratio = 0.02 * math.hypot(*w) / math.hypot(*g)
            for i in range(len(w)):
                v[i] = 0.9 * v[i] + rate * ratio * g[i]
                w[i] -= v[i]
    for name, parameter, w in zip(names, model.parameters(), weights, strict=True):
        expected = torch.tensor(w, dtype=torch.float64).view_as(parameter)
        torch.testing.assert_close(
            parameter.detach().double(), expected, atol=1e-6, rtol=1e-5, msg=name
        )


@pytest.mark.parametrize(("value", "gradient"), [(0.0, 2.0), (3.0, 0.0)])
def test_lars_steps_plainly_where_a_norm_is_zero(value: float, gradient: float) -> None:
    """A zero weight or gradient has trust ratio 1, not 0 or infinity."""
    module = one(value, gradient)
    LARS(module.parameters(), lr=0.5, momentum=0.0).step()
    assert module.weight.item() == value - 0.5 * gradient


def test_lars_takes_the_rate_into_its_buffer() -> None:
    """Classic momentum: a rate of 0 later on does not stop what is under way."""
    module = one(1.0, 1.0)
    optimizer = LARS(module.parameters(), lr=0.1, momentum=0.5, trust=1.0)
    optimizer.step()
    assert module.weight.item() == pytest.approx(0.9)
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert module.weight.item() == pytest.approx(0.85)


def test_lars_gives_the_same_trust_in_either_layout() -> None:
    """Channels-last parameters move by the same bits as contiguous ones."""
    plain = nn.Conv2d(61, 67, 3, bias=False)
    last = copy.deepcopy(plain).to(memory_format=torch.channels_last)
    for model in (plain, last):
        optimizer = build([model], optimizer="lars", learning_rate=0.3, weight_decay=1e-2)
        for step in range(3):
            gradients(model, step)
            optimizer.step()
    assert not last.weight.is_contiguous()
    assert torch.equal(plain.weight, last.weight)


def test_adam_decays_through_the_gradient() -> None:
    """Two steps by hand: bias correction cancels on the first, so it moves by the rate."""
    module = one(2.0, 0.5)
    optimizer = build(
        [module], optimizer="adam", learning_rate=0.1, weight_decay=0.25, betas=(0.8, 0.999)
    )
    optimizer.step()
    assert module.weight.item() == pytest.approx(1.9, abs=1e-7)  # gradient 0.5 + 0.25 * 2
    optimizer.step()
    g1, g2 = 1.0, 0.5 + 0.25 * 1.9
    mean = (0.8 * 0.2 * g1 + 0.2 * g2) / (1 - 0.8**2)
    square = (0.999 * 0.001 * g1**2 + 0.001 * g2**2) / (1 - 0.999**2)
    expected = 1.9 - 0.1 * mean / (math.sqrt(square) + 1e-8)
    assert module.weight.item() == pytest.approx(expected, abs=1e-7)


def test_adamw_decays_apart_from_the_gradient() -> None:
    """One step: times 1 - rate * decay, then by the rate."""
    module = one(2.0, 0.5)
    build([module], optimizer="adamw", learning_rate=0.1, weight_decay=0.25).step()
    assert module.weight.item() == pytest.approx(2.0 * (1 - 0.1 * 0.25) - 0.1, abs=1e-7)


def test_sgd_applies_the_rate_after_its_buffer() -> None:
    """Two steps: v = g, then v = 0.9 v + g, each with the decay in g."""
    module = one(1.0, 0.5)
    optimizer = build([module], optimizer="sgd", learning_rate=0.1, weight_decay=0.1, momentum=0.9)
    optimizer.step()
    assert module.weight.item() == pytest.approx(0.94)  # v = 0.5 + 0.1
    optimizer.step()
    assert module.weight.item() == pytest.approx(0.94 - 0.1 * (0.9 * 0.6 + 0.594))


def test_exclusion_is_by_module_type_and_not_by_dimension() -> None:
    """Norm layers and biases are spared; a one-dimensional weight of another kind is not."""

    class Token(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Parameter(torch.zeros(7))
            self.attention = nn.MultiheadAttention(4, 2)
            self.norm = nn.LayerNorm((4, 1, 1))

    module = Token()
    kept, spared = parameter_groups([module], exclude=True, weight_decay=0.3)
    attention = module.attention
    assert [id(p) for p in kept["params"]] == [
        id(p) for p in (module.token, attention.in_proj_weight, attention.out_proj.weight)
    ]
    assert len(spared["params"]) == 4  # two biases of the attention, the norm's weight and bias
    assert (kept["weight_decay"], spared["weight_decay"]) == (0.3, 0.0)
    assert (kept["adapt"], spared["adapt"]) == (True, False)


def test_without_exclusion_everything_is_one_decayed_group() -> None:
    """MoCo v2 decays all parameters."""
    (group,) = parameter_groups([network()], exclude=False, weight_decay=1e-4)
    assert len(group["params"]) == 9
    assert group["weight_decay"] == 1e-4


def test_shared_parameters_are_taken_once_and_frozen_ones_never() -> None:
    """An encoder inside two modules is stepped once; a momentum copy is not stepped."""
    encoder, slow = nn.Linear(3, 3), nn.Linear(3, 3).requires_grad_(False)
    head = nn.Sequential(encoder, slow, nn.Linear(3, 1))
    (group,) = parameter_groups([encoder, head], exclude=False, weight_decay=0.0)
    assert [tuple(p.shape) for p in group["params"]] == [(3, 3), (3,), (1, 3), (1,)]
    with pytest.raises(ValueError, match="nothing to train"):
        parameter_groups([slow], exclude=False, weight_decay=0.0)


@pytest.mark.parametrize("name", NAMES)
def test_restored_state_continues_with_the_same_bits(name: Name) -> None:
    """State saved contiguous and loaded beside channels-last weights changes no bit."""
    images, target = torch.randn(4, 3, 6, 6), torch.randn(4, 2)

    def prepared() -> tuple[nn.Module, torch.optim.Optimizer]:
        model = network().to(memory_format=torch.channels_last)
        optimizer = build(
            [model], optimizer=name, learning_rate=0.01, weight_decay=0.01, exclude=True
        )
        return model, optimizer

    def advance(model: nn.Module, optimizer: torch.optim.Optimizer, count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            torch.autograd.backward(mse_loss(model(images), target))
            optimizer.step()

    straight, optimizer = prepared()
    advance(straight, optimizer, 6)
    stopped, optimizer = prepared()
    advance(stopped, optimizer, 3)
    saved = contiguous(copy.deepcopy(optimizer.state_dict()))
    resumed, fresh = prepared()
    resumed.load_state_dict(stopped.state_dict())
    fresh.load_state_dict(saved)
    advance(resumed, fresh, 3)
    for expected, got in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(expected, got)


def contiguous(state: dict[str, Any]) -> dict[str, Any]:
    """Return an optimiser's state with every tensor contiguous, as a checkpoint holds it."""
    moments: dict[int, dict[str, Tensor]] = state["state"]
    for entry in moments.values():
        for key, value in entry.items():
            entry[key] = value.contiguous()
    return state


@pytest.mark.parametrize("name", NAMES)
def test_each_optimiser_repeats_itself(name: Name) -> None:
    """Two runs from the same weights and gradients end in the same bits."""
    ends = []
    for _ in range(2):
        model = network()
        optimizer = build([model], optimizer=name, learning_rate=0.1, weight_decay=0.01)
        for step in range(3):
            gradients(model, step)
            optimizer.step()
        ends.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(*ends)


def test_impossible_optimisers_are_refused() -> None:
    """An unknown name or a negative rate says what was given."""
    unknown: Any = "lamb"
    with pytest.raises(ValueError, match="unknown optimizer 'lamb'"):
        build([network()], optimizer=unknown, learning_rate=0.1, weight_decay=0.0)
    with pytest.raises(ValueError, match=r"got -0\.1 and 0\.0"):
        build([network()], optimizer="sgd", learning_rate=-0.1, weight_decay=0.0)
