"""Weighted kNN against a brute-force reference in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from benchmark.evaluation import knn
from benchmark.evaluation.knn import KNNProbe
from benchmark.evaluation.probe import TrainSet


def problem(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return overlapping classes of unlike lengths, which cosine must not see."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 4
    features = torch.eye(4, 10)[labels] + 0.5 * torch.randn(count, 10, generator=generator)
    return features * (1 + 9 * torch.rand(count, 1, generator=generator)), labels


def votes(train: Tensor, labels: Tensor, row: Tensor, k: int, temperature: float) -> list[float]:
    """Vote by sorting all similarities of one row, in float64."""
    own = row.double().tolist()
    pairs = []
    for other, label in zip(train.double().tolist(), labels.tolist(), strict=True):
        dot = sum(a * b for a, b in zip(own, other, strict=True))
        pairs.append((dot / math.hypot(*own) / math.hypot(*other), label))
    totals = [0.0] * 4
    for cosine, label in sorted(pairs, reverse=True)[:k]:
        totals[label] += math.exp(cosine / temperature)
    return [total / sum(totals) for total in totals]


@pytest.mark.parametrize(("k", "temperature"), [(1, 0.1), (7, 0.07), (25, 0.5), (60, 0.1)])
def test_votes_agree_with_brute_force(k: int, temperature: float) -> None:
    """Each class's share to 1e-5, with k up to the whole train set."""
    features, labels = problem(60, 0)
    test, _ = problem(20, 1)
    fitted = KNNProbe(k, temperature).fit(TrainSet(features, labels, 4, 0))
    expected = [votes(features, labels, row, k, temperature) for row in test]
    torch.testing.assert_close(fitted.predict(test), torch.tensor(expected), atol=1e-5, rtol=1e-5)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three test rows at a time give what all at once give."""
    features, labels = problem(60, 0)
    test, _ = problem(20, 1)
    fitted = KNNProbe(k=9).fit(TrainSet(features, labels, 4, 0))
    whole = fitted.predict(test)
    monkeypatch.setattr(knn, "_CHUNK", 3 * 60)
    torch.testing.assert_close(fitted.predict(test), whole, atol=1e-6, rtol=1e-6)


def test_a_tiny_temperature_is_the_nearest_neighbour() -> None:
    """exp(1 / 0.001) overflows float32; the votes do not."""
    features, labels = problem(60, 0)
    fitted = KNNProbe(k=60, temperature=1e-3).fit(TrainSet(features, labels, 4, 0))
    assert torch.equal(fitted.predict(features).argmax(dim=1), labels)


def test_more_neighbours_than_train_examples_are_refused() -> None:
    """The default of 200 with 60 examples."""
    features, labels = problem(60, 0)
    with pytest.raises(ValueError, match=r"k = 200 needs at least 200 train examples \(got 60\)"):
        KNNProbe().fit(TrainSet(features, labels, 4, 0))
    with pytest.raises(ValueError, match="temperature above 0"):
        KNNProbe(temperature=0.0)
