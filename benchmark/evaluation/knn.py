"""Weighted k-nearest-neighbour classification on unit features: the probe that trains nothing."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmark.evaluation.probe import TrainSet, check_features

_CHUNK = 1 << 24
"""Similarities held at once: 64 MiB of float32, whatever the size of test and train sets."""


@dataclass(frozen=True)
class KNNFit:
    """The train features, kept as unit vectors."""

    bank: Tensor
    """(N, D) unit vectors."""
    labels: Tensor
    classes: int
    k: int
    temperature: float

    def predict(self, features: Tensor) -> Tensor:
        """Return each class's share of the k neighbours' votes, (M, classes) in 0..1, of (M, D)."""
        check_features(features, "test")
        rows = max(1, _CHUNK // len(self.bank))
        return torch.cat([self._votes(chunk) for chunk in torch.split(features, rows)])

    def _votes(self, features: Tensor) -> Tensor:
        similarity = normalize(features, dim=1) @ self.bank.T
        nearest, index = similarity.topk(self.k, dim=1)
        # softmax divides exp(s / T) by a row's own sum: the same order, no overflow at small T
        weight = torch.softmax(nearest / self.temperature, dim=1)
        votes = weight.new_zeros(len(features), self.classes)
        return votes.scatter_add_(1, self.labels[index], weight)


@dataclass(frozen=True)
class KNNProbe:
    """Each of the k train examples nearest by cosine votes for its class with exp(cosine / T).

    Source: Wu et al., arXiv 1805.01978, section 3.4 (k = 200, T = 0.07); T = 0.1 as in MoCo's
    CIFAR-10 demo and lightly's `knn_predict`, whose numbers the reported ones are.
    """

    k: int = 200
    temperature: float = 0.1

    def __post_init__(self) -> None:
        """Refuse a probe that has no neighbours or no weights."""
        if self.k < 1 or not self.temperature > 0:
            raise ValueError(
                "k must be at least 1 and the temperature above 0 "
                f"(got k = {self.k}, temperature {self.temperature})"
            )

    def fit(self, train: TrainSet) -> KNNFit:
        """Keep the train features.

        Raises:
            ValueError: If there are fewer of them than neighbours wanted.
        """
        if self.k > len(train.features):
            raise ValueError(
                f"kNN with k = {self.k} needs at least {self.k} train examples "
                f"(got {len(train.features)})"
            )
        bank = normalize(train.features, dim=1)
        return KNNFit(bank, train.labels, train.classes, self.k, self.temperature)
