"""STL-10 from its official binary files (A. Coates, H. Lee, A. Ng, 2011).

Files that are not the official ones are read too, since the layout is a handy one; such a set says
so in its name, its notes, and `official`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmark.data.dataset import UNLABELLED, Dataset, Split
from benchmark.data.digests import cached
from benchmark.data.folders import FETCH, data_root, find
from benchmark.data.packed import mapped, stacked
from benchmark.errors import DataError

FOLDER = "stl10_binary"
SIZE = 96
# Source: AMDIM, datasets.py (Philip-Bachman/amdim-public).
MEAN = (0.43, 0.42, 0.39)
STD = (0.27, 0.26, 0.27)
# Source: torchvision.datasets.STL10.
MD5 = {
    "train_X.bin": "918c2871b30a85fa023e0c44e0bee87f",
    "train_y.bin": "5a34089d4802c674881badbb80307741",
    "test_X.bin": "7f263ba9f9e0b06b93213547f721ac82",
    "test_y.bin": "36f9794fa4beb8a2c72628de14fa638e",
    "unlabeled_X.bin": "5242ba1fed5e4be9e1e742405eb56ca4",
}
URL = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
ARCHIVE_MD5 = "91f7769df0f17e558f3565bffb0c7dfb"
_AGAIN = f"unpack {URL} again, or run `{FETCH} stl10`"


def images(path: Path) -> Tensor:
    """Return the images of a file, (N, 3, 96, 96) uint8, mapped.

    Raises:
        DataError: The file is missing, empty, or cut short.
    """
    size = _size(path)
    row = 3 * SIZE * SIZE
    if size == 0 or size % row:
        raise DataError(
            f"stl10: {path} is damaged ({size:,} bytes, not a multiple of {row:,}); {_AGAIN}"
        )
    # the files hold each channel column by column
    return mapped(path, (size // row, 3, SIZE, SIZE)).transpose(2, 3)


def labels(path: Path, count: int, classes: int) -> Tensor:
    """Return the labels of a file, (N,) int64 from 0; the files count from 1.

    Raises:
        DataError: The file is missing, or has another number of labels or classes.
    """
    if _size(path) != count:
        raise DataError(
            f"stl10: {path} is damaged ({_size(path):,} labels for {count:,} images); {_AGAIN}"
        )
    found = torch.from_numpy(np.fromfile(path, dtype=np.uint8).astype(np.int64)) - 1
    if int(found.min()) < 0 or int(found.max()) >= classes:
        raise DataError(
            f"stl10: {path} is damaged (labels {int(found.min()) + 1} to {int(found.max()) + 1}, "
            f"allowed are 1 to {classes}); {_AGAIN}"
        )
    return found


def folds(path: Path, count: int) -> tuple[Tensor, ...]:
    """Return the index sets of a file, one a line.

    Raises:
        DataError: The file is missing, or a line has other things than indices below `count`.
    """
    try:
        lines = [[int(word) for word in line.split()] for line in _text(path)]
    except ValueError as error:
        raise DataError(f"stl10: {path} is damaged ({error}); {_AGAIN}") from None
    for number, line in enumerate(lines, 1):
        if min(line) < 0 or max(line) >= count:
            raise DataError(
                f"stl10: {path}:{number} is damaged (indices {min(line)} to {max(line)}, allowed "
                f"are 0 to {count - 1}); {_AGAIN}"
            )
    return tuple(torch.tensor(line) for line in lines)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        raise DataError(f"stl10: {path} is missing; {_AGAIN}") from None


def _text(path: Path) -> list[str]:
    """Return the lines of a file that are not blank."""
    _size(path)
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def fetch(root: Path) -> None:
    """Download the official archive (2.6 GB) and unpack it under a folder.

    Raises:
        DataError: It cannot be fetched or written.
    """
    from torchvision.datasets.utils import download_and_extract_archive

    try:
        root.mkdir(parents=True, exist_ok=True)
        download_and_extract_archive(URL, str(root), md5=ARCHIVE_MD5)
    # torchvision: RuntimeError for a wrong checksum; urllib: OSError
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"stl10: cannot fetch {URL} to {root} ({error}); put {FOLDER} there by hand"
        ) from None


def _content(folder: Path, pretrain: str) -> tuple[str, list[str]]:
    """Return the content's hash, and the names of the files that are not the official ones."""
    found = {name: cached(folder / name) for name in MD5}
    text = "".join(f"{name} {digests.sha256}\n" for name, digests in found.items())
    for name in ("class_names.txt", "fold_indices.txt"):
        text += f"{name} {' '.join(_text(folder / name))}\n"
    whole = hashlib.sha256(f"{text}pretrain {pretrain}\n".encode()).hexdigest()
    return whole, [name for name, digests in found.items() if digests.md5 != MD5[name]]


def load(options: Mapping[str, str], root: Path | None, *, download: bool) -> Dataset:
    """Return STL-10, found as the folder `stl10_binary`, or as the data root itself.

    Args:
        options: `pretrain`: `unlabeled` (100,000 images) or `train+unlabeled` (105,000);
            `root`: a folder under the data root that holds `stl10_binary`.
        root: The data root.
        download: Fetch the official files where they are missing.

    Raises:
        DataError: A file is missing or damaged, or cannot be fetched.
    """
    places = tuple(str(Path(options["root"]) / part) for part in (FOLDER, ""))
    base = data_root(root) / Path(options["root"]).expanduser()
    if download and not any((data_root(root) / place / "train_X.bin").exists() for place in places):
        fetch(base)
    remedy = f"unpack {URL} there, name its folder with --data, or run `{FETCH} stl10`"
    folder = find("stl10", root, places, "train_X.bin", remedy)
    return _dataset(folder, options["pretrain"])


def _dataset(folder: Path, pretrain: str) -> Dataset:
    classes = tuple(_text(folder / "class_names.txt"))
    train, test = (_labelled(folder, part, len(classes)) for part in ("train", "test"))
    unlabeled = images(folder / "unlabeled_X.bin")
    content, others = _content(folder, pretrain)
    if pretrain == "train+unlabeled":
        unlabeled = stacked(train.images, unlabeled, content)
    return Dataset(
        name="stl10 (not the official files)" if others else "stl10",
        classes=classes,
        image_size=SIZE,
        mean=MEAN,
        std=STD,
        pretrain=Split(unlabeled, torch.full((len(unlabeled),), UNLABELLED)),
        train=train,
        test=test,
        folds=folds(folder / "fold_indices.txt", len(train)),
        content_sha256=content,
        official=not others,
        notes=f"not STL-10: {', '.join(others)} differ from the official files" if others else "",
    )


def _labelled(folder: Path, part: str, classes: int) -> Split:
    pictures = images(folder / f"{part}_X.bin")
    return Split(pictures, labels(folder / f"{part}_y.bin", len(pictures), classes))
