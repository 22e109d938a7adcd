"""A dataset's content hash changes with whatever it is made of."""

from __future__ import annotations

import torch

from benchmark.data import Dataset as Lazy
from benchmark.data.dataset import UNLABELLED, Dataset, Split, content_hash, splits_hash


def _split() -> Split:
    images = torch.arange(2 * 3 * 4 * 4, dtype=torch.uint8).view(2, 3, 4, 4)
    return Split(images, torch.tensor([0, 1]), torch.tensor([5, 6]))


def test_any_change_changes_the_hash() -> None:
    """A pixel, a label, a class name, the shape, and the order of splits all count."""
    split = _split()
    pixel = split.images.clone()
    pixel[1, 2, 3, 3] += 1
    other = Split(split.images.flip(0), split.labels)
    hashes = [
        splits_hash(("a", "b"), split, other),
        splits_hash(("a", "b"), other, split),
        splits_hash(("a", "c"), split, other),
        splits_hash(("a", "b"), Split(pixel, split.labels), other),
        splits_hash(("a", "b"), Split(split.images, split.labels.flip(0)), other),
        splits_hash(("a", "b"), Split(split.images.view(2, 3, 2, 8), split.labels), other),
    ]
    assert len(set(hashes)) == len(hashes)


def test_the_hash_knows_values_and_not_layout() -> None:
    """A transposed view hashes like its contiguous copy, in chunks or whole."""
    view = torch.arange(3000 * 6, dtype=torch.int64).view(3000, 2, 3).transpose(1, 2)
    assert content_hash((), view) == content_hash((), view.contiguous())
    assert content_hash((), view) != content_hash((), view.flip(0))


def test_unlabelled_images_keep_all_but_their_labels() -> None:
    """The pixels are shared, the labels gone, the groups kept."""
    split = _split()
    bare = split.unlabelled()
    assert bare.labels.tolist() == [UNLABELLED, UNLABELLED]
    assert bare.images is split.images
    assert bare.groups is split.groups
    assert len(bare) == 2


def test_the_package_gives_the_class_itself() -> None:
    """`from benchmark.data import Dataset` is the class of `benchmark.data.dataset`."""
    assert Lazy is Dataset
