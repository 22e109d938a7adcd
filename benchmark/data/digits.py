"""`digits`: scikit-learn's 1,797 real 8x8 digits at 32x32, without any download.

Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, 1998, doi 10.24432/C50P49,
CC BY 4.0): the test part of the UCI set. Sixty of each class are for testing, the other 1,197 for
training; the set says nothing of its writers, so the two share them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.data.dataset import Dataset, Split, splits_hash
from benchmark.errors import DataError
from methods.randomness import key, permutation

SIZE = 32
TEST_PER_CLASS = 60
# Computed from the train images, all three channels being alike; a test recomputes them.
MEAN = 0.3050
STD = 0.3237
CONTENT_SHA256 = "012a8ccd36fc7494a2d31415f0b4458ead15d28c00256c1a6e7619e68efd482f"


def eighths() -> NDArray[np.int64]:
    """Return what each source pixel gives to each of the 32 places, (32, 8), rows summing to 8.

    Bilinear by a factor of 4, pixel centres at halves, borders repeated.
    """
    weights = np.zeros((SIZE, 8), dtype=np.int64)
    for place in range(SIZE):
        left, share = divmod(2 * place - 3, 8)  # the centre's position, in eighths of a pixel
        weights[place, max(left, 0)] += 8 - share
        weights[place, min(left + 1, 7)] += share
    return weights


def enlarged(digits: NDArray[np.int64]) -> Tensor:
    """Return (N, 8, 8) levels of 0..16 as (N, 3, 32, 32) uint8, by integer arithmetic."""
    weights = eighths()
    sums = weights @ digits @ weights.T  # 64 times a level
    grey = torch.from_numpy(((255 * sums + 512) // 1024).astype(np.uint8))
    return grey[:, None].repeat(1, 3, 1, 1)


def is_test(labels: Tensor) -> Tensor:
    """Return which images are for testing, (N,) bool: 60 a class, by the hash of their index."""
    order = permutation(key(0, "digits/split"), len(labels))
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        chosen[order[labels[order] == label][:TEST_PER_CLASS]] = True
    return chosen


def build() -> Dataset:
    """Return the dataset made of the installed scikit-learn's digits, whatever they are."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    images = enlarged(np.asarray(raw.images).astype(np.int64))
    labels = torch.from_numpy(np.asarray(raw.target).astype(np.int64))
    testing = is_test(labels)
    train = Split(images[~testing], labels[~testing])
    test = Split(images[testing], labels[testing])
    classes = tuple(str(digit) for digit in range(10))
    return Dataset(
        name="digits",
        classes=classes,
        image_size=SIZE,
        mean=(MEAN, MEAN, MEAN),
        std=(STD, STD, STD),
        pretrain=train.unlabelled(),
        train=train,
        test=test,
        folds=None,
        content_sha256=splits_hash(classes, train, test),
    )


def load(options: Mapping[str, str], root: Path | None, *, download: bool) -> Dataset:
    """Return `digits`; it has no options and needs no files of its own.

    Raises:
        DataError: scikit-learn brings other digits than the pinned ones.
    """
    del options, root, download
    dataset = build()
    if dataset.content_sha256 != CONTENT_SHA256:
        from sklearn import __version__

        raise DataError(
            f"digits: scikit-learn {__version__} brings other digits than those this benchmark is "
            f"pinned to (sha256 {dataset.content_sha256[:16]}, expected {CONTENT_SHA256[:16]}); "
            "install scikit-learn 1.4 or later"
        )
    return dataset
