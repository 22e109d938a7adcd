"""`photos` is the same everywhere, split without leaks, and not told apart by brightness."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import binary_dilation
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from benchmark.data import Dataset, load, photos
from benchmark.data.photos import MARGIN, PATCH, PHOTOS, luminance, patches, ranked
from benchmark.errors import DataError


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Return `photos`."""
    return load("photos")


def test_the_bytes_are_the_pinned_ones(dataset: Dataset) -> None:
    """Two builds agree with each other and with the constant in the code."""
    again = load("photos")
    assert dataset.content_sha256 == again.content_sha256 == photos.CONTENT_SHA256
    assert torch.equal(dataset.test.images, again.test.images)


def test_every_class_has_as_many_patches(dataset: Dataset) -> None:
    """500 of each for training, 128 for testing: 2,048 in all."""
    assert dataset.train.labels.bincount().tolist() == [500] * 16
    assert dataset.test.labels.bincount().tolist() == [128] * 16
    assert dataset.train.images.shape == (8000, 3, 32, 32)
    assert len(dataset.pretrain) == 8000
    assert set(dataset.pretrain.labels.tolist()) == {-1}


def test_train_and_test_are_at_least_the_margin_apart() -> None:
    """In every picture no test pixel lies within 8 pixels of a train pixel."""
    for photo in PHOTOS:
        shape = photos.read(photos.picture_folder() / f"{photo.name}.png").shape
        numbers = np.arange(shape[0] * shape[1]).reshape(shape)
        used = []
        for test in (False, True):
            mask = np.zeros(numbers.size, dtype=bool)
            for _, patch in patches(numbers, test=test):
                assert patch.shape == (PATCH, PATCH)
                mask[patch.ravel()] = True
            used.append(mask.reshape(shape))
        near = binary_dilation(used[1], np.ones((3, 3), dtype=bool), iterations=MARGIN)
        assert used[0].any()
        assert used[1].any()
        assert not (used[0] & near).any(), photo.name


def test_no_patch_is_in_both_parts_or_twice_in_one(dataset: Dataset) -> None:
    """Even where a picture repeats itself, no two patches are equal."""
    both = torch.cat([dataset.train.images[:, 0], dataset.test.images[:, 0]]).flatten(1)
    assert len({row.numpy().tobytes() for row in both}) == len(both)


def test_a_group_is_one_tile_of_one_class(dataset: Dataset) -> None:
    """Groups of the test set are many, and none spans two classes."""
    assert dataset.test.groups is not None
    groups, labels = dataset.test.groups.tolist(), dataset.test.labels.tolist()
    pairs = set(zip(groups, labels, strict=True))
    assert len(pairs) == len(set(groups)) == 519
    assert min(Counter(label for _, label in pairs).values()) >= 11


def test_brightness_and_contrast_tell_little(dataset: Dataset) -> None:
    """Logistic regression on mean and standard deviation stays below 25 % (chance is 6.25)."""

    def features(images: torch.Tensor) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        grey = images[:, 0].flatten(1).double() / 64
        return torch.stack([grey.mean(1), grey.std(1)], 1).numpy()

    probe = LogisticRegression(max_iter=300).fit(
        features(dataset.train.images), dataset.train.labels.numpy()
    )
    assert probe.score(features(dataset.test.images), dataset.test.labels.numpy()) < 0.25


def test_no_colour_is_left_and_no_patch_is_flat(dataset: Dataset) -> None:
    """The three channels are equal, and every patch varies by at least 4 grey levels."""
    for split in (dataset.train, dataset.test):
        assert torch.equal(split.images[:, 0], split.images[:, 1])
        assert torch.equal(split.images[:, 0], split.images[:, 2])
        assert split.images[:, 0].flatten(1).double().std(1, correction=0).min() >= 4


def test_the_constants_are_those_of_the_train_images(dataset: Dataset) -> None:
    """Mean and standard deviation, to four digits."""
    values = dataset.train.images[:, 0].double() / 255
    assert dataset.mean == pytest.approx([values.mean().item()] * 3, abs=5e-5)
    assert dataset.std == pytest.approx([values.std().item()] * 3, abs=5e-5)


def test_luminance_rounds_the_weighted_sum() -> None:
    """Within half a level of the float sum; white shows through where alpha is low."""
    rgba = np.random.default_rng(0).integers(0, 256, (40, 40, 4), dtype=np.uint8)
    rgb, alpha = rgba[..., :3].astype(float), rgba[..., 3].astype(float) / 255
    grey = rgb @ [0.299, 0.587, 0.114]
    assert np.abs(luminance(rgba[..., :3]) - grey).max() <= 0.5 + 1e-9
    over = grey * alpha + 255 * (1 - alpha)
    assert np.abs(luminance(rgba) - over).max() <= 1.0
    assert np.array_equal(luminance(rgba[..., 0]), rgba[..., 0])


def test_ranks_are_middle_ranks() -> None:
    """Equal to scipy's average ranks, scaled to 0..255 and rounded down."""
    grey = np.random.default_rng(1).binomial(255, 0.2, (50, 60))
    middle = (rankdata(grey.ravel(), "average") - 0.5) / grey.size
    assert np.array_equal(ranked(grey), np.floor(middle * 255 + 1e-9).reshape(grey.shape))


def test_every_picture_has_a_licence_and_a_source() -> None:
    """Sixteen pictures, each in the wheel, each with a word on its licence."""
    assert len({photo.name for photo in PHOTOS}) == 16
    for photo in PHOTOS:
        assert photo.licence
        assert photo.source
        assert (photos.picture_folder() / f"{photo.name}.png").is_file()


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the wheel's pictures that `load` reads."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for photo in PHOTOS:
        shutil.copy(photos.picture_folder() / f"{photo.name}.png", folder)
    monkeypatch.setattr(photos, "picture_folder", lambda: folder)
    return folder


def test_other_pixels_are_refused_in_words(pictures: Path) -> None:
    """One mirrored picture is another dataset; the sentence says which version to install."""
    moon = pictures / "moon.png"
    with Image.open(moon) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(moon)
    with pytest.raises(DataError, match=r"scikit-image \S+ brings other pictures .* install"):
        load("photos")


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_picture_that_cannot_be_read_is_named(pictures: Path, damage: str) -> None:
    """Missing or cut short: the sentence names the file and what to do."""
    page = pictures / "page.png"
    content = page.read_bytes()
    page.unlink()
    if damage == "cut":
        page.write_bytes(content[:2000])
    with pytest.raises(DataError, match=r"photos: cannot read .*page\.png .* install"):
        load("photos")
