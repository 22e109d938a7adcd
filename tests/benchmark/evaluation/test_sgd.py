"""The authors' SGD probes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchmark.evaluation import sgd
from benchmark.evaluation.probe import TrainSet, accuracy, split
from benchmark.evaluation.sgd import SGDProbe
from methods.randomness import key, permutation


def problem(count: int = 600, width: int = 8, spread: float = 0.4) -> TrainSet:
    """Return three classes on three axes."""
    labels = torch.arange(count) % 3
    noise = torch.randn(count, width, generator=torch.Generator().manual_seed(0))
    return TrainSet(torch.eye(3, width)[labels] + spread * noise, labels, 3, 0)


def test_protocols_have_the_papers_constants() -> None:
    """Rates at the papers' own batch: 1.6, 30 and 4 times the swept ones."""
    peaks = {
        probe.name: [rate * probe.batch / 256 for rate in probe.learning_rates]
        for probe in (sgd.SIMCLR, sgd.SIMCLR_CIFAR, sgd.MOCO, sgd.BYOL)
    }
    assert peaks["simclr"] == [1.6]
    assert peaks["simclr-cifar"] == [0.2]
    assert peaks["moco"] == [30.0]
    assert peaks["byol"] == pytest.approx([1.6, 1.2, 0.8, 0.4, 0.2])
    assert [probe.nesterov for probe in (sgd.SIMCLR, sgd.MOCO, sgd.BYOL)] == [True, False, True]


def test_updates_agree_with_nesterov_written_out() -> None:
    """Three epochs of two batches in float64 loops over v and w, to 1e-5."""
    train = problem(count=20)
    probe = SGDProbe("test", epochs=3, batch=8, learning_rates=(3.2,), nesterov=True)
    weight, bias = torch.zeros(3, 8, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    v_weight, v_bias = torch.zeros_like(weight), torch.zeros_like(bias)
    step = 0
    for epoch in range(3):
        order = permutation(key(0, f"probe/order/{epoch}"), 20)
        for rows in (order[:8], order[8:16]):
            rate = 0.1 * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * step / 6)).item())
            x, y = train.features[rows].double(), train.labels[rows]
            slope = (torch.softmax(x @ weight.T + bias, dim=1) - torch.eye(3)[y]) / 8
            v_weight = 0.9 * v_weight + slope.T @ x
            v_bias = 0.9 * v_bias + slope.sum(dim=0)
            weight = weight - rate * (slope.T @ x + 0.9 * v_weight)
            bias = bias - rate * (slope.sum(dim=0) + 0.9 * v_bias)
            step += 1
    fitted = probe.fit(train)
    torch.testing.assert_close(fitted.weight.double(), weight, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(fitted.bias.double(), bias, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("probe", [sgd.SIMCLR, sgd.SIMCLR_CIFAR, sgd.MOCO, sgd.BYOL])
def test_each_protocol_learns_separate_classes(probe: SGDProbe) -> None:
    """Classes four deviations apart are told apart, seen or unseen."""
    train = problem(spread=0.15)
    fitted = replace(probe, epochs=20).fit(train)
    unseen = torch.eye(3, 8).repeat(5, 1)
    assert fitted.predict(unseen).argmax(dim=1).tolist() == [0, 1, 2] * 5
    assert accuracy(fitted.predict(train.features), train.labels) > 0.97


def test_the_rate_is_chosen_on_held_out_train_rows() -> None:
    """Held-out accuracies are those of a probe that never saw the held-out rows."""
    train = problem(spread=1.0)
    probe = replace(sgd.BYOL, epochs=2, learning_rates=(1e-6, 0.3))
    fitted = probe.fit(train)
    fit_rows, chosen_rows = split(train)
    for rate, share in fitted.held_out.items():
        alone = replace(probe, learning_rates=(rate,)).fit(train.rows(fit_rows))
        logits = alone.predict(train.features[chosen_rows])
        assert share == accuracy(logits, train.labels[chosen_rows])
    assert fitted.learning_rate == max(fitted.held_out, key=lambda rate: fitted.held_out[rate])
    assert fitted.learning_rate == 0.3


def test_training_twice_gives_the_same_bits_and_a_replicate_others() -> None:
    """Order and initial weights are named by the replicate."""
    train, probe = problem(), replace(sgd.MOCO, epochs=2)
    first, second = probe.fit(train), probe.fit(train)
    other = probe.fit(replace(train, replicate=1))
    assert torch.equal(first.weight, second.weight)
    assert not torch.equal(first.weight, other.weight)


def test_a_probe_leaves_the_callers_generator_alone() -> None:
    """Its initial weights come from a generator of its own."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    replace(sgd.MOCO, epochs=1).fit(problem())
    assert torch.equal(torch.rand(2), expected)


def test_divergence_and_empty_schedules_are_refused() -> None:
    """Weights that overflow are no result; no rate is no protocol."""
    train = problem()
    huge = TrainSet(train.features * 1e30, train.labels, 3, 0)
    with pytest.raises(FloatingPointError, match="'moco' diverged at learning rate 30"):
        replace(sgd.MOCO, epochs=1, learning_rates=(30.0,), init_std=1e9).fit(huge)
    with pytest.raises(ValueError, match="sgd probe 'moco' needs"):
        replace(sgd.MOCO, learning_rates=())
