"""ImageNet and any other folder of pictures: `train/<class>/...` and `val/<class>/...`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmark.data.dataset import Dataset, Split
from benchmark.data.folders import find
from benchmark.data.packed import pack
from benchmark.errors import DataError

# Of ImageNet's train images; the usual constants, here for every folder of pictures.
# Source: torchvision's ImageNet models.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
WHOLE = (1000, 1_281_167, 50_000)
"""Classes, train and validation images of ILSVRC 2012."""
_PARTLY = "not the whole of ImageNet: {} classes, {:,} images for training, {:,} for testing"
# Lower case; what torchvision's ImageFolder takes as pictures.
ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Listing:
    """The pictures of one part of a folder."""

    paths: tuple[str, ...]
    """Relative to the folder, with forward slashes."""
    labels: tuple[int, ...]


def subset(base: Path, file: str) -> tuple[str, ...]:
    """Return the classes of a folder: those a file names, one a line, or all that `train` has.

    Args:
        base: The folder.
        file: Relative to it, or absolute; empty for all.

    Raises:
        DataError: There are no classes, or the file is missing or names one twice.
    """
    if not file:
        found = tuple(sorted(path.name for path in (base / "train").iterdir() if path.is_dir()))
    else:
        found = _named(base / Path(file).expanduser())
    if not found:
        where = base / file if file else base / "train"
        raise DataError(f"{where} names no classes; give each a folder of pictures")
    return found


def _named(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the list of classes {path} ({error})") from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise DataError(f"{path} names the class {twice[0]!r} more than once")
    return tuple(found)


def listing(base: Path, part: str, classes: tuple[str, ...]) -> Listing:
    """Return the pictures of one part, class by class, in the order of their paths.

    Raises:
        DataError: A class has no folder or no pictures.
    """
    paths, labels = [], []
    for label, name in enumerate(classes):
        found = sorted(
            path.relative_to(base).as_posix()
            for path in (base / part / name).rglob("*")
            if path.suffix.lower() in ENDINGS and path.is_file()
        )
        if not found:
            raise DataError(
                f"the class {name!r} has no pictures in {base / part / name}; "
                "add them, or leave the class out with [classes=FILE]"
            )
        paths += found
        labels += [label] * len(found)
    return Listing(tuple(paths), tuple(labels))


def load(options: Mapping[str, str], root: Path | None, *, download: bool) -> Dataset:
    """Return a folder of pictures as centred squares of `size` pixels.

    Args:
        options: `root`: the folder, under the data root or absolute; `size`: pixels;
            `classes`: a file that names a subset, one class a line.
        root: The data root.
        download: ImageNet cannot be fetched: ignored.

    Raises:
        DataError: The folder, a class or a picture is missing or damaged.
    """
    del download
    folder, size = options["root"], int(options["size"])
    places = (folder, "") if folder == "imagenet" else (folder,)
    remedy = (
        "put train/<class>/*.JPEG and val/<class>/*.JPEG there, or name their folder with --data "
        "or [root=FOLDER]"
    )
    base = find(f"the pictures of {folder}", root, places, "train", remedy)
    part = "val" if (base / "val").is_dir() else "test"
    classes = subset(base, options["classes"])
    train, test = (listing(base, name, classes) for name in ("train", part))
    return _dataset(base, classes, (train, test), size)


def _dataset(
    base: Path, classes: tuple[str, ...], parts: tuple[Listing, Listing], size: int
) -> Dataset:
    packs = [pack(base, part.paths, size) for part in parts]
    train, test = (
        Split(packed.images, torch.tensor(part.labels))
        for packed, part in zip(packs, parts, strict=True)
    )
    counts = (len(classes), len(train), len(test))
    sources = [*classes, *(packed.sources_sha256 for packed in packs)]
    return Dataset(
        name=base.name,
        classes=classes,
        image_size=size,
        mean=MEAN,
        std=STD,
        pretrain=train.unlabelled(),
        train=train,
        test=test,
        folds=None,
        content_sha256=hashlib.sha256("\n".join(sources).encode()).hexdigest(),
        official=counts == WHOLE,
        notes="" if counts == WHOLE else _PARTLY.format(*counts),
    )
