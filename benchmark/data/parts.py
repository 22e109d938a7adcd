"""A train split in two: what may be chosen or shown by, without a look at the test images."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from benchmark.data.dataset import Dataset, Split
from methods.randomness import key, permutation

HELD_OUT = 0.2
"""Of the train images, or of their groups where images are not independent."""
_SEED = 1000
"""Above every replicate that is reported."""


def held_out(dataset: Dataset, share: float = HELD_OUT) -> Dataset:
    """Return a dataset whose train and test are two parts of this one's train split.

    What is held out is the same for every row and replicate. Where pretraining is on the train
    images, they are held out of it too; where it is on a set of its own that contains them (STL-10
    with `train+unlabeled`), it stays whole: it has no labels.
    """
    train = dataset.train
    out = is_held_out(train, share)
    kept, left = torch.nonzero(~out).flatten(), torch.nonzero(out).flatten()
    shared = dataset.pretrain.images.data_ptr() == train.images.data_ptr()
    whole = shared and len(dataset.pretrain) == len(train)
    part = _take(train, kept)
    return replace(
        dataset,
        train=part,
        test=_take(train, left),
        pretrain=_take(dataset.pretrain, kept) if whole else dataset.pretrain,
        folds=None,
    )


def is_held_out(train: Split, share: float = HELD_OUT) -> Tensor:
    """Return a mask of the images held out, (N,): whole groups where there are any."""
    seed = key(_SEED, "tune/held out")
    if train.groups is None:
        return permutation(seed, len(train)) < share * len(train)
    _, group = torch.unique(train.groups, return_inverse=True)
    count = int(group.max()) + 1
    return (permutation(seed, count) < share * count)[group]


def _take(split: Split, indices: Tensor) -> Split:
    groups = None if split.groups is None else split.groups[indices]
    return Split(split.images[indices], split.labels[indices], groups)
