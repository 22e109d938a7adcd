"""`digits` is the same everywhere and holds scikit-learn's digits, four times as large."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import interpolate

from benchmark.data import Dataset, digits, load
from benchmark.errors import DataError


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Return `digits`."""
    return load("digits")


def test_the_bytes_are_the_pinned_ones(dataset: Dataset) -> None:
    """Two builds agree with each other and with the constant in the code."""
    assert dataset.content_sha256 == load("digits").content_sha256 == digits.CONTENT_SHA256


def test_enlarging_is_bilinear() -> None:
    """Within half a grey level of torch's float interpolation, and levels span 0 to 255."""
    levels = np.random.default_rng(0).integers(0, 17, (5, 8, 8))
    got = digits.enlarged(levels)
    wanted = interpolate(
        torch.from_numpy(levels * 255 / 16)[:, None], scale_factor=4, mode="bilinear"
    )
    assert got.shape == (5, 3, 32, 32)
    assert (got[:, :1].double() - wanted).abs().max() <= 0.5 + 1e-9
    assert set(digits.enlarged(np.full((1, 8, 8), 16)).flatten().tolist()) == {255}


def test_train_and_test_share_out_all_digits(dataset: Dataset) -> None:
    """Sixty of each class are for testing; together they are the whole set, each image once."""
    assert dataset.test.labels.bincount().tolist() == [60] * 10
    labels = torch.cat([dataset.train.labels, dataset.test.labels])
    assert labels.bincount().tolist() == np.bincount(load_digits().target).tolist()
    whole = digits.enlarged(load_digits().images.astype(np.int64))
    both = torch.cat([dataset.train.images, dataset.test.images])
    assert sorted(row.numpy().tobytes() for row in both) == sorted(
        row.numpy().tobytes() for row in whole
    )


def test_the_constants_are_those_of_the_train_images(dataset: Dataset) -> None:
    """Mean and standard deviation, to four digits."""
    values = dataset.train.images[:, 0].double() / 255
    assert dataset.mean == pytest.approx([values.mean().item()] * 3, abs=5e-5)
    assert dataset.std == pytest.approx([values.std().item()] * 3, abs=5e-5)


def test_other_digits_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the installed version and says what to install."""
    monkeypatch.setattr(digits, "CONTENT_SHA256", "0" * 64)
    with pytest.raises(DataError, match=r"scikit-learn \S+ brings other digits .* install"):
        load("digits")
