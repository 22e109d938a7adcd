"""What every probe is given and gives back: train features in, logits for unseen features out.

A probe never sees a test label: `fit` takes a `TrainSet`, and the fitted probe only predicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from methods.randomness import key, permutation

HELD_OUT = 0.2
"""Fraction of the train set on which a probe's own settings are chosen."""


@dataclass(frozen=True)
class TrainSet:
    """Labelled train features of one cell, and the replicate that names its random draws."""

    features: Tensor
    """(N, D) float32."""
    labels: Tensor
    """(N,) int64 in 0..classes-1; every class occurs."""
    classes: int
    replicate: int
    groups: Tensor | None = None
    """(N,) int64, clusters that a held-out split keeps together (the tile of a patch), or None."""

    def __post_init__(self) -> None:
        """Refuse what no probe can fit.

        Raises:
            ValueError: If shapes disagree, a feature is not finite, or a class has no example.
        """
        check_features(self.features, "train")
        check_labels(self.labels, len(self.features), self.classes)
        missing = torch.bincount(self.labels, minlength=self.classes).eq(0).nonzero().flatten()
        if len(missing):
            raise ValueError(f"classes {missing.tolist()} of {self.classes} have no train example")
        if self.groups is not None and self.groups.shape != self.labels.shape:
            raise ValueError(
                f"groups must be one for each of {len(self.labels)} examples "
                f"(got shape {tuple(self.groups.shape)})"
            )

    def order(self, epoch: int) -> Tensor:
        """Return the order of the rows in an epoch, the same for every method of a replicate."""
        order = permutation(key(self.replicate, f"probe/order/{epoch}"), len(self.features))
        return order.to(self.features.device)

    def rows(self, rows: Tensor) -> TrainSet:
        """Return the train set of these rows alone."""
        groups = None if self.groups is None else self.groups[rows]
        return TrainSet(
            self.features[rows], self.labels[rows], self.classes, self.replicate, groups
        )


class Fitted(Protocol):
    """A fitted probe."""

    def predict(self, features: Tensor) -> Tensor:
        """Return logits, or scores whose order is that of logits, (N, classes), of (N, D)."""
        ...


class Probe(Protocol):
    """A protocol's way of scoring a representation."""

    def fit(self, train: TrainSet) -> Fitted:
        """Fit on train features; settings that must be chosen are chosen on held-out ones."""
        ...


def check_features(features: Tensor, what: str) -> None:
    """Refuse features that are no matrix of finite numbers.

    Raises:
        ValueError: Naming the first example that has a non-finite feature, and how many have.
    """
    if features.ndim != 2 or 0 in features.shape or not features.is_floating_point():
        raise ValueError(
            f"{what} features must be a float matrix (N, D) with no side empty "
            f"(got {features.dtype} of shape {tuple(features.shape)})"
        )
    # a sum is finite only if all its terms are (or overflow: then the slow way decides)
    if not torch.isfinite(features.sum()):
        bad = torch.isfinite(features).all(dim=1).logical_not().nonzero().flatten()
        if len(bad):
            raise ValueError(
                f"{what} features must be finite (got NaN or infinity in {len(bad)} of "
                f"{len(features)} examples, the first is {int(bad[0])})"
            )


def check_labels(labels: Tensor, count: int, classes: int) -> None:
    """Refuse labels that are not one class number for each of `count` examples.

    Raises:
        ValueError: If shape, type or range is wrong; -1, an unlabelled example, is out of range.
    """
    if labels.shape != (count,) or labels.dtype != torch.int64:
        raise ValueError(
            f"labels must be int64, one for each of {count} examples "
            f"(got {labels.dtype} of shape {tuple(labels.shape)})"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1} (got {low}..{high})")


def split(train: TrainSet, fraction: float = HELD_OUT) -> tuple[Tensor, Tensor]:
    """Split the rows of a train set into rows to fit on and rows to choose on.

    Stratified by class: of each class the same fraction is held out, rounded down. With groups,
    whole groups are held out (a group counts for its most frequent class), so that nothing is
    chosen on a neighbour of a fitted example. The split depends on labels, groups and replicate
    alone: every method and encoder of a replicate gets the same one.

    Returns:
        Sorted row numbers to fit on and to choose on, int64.

    Raises:
        ValueError: If nothing can be held out, or a class would be left without examples to fit.
    """
    labels, unit = train.labels.cpu(), torch.arange(len(train.labels))
    if train.groups is not None:
        unit = torch.unique(train.groups.cpu(), return_inverse=True)[1]
    votes = torch.zeros(int(unit.max()) + 1, train.classes)
    votes.index_put_((unit, labels), torch.ones(len(labels)), accumulate=True)
    unit_labels = votes.argmax(dim=1)
    order = permutation(key(train.replicate, "probe/held-out"), len(unit_labels))
    held = torch.zeros(len(unit_labels), dtype=torch.bool)
    for label in range(train.classes):
        members = order[unit_labels[order] == label]
        held[members[: int(fraction * len(members))]] = True
    fit, chosen = (~held[unit]).nonzero().flatten(), held[unit].nonzero().flatten()
    left = torch.bincount(labels[fit], minlength=train.classes)
    if not len(chosen) or not bool(left.all()):
        raise ValueError(
            f"cannot hold out {fraction:.0%} of {len(labels)} train examples in {len(unit_labels)} "
            f"groups: each class needs at least {int(1 / fraction)} examples or groups"
        )
    return fit, chosen


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Return the fraction of rows whose largest logit is the label's."""
    return float((logits.argmax(dim=1) == labels).double().mean())


def batches(order: Tensor, size: int) -> Iterator[Tensor]:
    """Cut an epoch's order into batches; a last one smaller than `size` is dropped.

    A train set smaller than one batch is one batch.
    """
    size = min(size, len(order))
    for start in range(0, len(order) - size + 1, size):
        yield order[start : start + size]
