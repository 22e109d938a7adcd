"""What a dataset is: splits of uint8 images with labels, and what identifies its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor

UNLABELLED = -1
"""The label of an image that has none."""

_CHUNK = 1024  # rows hashed at once, so that a memory map is never held whole


@dataclass(frozen=True)
class Split:
    """N images; knows no augmentation."""

    images: Tensor
    """(N, 3, H, W) uint8; may be a memory map and need not be contiguous. Never write to it."""
    labels: Tensor
    """(N,) int64; `UNLABELLED` where there is none."""
    groups: Tensor | None = None
    """(N,) int64: images of one group are not independent (intervals are clustered by it)."""

    def __len__(self) -> int:
        """Return N."""
        return int(self.images.shape[0])

    def unlabelled(self) -> Split:
        """Return the same images without their labels."""
        return replace(self, labels=torch.full_like(self.labels, UNLABELLED))


@dataclass(frozen=True)
class Dataset:
    """The splits of a dataset, and what identifies them."""

    name: str
    """As shown; says so where the files are not the official ones."""
    classes: tuple[str, ...]
    image_size: int
    """Height and width of the stored images, in pixels; a recipe may use another."""
    mean: tuple[float, float, float]
    """Per channel, of values in 0..1; the source stands beside each dataset's constant."""
    std: tuple[float, float, float]
    """Per channel, of values in 0..1."""
    pretrain: Split
    """What a method may learn from; no labels."""
    train: Split
    """What a probe learns from."""
    test: Split
    folds: tuple[Tensor, ...] | None
    """Index sets into `train`, where the dataset defines them (STL-10: ten of 1,000)."""
    content_sha256: str
    """64 hex digits; changes with any image, label, or class name."""
    official: bool = True
    """False where the files are not the published ones (a stand-in's scores are its own)."""
    notes: str = ""
    """What a reader of a result has to know, in a sentence; empty if nothing."""


def content_hash(classes: tuple[str, ...], *tensors: Tensor) -> str:
    """Return the sha256 of class names and tensors: their shapes, types and values."""
    digest = hashlib.sha256("\n".join(classes).encode())
    for tensor in tensors:
        digest.update(f"{tuple(tensor.shape)} {tensor.dtype}".encode())
        for start in range(0, len(tensor), _CHUNK):
            digest.update(tensor[start : start + _CHUNK].contiguous().numpy().tobytes())
    return digest.hexdigest()


def splits_hash(classes: tuple[str, ...], *splits: Split) -> str:
    """Return the sha256 of class names and of each split's images and labels."""
    return content_hash(
        classes, *(part for split in splits for part in (split.images, split.labels))
    )
