"""The linear probe against scikit-learn's solver."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from benchmark.evaluation import linear
from benchmark.evaluation.linear import LinearProbe
from benchmark.evaluation.probe import TrainSet, split


def problem(count: int = 400, width: int = 12, classes: int = 5, seed: int = 0) -> TrainSet:
    """Return overlapping classes whose features are correlated, shifted and of unlike scales."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    means = torch.randn(classes, width, generator=generator)
    mixing = torch.randn(width, width, generator=generator)
    noise = torch.randn(count, width, generator=generator)
    features = (means[labels] + 1.5 * noise) @ mixing * torch.logspace(-2, 2, width) + 3.0
    return TrainSet(features, labels, classes, 0)


@pytest.mark.parametrize("c", [1e-3, 0.1, 10.0])
def test_coefficients_agree_with_scikit_learn(c: float) -> None:
    """The same objective has the same minimum: 1e-4 in coefficients, equal predictions."""
    train = problem()
    fitted = LinearProbe(grid=(c,)).fit(train)
    x = train.features.double()
    standard = ((x - x.mean(0)) / x.std(0, correction=0)).numpy()
    reference = LogisticRegression(C=c, tol=1e-10, max_iter=10_000)
    reference.fit(standard, train.labels.numpy())
    close(fitted.weight, torch.from_numpy(reference.coef_))
    close(fitted.bias, torch.from_numpy(reference.intercept_))
    predicted = fitted.predict(train.features).argmax(dim=1)
    assert predicted.tolist() == reference.predict(standard).tolist()
    assert fitted.converged


def close(got: Tensor, expected: Tensor) -> None:
    """Compare to 1e-4."""
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_two_classes_are_solved_as_a_softmax() -> None:
    """Symmetric weights of two classes: their difference is binary regression's at twice C.

    |w|^2 + |-w|^2 = |2 w|^2 / 2, so the difference pays half the penalty.
    """
    train = problem(classes=2)
    fitted = LinearProbe(grid=(0.05,)).fit(train)
    x = train.features.double()
    standard = ((x - x.mean(0)) / x.std(0, correction=0)).numpy()
    reference = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000)
    reference.fit(standard, train.labels.numpy())
    close(fitted.weight[1] - fitted.weight[0], torch.from_numpy(reference.coef_[0]))


def test_constant_features_change_nothing() -> None:
    """A feature that never varies in train has no weight, whatever it is in test."""
    train = problem()
    padding = torch.full((len(train.features), 2), 0.1)
    padded = TrainSet(torch.cat([train.features, padding], dim=1), train.labels, train.classes, 0)
    plain, wide = (LinearProbe(grid=(0.1,)).fit(data) for data in (train, padded))
    test = torch.cat([train.features, 5 * padding], dim=1)
    close(wide.predict(test), plain.predict(train.features))


def test_more_features_than_examples_are_solved() -> None:
    """A singular covariance is no obstacle under a penalty."""
    fitted = LinearProbe(grid=(0.1,)).fit(problem(count=30, width=60))
    assert fitted.converged


def test_c_is_chosen_on_held_out_train_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """While choosing, only fit rows are solved for and only held-out rows are scored."""
    train = problem()
    fit_rows, chosen_rows = split(train)
    solved: list[Tensor] = []
    scored: list[Tensor] = []
    solve, predict = linear._Problem.of, linear.LinearFit.predict
    monkeypatch.setattr(linear._Problem, "of", recording(solve, solved))

    def seen(fit: linear.LinearFit, features: Tensor) -> Tensor:
        scored.append(features)
        return predict(fit, features)

    monkeypatch.setattr(linear.LinearFit, "predict", seen)
    fitted = LinearProbe().fit(train)
    assert torch.equal(solved[0], train.features[fit_rows])
    assert torch.equal(solved[1], train.features)
    assert len(solved) == 2
    assert all(torch.equal(features, train.features[chosen_rows]) for features in scored)
    best = max(fitted.held_out.values())
    assert fitted.c == min(c for c, share in fitted.held_out.items() if share == best)


def recording(
    solve: Callable[[TrainSet], linear._Problem], solved: list[Tensor]
) -> Callable[[TrainSet], linear._Problem]:
    """Wrap a constructor so that the features it is given are kept."""

    def wrapped(train: TrainSet) -> linear._Problem:
        solved.append(train.features)
        return solve(train)

    return wrapped


def test_held_out_accuracy_tells_signal_from_noise() -> None:
    """40 dimensions of noise stay near chance, three shifted ones among them do not."""
    noise = torch.randn(600, 40, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(600) % 3
    signal = noise.clone()
    signal[:, :3] += 1.5 * torch.eye(3)[labels]
    weak, strong = (LinearProbe().fit(TrainSet(x, labels, 3, 0)) for x in (noise, signal))
    assert max(strong.held_out.values()) > 0.6
    assert max(weak.held_out.values()) < 0.45


def test_fitting_twice_gives_the_same_bits() -> None:
    """Nothing is drawn but the split, which the replicate names."""
    first, second = (LinearProbe().fit(problem()) for _ in range(2))
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)


def test_a_warm_start_ends_where_a_cold_one_does() -> None:
    """The path along the grid does not show in the answer."""
    train = problem()
    walked = LinearProbe().fit(train)
    cold = LinearProbe(grid=(walked.c,)).fit(train)
    close(walked.weight, cold.weight)


def test_unfit_input_is_refused() -> None:
    """A grid that does not ascend, features with a NaN at test time."""
    with pytest.raises(ValueError, match="positive and ascending"):
        LinearProbe(grid=(1.0, 0.1))
    fitted = LinearProbe(grid=(1.0,)).fit(problem())
    with pytest.raises(ValueError, match="test features must be finite"):
        fitted.predict(torch.full((2, 12), torch.nan))
