"""No probe can see a test label: not to choose a setting, not to fit, not to predict."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.data.dataset import Dataset, Split
from benchmark.evaluation.probe import TrainSet
from benchmark.evaluation.score import score
from benchmark.matrix.protocol import PROTOCOLS


def separable(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return (count, 6) features of six classes that overlap, and their labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 6
    noise = torch.randn(count, 6, generator=generator)
    return torch.eye(6)[labels] * 1.5 + noise, labels


def dataset(labels: Tensor, test_labels: Tensor) -> Dataset:
    """Make a dataset without pixels: probes are given features."""

    def split(own: Tensor) -> Split:
        return Split(torch.zeros(len(own), 3, 1, 1, dtype=torch.uint8), own)

    numbers = (0.5, 0.5, 0.5)
    train = split(labels)
    return Dataset(
        "made", tuple("abcdef"), 1, numbers, numbers, train.unlabelled(), train,
        split(test_labels), None, "",
    )  # fmt: skip


@pytest.mark.parametrize("name", PROTOCOLS)
def test_shuffled_test_labels_change_the_score_and_nothing_else(name: str) -> None:
    """What was chosen and what is predicted are the same bit for bit, under every protocol."""
    train, labels = separable(300, 0)
    test, right = separable(120, 1)
    honest = score(PROTOCOLS[name], dataset(labels, right), train, test, 0)
    for wrong in (right.flip(0), torch.zeros_like(right)):
        other = score(PROTOCOLS[name], dataset(labels, wrong), train, test, 0)
        assert other.score.chosen == honest.score.chosen
        assert np.array_equal(other.predictions, honest.predictions)
        assert other.score.top1.value < honest.score.top1.value


def test_shuffled_train_labels_do_change_them() -> None:
    """The test above can fail: the labels that a probe may see do move what it predicts."""
    train, labels = separable(300, 0)
    test, right = separable(120, 1)
    honest = score(PROTOCOLS["linear"], dataset(labels, right), train, test, 0)
    other = score(PROTOCOLS["linear"], dataset(labels.flip(0), right), train, test, 0)
    assert not np.array_equal(other.predictions, honest.predictions)


def test_what_a_probe_is_fitted_on_has_no_place_for_test_data() -> None:
    """By construction: a `TrainSet` is all that `fit` takes, and only train labels are in it."""
    assert {field.name for field in dataclasses.fields(TrainSet)} == {
        "features", "labels", "classes", "replicate", "groups",
    }  # fmt: skip
    train, labels = separable(300, 0)
    with pytest.raises(TypeError):
        replace(TrainSet(train, labels, 6, 0), test_labels=labels)  # type: ignore[call-arg]
