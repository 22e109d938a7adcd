"""AMDIM's nonlinear probe: one hidden layer of 1,024 units on frozen features.

It scores what a representation holds, not only what is linearly laid out: worth about 2 points
over a linear probe on CIFAR-10, so the two are never compared. AMDIM trained it on augmented
images; here features are extracted once, un-augmented: the noted deviation.

Source: Philip-Bachman/amdim-public, model.py, task_classifiers.py and costs.py `loss_xent`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmark.evaluation.probe import TrainSet, batches, check_features
from benchmark.training import schedules
from methods.randomness import seeded

_CHUNK = 8192
"""Rows predicted at once: the hidden layer is 32 MiB of float32."""


@dataclass(frozen=True)
class MLPFit:
    """A trained probe, in evaluation mode."""

    network: nn.Sequential

    @torch.no_grad()
    def predict(self, features: Tensor) -> Tensor:
        """Return logits before the clip, (M, K), of (M, D): the clip changes no order."""
        check_features(features, "test")
        return torch.cat([self.network(chunk) for chunk in torch.split(features, _CHUNK)])


@dataclass(frozen=True)
class MLPProbe:
    """Dropout, linear, batch norm, ReLU, dropout, linear; Adam; soft-clipped logits.

    A last batch that is not full is dropped; a train set smaller than a batch is one batch.
    """

    epochs: int = 120
    """CIFAR and STL; 30 for ImageNet."""
    batch: int = 480
    """README of amdim-public, on four GPUs."""
    hidden: int = 1024
    dropout: float = 0.2
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.8, 0.999)
    weight_decay: float = 1e-5
    """L2 style, added to the gradient."""
    milestones: tuple[float, ...] = (80 / 120, 110 / 120)
    """Fractions of the run where the rate falls to a fifth; 15 / 30 and 25 / 30 for ImageNet."""
    clip: float = 10.0
    regulariser: float = 1e-3
    """On the mean squared logit, taken before the clip."""

    def __post_init__(self) -> None:
        """Refuse a batch that batch norm cannot use."""
        if self.epochs < 1 or self.batch < 2 or self.hidden < 1:
            raise ValueError(
                "the MLP probe needs at least one epoch, a batch of 2 and one hidden unit "
                f"(got {self.epochs}, {self.batch}, {self.hidden})"
            )

    def fit(self, train: TrainSet) -> MLPFit:
        """Train for the whole schedule; nothing is chosen.

        Raises:
            ValueError: If there is only one example: batch norm has no spread then.
            FloatingPointError: If the loss ends up NaN or infinite.
        """
        if len(train.features) < 2:
            raise ValueError("the MLP probe needs at least 2 train examples (got 1)")
        with seeded(train.replicate, "probe/mlp"):
            network = self._network(train)
            optimizer = torch.optim.Adam(
                network.parameters(), betas=self.betas, weight_decay=self.weight_decay
            )
            step, total = 0, self.epochs * max(1, len(train.features) // self.batch)
            loss = torch.zeros(())
            for epoch in range(self.epochs):
                for rows in batches(train.order(epoch), self.batch):
                    factor = schedules.steps(step, total, self.milestones, gamma=0.2)
                    optimizer.param_groups[0]["lr"] = self.learning_rate * factor
                    optimizer.zero_grad()
                    loss = self.loss(network(train.features[rows]), train.labels[rows])
                    torch.autograd.backward(loss)
                    optimizer.step()
                    step += 1
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the MLP probe diverged: its last loss is {float(loss)}")
        return MLPFit(network.eval())

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return cross-entropy on softly clipped (B, K) logits plus the regulariser, nats."""
        clipped = self.clip * torch.tanh(logits / self.clip)
        return cross_entropy(clipped, labels) + self.regulariser * logits.square().mean()

    def _network(self, train: TrainSet) -> nn.Sequential:
        return nn.Sequential(
            nn.Dropout(self.dropout),
            nn.Linear(train.features.shape[1], self.hidden, bias=False),
            nn.BatchNorm1d(self.hidden),
            nn.ReLU(),
            nn.Dropout(self.dropout),
            nn.Linear(self.hidden, train.classes),
        ).to(train.features.device)
