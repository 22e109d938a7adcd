"""The authors' own linear probes: softmax regression by SGD with their schedules.

Features are extracted once, from un-augmented images; the authors trained on random crops and
flips. That is the noted deviation of these protocols. Features are not standardised, as theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmark.evaluation.probe import TrainSet, accuracy, batches, check_features, split
from benchmark.training import schedules
from methods.randomness import seeded


@dataclass(frozen=True)
class SGDFit:
    """A trained softmax regression."""

    weight: Tensor
    """(K, D) float32."""
    bias: Tensor
    """(K,) float32."""
    learning_rate: float
    """The base rate it was trained with, chosen or given."""
    held_out: dict[float, float]
    """Base rate -> accuracy on held-out train data, 0..1; empty where the rate was given."""

    def predict(self, features: Tensor) -> Tensor:
        """Return logits, (M, K), of (M, D) features."""
        check_features(features, "test")
        return features @ self.weight.T + self.bias


@dataclass(frozen=True)
class SGDProbe:
    """Softmax regression by SGD without weight decay, as one paper's authors ran it.

    A last batch that is not full is dropped; a train set smaller than a batch is one batch.
    """

    name: str
    epochs: int
    batch: int
    learning_rates: tuple[float, ...]
    """At batch 256, scaled linearly with `batch`; several are swept on held-out train data."""
    nesterov: bool
    milestones: tuple[float, ...] = ()
    """Fractions of the run where the rate falls to a tenth; empty means one cosine to 0."""
    init_std: float | None = 0.0
    """Of the initial weights: 0 for zeros, None for 1 / sqrt(D) truncated at two of them."""
    momentum: float = 0.9

    def __post_init__(self) -> None:
        """Refuse a schedule of nothing."""
        if self.epochs < 1 or self.batch < 1 or not self.learning_rates:
            raise ValueError(
                f"sgd probe {self.name!r} needs at least one epoch, a batch of 1 and a "
                f"learning rate (got {self.epochs}, {self.batch}, {self.learning_rates})"
            )

    def fit(self, train: TrainSet) -> SGDFit:
        """Train, after choosing the learning rate on held-out train data where there are several.

        Raises:
            FloatingPointError: If the weights end up NaN or infinite.
        """
        held_out: dict[float, float] = {}
        if len(self.learning_rates) > 1:
            fit_rows, chosen_rows = (rows.to(train.labels.device) for rows in split(train))
            part = train.rows(fit_rows)
            for rate in self.learning_rates:
                fitted = self._train(part, rate, {})
                logits = fitted.predict(train.features[chosen_rows])
                held_out[rate] = accuracy(logits, train.labels[chosen_rows])
        best = max(self.learning_rates, key=lambda rate: held_out.get(rate, 0.0))
        return self._train(train, best, held_out)

    def _train(self, train: TrainSet, rate: float, held_out: dict[float, float]) -> SGDFit:
        head = self._head(train)
        optimizer = torch.optim.SGD(
            head.parameters(), lr=rate, momentum=self.momentum, nesterov=self.nesterov
        )
        peak = rate * self.batch / 256
        step, total = 0, self.epochs * max(1, len(train.features) // self.batch)
        for epoch in range(self.epochs):
            for rows in batches(train.order(epoch), self.batch):
                optimizer.param_groups[0]["lr"] = peak * self._factor(step, total)
                optimizer.zero_grad()
                loss = cross_entropy(head(train.features[rows]), train.labels[rows])
                torch.autograd.backward(loss)
                optimizer.step()
                step += 1
        weight, bias = head.weight.detach(), head.bias.detach()
        if not torch.isfinite(weight).all():
            raise FloatingPointError(f"sgd probe {self.name!r} diverged at learning rate {rate}")
        return SGDFit(weight, bias, rate, held_out)

    def _head(self, train: TrainSet) -> nn.Linear:
        width = train.features.shape[1]
        std = width**-0.5 if self.init_std is None else self.init_std
        with seeded(train.replicate, "probe/sgd/init"), torch.no_grad():
            head = nn.Linear(width, train.classes)
            # MoCo's normal is not truncated: of no consequence at 0.01
            nn.init.trunc_normal_(head.weight, std=1.0, a=-2.0, b=2.0).mul_(std)
            nn.init.zeros_(head.bias)
        return head.to(train.features.device)

    def _factor(self, step: int, total: int) -> float:
        if self.milestones:
            return schedules.steps(step, total, self.milestones, gamma=0.1)
        return schedules.cosine(step, total)


SIMCLR = SGDProbe("simclr", epochs=90, batch=4096, learning_rates=(0.1,), nesterov=True)
"""ImageNet. Source: arXiv 2002.05709, appendix B.6; zeros: README, `zero_init_logits_layer`."""

SIMCLR_CIFAR = SGDProbe("simclr-cifar", epochs=100, batch=512, learning_rates=(0.1,), nesterov=True)
"""CIFAR-10. Source: google-research/simclr README, "Finetuning", with run.py's linear scaling."""

MOCO = SGDProbe(
    "moco", epochs=100, batch=256, learning_rates=(30.0,), nesterov=False,
    milestones=(0.6, 0.8), init_std=0.01,
)  # fmt: skip
"""Drops at epochs 60 and 80. Source: arXiv 1911.05722, section 4.1; moco main_lincls.py."""

BYOL = SGDProbe(
    "byol", epochs=80, batch=1024, learning_rates=(0.4, 0.3, 0.2, 0.1, 0.05), nesterov=True,
    init_std=None,
)  # fmt: skip
"""Source: arXiv 2006.07733, appendix C.1; cosine, scaling by batch / 256: byol configs/eval.py."""
