"""The linear probe: multinomial logistic regression, solved instead of trained.

The objective is scikit-learn's, sum of cross-entropies + |W|^2 / (2 C) with a free intercept, over
features standardised with the statistics of the TRAIN features. It is convex, so the answer depends
on no learning rate, order or seed; only the held-out split that chooses C is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from benchmark.evaluation.probe import TrainSet, accuracy, check_features, split

GRID = tuple(10.0 ** (half / 2) for half in range(-8, 3))
"""C from 1e-4 to 10 in half decades. Ascending: each solution is the next one's start."""

_PATIENCE = 2
"""The grid ends early after this many C in a row that are no better: weak ones cost the most."""
_CHOOSING = 3e-2
_FINAL = 1e-4
"""Largest gradient component at the end, in nats, in coordinates where the Hessian is near 1."""
_ITERATIONS = 2000
_CHUNK = 8192
"""Rows predicted at once, since a float64 copy of the features is made."""


@dataclass(frozen=True)
class Scaler:
    """Means and scales of the train features; a constant feature becomes 0 everywhere."""

    mean: Tensor
    """(D,) float64."""
    scale: Tensor
    """(D,) float64, standard deviations, infinite for a constant feature."""

    @classmethod
    def of(cls, features: Tensor) -> Scaler:
        """Measure (N, D) train features."""
        x = features.to(torch.float64)
        std, mean = torch.std_mean(x, dim=0, correction=0)
        # a spread under float32's resolution of the mean is rounding, not signal
        constant = std <= 1e-7 * mean.abs()
        return cls(mean, torch.where(constant, torch.inf, std))

    def apply(self, features: Tensor) -> Tensor:
        """Return the standardised features, float64."""
        return (features.to(torch.float64) - self.mean) / self.scale


@dataclass(frozen=True)
class LinearFit:
    """A solved linear probe."""

    scaler: Scaler
    weight: Tensor
    """(K, D) float64, on standardised features."""
    bias: Tensor
    """(K,) float64."""
    c: float
    """The inverse strength of the regularisation that was chosen."""
    held_out: dict[float, float]
    """C -> accuracy on held-out train data, 0..1, as far as the grid was walked."""
    converged: bool
    """Whether the final solution met the gradient tolerance."""

    def predict(self, features: Tensor) -> Tensor:
        """Return logits, (M, K) float64, of (M, D) features."""
        check_features(features, "test")
        chunks = (self.scaler.apply(chunk) for chunk in torch.split(features, _CHUNK))
        return torch.cat([chunk @ self.weight.T + self.bias for chunk in chunks])


@dataclass(frozen=True)
class _Problem:
    """The train set in the axes of its own covariance, where one number a feature preconditions.

    A rotation leaves |W| as it is, so the objective is untouched; scaling each axis by its share of
    the Hessian takes L-BFGS from hundreds of iterations to tens.
    """

    scaler: Scaler
    basis: Tensor
    """(D, D) orthogonal."""
    turned: Tensor
    """(D, N) float64: contiguous this way the two products are fastest."""
    energy: Tensor
    """(D,) sums of squares along the axes."""
    labels: Tensor
    classes: int

    @classmethod
    def of(cls, train: TrainSet) -> _Problem:
        scaler = Scaler.of(train.features)
        x = scaler.apply(train.features)
        energy, basis = torch.linalg.eigh(x.T @ x)
        turned = basis.T @ x.T
        return cls(scaler, basis, turned, energy.clamp(min=0.0), train.labels, train.classes)

    def solve(self, c: float, start: Tensor, gradient: float) -> tuple[Tensor, bool]:
        """Return (K, D + 1) weights and intercepts in turned axes, and whether they converged."""
        step = self._steps(c)

        def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            z = torch.from_numpy(flat).to(step.device).view_as(start) * step
            value, slope = self._value(z, c)
            return value, (slope * step).cpu().numpy().ravel()

        solution = minimize(
            objective,
            (start / step).cpu().numpy().ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"maxcor": 20, "gtol": gradient, "ftol": 0.0, "maxiter": _ITERATIONS},
        )
        best = torch.from_numpy(solution.x).to(step.device).view_as(start) * step
        return best, bool(np.abs(solution.jac).max() <= 10 * gradient)

    def _steps(self, c: float) -> Tensor:
        # one class's Hessian is X' diag(p (1 - p)) X + 1 / C; at the start p = 1 / K
        share = (self.classes - 1) / self.classes**2
        curvature = torch.cat([self.energy, self.energy.new_tensor([self.turned.shape[1]])]) * share
        curvature[:-1] += 1.0 / c
        return curvature.rsqrt()

    def _value(self, z: Tensor, c: float) -> tuple[float, Tensor]:
        weight, bias = z[:, :-1], z[:, -1:]
        logits = torch.addmm(bias, weight, self.turned)
        log_p = torch.log_softmax(logits, dim=0)
        loss = -log_p.gather(0, self.labels[None]).sum() + weight.square().sum() / (2.0 * c)
        slope = log_p.exp_()
        slope.scatter_add_(0, self.labels[None], slope.new_full((1, len(self.labels)), -1.0))
        gradient = torch.cat([slope @ self.turned.T + weight / c, slope.sum(1, keepdim=True)], 1)
        return float(loss), gradient

    def fit(self, solution: Tensor, c: float, held_out: dict[float, float], ok: bool) -> LinearFit:
        weight = solution[:, :-1] @ self.basis.T
        return LinearFit(self.scaler, weight, solution[:, -1].clone(), c, held_out, ok)


@dataclass(frozen=True)
class LinearProbe:
    """Logistic regression whose C is chosen on held-out train data, then refitted on all of it.

    The C with the highest held-out accuracy is taken, of equals the smallest. The grid stands in
    terms of summed cross-entropy, as in scikit-learn.
    """

    grid: tuple[float, ...] = GRID

    def __post_init__(self) -> None:
        """Refuse an empty or unordered grid, or one that is not positive."""
        if not self.grid or min(self.grid) <= 0 or list(self.grid) != sorted(set(self.grid)):
            raise ValueError(f"the grid of C must be positive and ascending (got {self.grid})")

    def fit(self, train: TrainSet) -> LinearFit:
        """Choose C and solve on all train features; a grid of one C needs no held-out data."""
        held_out: dict[float, float] = {}
        start = torch.zeros(train.classes, train.features.shape[1] + 1, dtype=torch.float64)
        start = start.to(train.features.device)
        if len(self.grid) > 1:
            held_out, start = self._choose(train, start)
        best = max(held_out, key=lambda c: (held_out[c], -c)) if held_out else self.grid[0]
        problem = _Problem.of(train)
        start[:, :-1] = start[:, :-1] @ problem.basis
        solution, converged = problem.solve(best, start, _FINAL)
        return problem.fit(solution, best, held_out, converged)

    def _choose(self, train: TrainSet, start: Tensor) -> tuple[dict[float, float], Tensor]:
        fit_rows, chosen_rows = (rows.to(train.labels.device) for rows in split(train))
        problem = _Problem.of(train.rows(fit_rows))
        features, labels = train.features[chosen_rows], train.labels[chosen_rows]
        held_out: dict[float, float] = {}
        best, worse = start, 0
        for c in self.grid:
            start, converged = problem.solve(c, start, _CHOOSING)
            fit = problem.fit(start, c, {}, converged)
            held_out[c] = accuracy(fit.predict(features), labels)
            if held_out[c] > max([*held_out.values()][:-1], default=-1.0):
                best, worse = torch.cat([fit.weight, fit.bias[:, None]], dim=1), 0
            else:
                worse += 1
            if worse == _PATIENCE:
                break
        return held_out, best
