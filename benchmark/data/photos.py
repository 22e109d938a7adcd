"""`photos`: 32x32 patches of 16 pictures in scikit-image's wheel; the class is which picture.

No download; PNG files and integer arithmetic only, so the bytes are the same everywhere.

How it is made: luminance; each picture's grey levels replaced by their ranks (after which every
picture has the same histogram, so brightness and contrast give no class away); tiles of 48 pixels,
8 apart, coloured like a chessboard: black ones are for testing, white ones for training. Patches
are native pixels. They are taken place by place over all tiles of a colour, the corners first, so
patches of a tile overlap as little as the picture's size allows (by half or more); flat ones
(standard deviation below 4 grey levels) are left out. Because of the overlap the tile is the group
for intervals: the 3.4 million pixels are too few for 2,000 disjoint test patches beside train ones.

Measured (percent of the 2,048 test patches, mean of 3 seeds, all within 2.2; four 3x3 convolutions
of width 32 to 128 with stride 2 and batch norm, logistic regression on the pooled 128 features):
mean and standard deviation of a patch alone 16, its 8x8 pixels 10, random encoder with calibrated
batch norm 35 (the floor), SimCLR after 75 steps 55 and after 150 steps 61, supervised with as many
views 80. (Steps of batch 128, AdamW 2e-3, cosine, temperature 0.2, crops of 0.2 to 1 of the area,
flips, brightness and contrast by up to 0.4; 150 of them take about 13 seconds on one core.)
With the encoder `compact`, one seed: floor 47, SimCLR after 150 steps 68, supervised 79; made
without ranks, the same were 58, 71 and 78. Tried and left: patches of 16 pixels, enlarged (less
room, supervised 71), and halved pictures (as much room, but only 1,300 test patches of 147 tiles).

This is a smoke and regression test: how it ranks methods says nothing about natural images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmark.data.dataset import Dataset, Split, splits_hash
from benchmark.errors import DataError

Grey = NDArray[np.int64]

PATCH = 32
TILE = 48
MARGIN = 8
STEPS = (16, 8, 4, 2)
"""Places within a tile, in pixels: first all that are 16 apart, then what 8 adds, and so on."""
LEAST_VARIANCE = 16
"""Of a patch, in squared grey levels of 0..255."""
TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 128

# Computed from the train images, all three channels being alike; a test recomputes them.
MEAN = 0.4964
STD = 0.2838
CONTENT_SHA256 = "adde7f3eb43e3f9f5367547fac968f14f29cc2c7dbb39aee83e52499f2dad66d"
NOTES = "a smoke and regression test: its ranking of methods says nothing about natural images"


@dataclass(frozen=True)
class Photo:
    """One picture of scikit-image's wheel."""

    name: str
    """The file is `<name>.png`; also the class."""
    licence: str
    """As scikit-image states it (docstrings of `skimage.data`, 0.26); read there, never shipped."""
    source: str


_CC0 = "CC0"
_FREE = "no known copyright restrictions"
_PUBLIC = "public domain"
_UNSTATED = "none stated by scikit-image"
PHOTOS = (
    Photo("astronaut", _PUBLIC, "NASA Great Images, flic.kr/p/r9qvLn"),
    Photo("brick", _CC0, "CC0Textures, Bricks25"),
    Photo("camera", _CC0, "Lav Varshney (scikit-image pull request 4913)"),
    Photo("cell", _CC0, "P. Müller et al., Optics Express 26(8), 2018"),
    Photo("chelsea", _CC0, "Stefan van der Walt"),
    Photo("clock_motion", _PUBLIC, "Stefan van der Walt"),
    Photo("coffee", _CC0, "Rachel Michetti, Pikolo Espresso Bar"),
    Photo("coins", _FREE, "Brooklyn Museum, image 51611"),
    Photo("grass", _CC0, "linolafett, DeviantArt, Grass 01"),
    Photo("gravel", _CC0, "CC0Textures, Gravel04"),
    Photo("horse", _CC0, "Andreas Preuss, openclipart 158377 (a silhouette)"),
    Photo("ihc", _FREE, "Center for Microscopy and Molecular Imaging"),
    Photo("moon", _UNSTATED, "not given"),
    Photo("motorcycle_left", _UNSTATED, "Middlebury stereo benchmark 2014 (D. Scharstein et al.)"),
    Photo("page", _UNSTATED, "not given"),
    Photo("text", _PUBLIC, "Wikipedia, File:Corner.png"),
)


def luminance(pixels: NDArray[np.uint8]) -> Grey:
    """Return (H, W) luminance in 0..255 of grey, RGB, or RGBA pixels (these over white).

    Source: ITU-R BT.601's weights, in thousandths.
    """
    wide = pixels.astype(np.int64)
    if wide.ndim == 2:
        return wide
    grey = (299 * wide[..., 0] + 587 * wide[..., 1] + 114 * wide[..., 2] + 500) // 1000
    if wide.shape[2] == 3:
        return grey
    alpha = wide[..., 3]
    return (grey * alpha + 255 * (255 - alpha) + 127) // 255


def ranked(grey: Grey) -> Grey:
    """Return each pixel's middle rank among all pixels, (H, W) in 0..255."""
    counts = np.bincount(grey.ravel(), minlength=256)
    ranks = (2 * np.cumsum(counts) - counts) * 255 // (2 * counts.sum())
    return np.asarray(ranks[grey], dtype=np.int64)


def tiles(height: int, width: int, *, test: bool) -> list[tuple[int, int]]:
    """Return the top left corners of the tiles that are for testing, or of those for training."""
    pitch = TILE + MARGIN
    rows, columns = (height + MARGIN) // pitch, (width + MARGIN) // pitch
    places = ((row, column) for row in range(rows) for column in range(columns))
    return [(r * pitch, c * pitch) for r, c in places if ((r + c) % 2 == 0) == test]


def offsets() -> list[tuple[int, int]]:
    """Return a patch's places within a tile, widest apart first."""
    found: dict[tuple[int, int], None] = {}
    for step in STEPS:
        places = range(0, TILE - PATCH + 1, step)
        found.update(((row, column), None) for row in places for column in places)
    return list(found)


def varies(patch: Grey) -> bool:
    """Say whether a patch's variance reaches `LEAST_VARIANCE`."""
    total, squares = int(patch.sum()), int(np.vdot(patch, patch))
    return patch.size * squares - total * total >= LEAST_VARIANCE * patch.size**2


def patches(grey: Grey, *, test: bool) -> Iterator[tuple[int, Grey]]:
    """Yield (tile number, (32, 32) patch), place by place over all tiles."""
    corners = tiles(*grey.shape, test=test)
    for row, column in offsets():
        for number, (top, left) in enumerate(corners):
            patch = grey[top + row :, left + column :][:PATCH, :PATCH]
            if varies(patch):
                yield number, patch


def picture_folder() -> Path:
    """Return where the installed scikit-image keeps its pictures, without importing it.

    Raises:
        DataError: It is not installed.
    """
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("photos: scikit-image is not installed; run `pip install scikit-image`")
    return Path(spec.submodule_search_locations[0]) / "data"


def read(path: Path) -> Grey:
    """Return a picture's ranked luminance, (H, W) in 0..255.

    Raises:
        DataError: The file is missing or is no picture.
    """
    try:
        with Image.open(path) as image:
            return ranked(luminance(np.asarray(image)))
    except OSError as error:
        raise DataError(
            f"photos: cannot read {path} ({error}); install scikit-image again, "
            "`pip install --force-reinstall scikit-image`"
        ) from None


def _split(pictures: list[Grey], count: int, *, test: bool) -> Split:
    images, labels, groups = [], [], []
    for label, picture in enumerate(pictures):
        for tile, patch in islice(patches(picture, test=test), count):
            images.append(patch)
            labels.append(label)
            groups.append(label * 1000 + tile)
    grey = torch.from_numpy(np.stack(images).astype(np.uint8))
    return Split(grey[:, None].repeat(1, 3, 1, 1), torch.tensor(labels), torch.tensor(groups))


def build(folder: Path) -> Dataset:
    """Return the dataset made of the pictures in a folder, whatever their pixels."""
    pictures = [read(folder / f"{photo.name}.png") for photo in PHOTOS]
    train = _split(pictures, TRAIN_PER_CLASS, test=False)
    test = _split(pictures, TEST_PER_CLASS, test=True)
    classes = tuple(photo.name for photo in PHOTOS)
    return Dataset(
        name="photos",
        classes=classes,
        image_size=PATCH,
        mean=(MEAN, MEAN, MEAN),
        std=(STD, STD, STD),
        pretrain=train.unlabelled(),
        train=train,
        test=test,
        folds=None,
        content_sha256=splits_hash(classes, train, test),
        notes=NOTES,
    )


def load(options: Mapping[str, str], root: Path | None, *, download: bool) -> Dataset:
    """Return `photos`; it has no options and needs no files of its own.

    Raises:
        DataError: scikit-image is missing, or brings other pixels than the pinned ones.
    """
    del options, root, download
    dataset = build(picture_folder())
    if dataset.content_sha256 != CONTENT_SHA256:
        raise DataError(
            f"photos: scikit-image {version('scikit-image')} brings other pictures than those this "
            f"benchmark is pinned to (sha256 {dataset.content_sha256[:16]}, expected "
            f"{CONTENT_SHA256[:16]}); install scikit-image 0.26.0"
        )
    return dataset
