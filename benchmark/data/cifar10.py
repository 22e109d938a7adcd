"""CIFAR-10 from its official Python batches (A. Krizhevsky, 2009)."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.data.dataset import Dataset, Split, splits_hash
from benchmark.data.digests import compute
from benchmark.data.folders import FETCH, data_root, find
from benchmark.errors import DataError

FOLDER = "cifar-10-batches-py"
CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
# Source: AMDIM, datasets.py (Philip-Bachman/amdim-public); CPC v2 and bolts use the same.
MEAN = (125.3 / 255, 123.0 / 255, 113.9 / 255)
STD = (63.0 / 255, 62.1 / 255, 66.7 / 255)
# Source: torchvision.datasets.CIFAR10.
MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
ARCHIVE_MD5 = "c58f30108f718f92721af3b95e74349a"
_AGAIN = f"delete it and unpack {URL} again, or run `{FETCH} cifar10`"


class _Restricted(pickle.Unpickler):
    """Knows how to rebuild arrays, and nothing else: a pickle could otherwise run any code."""

    # the batches name a module that NumPy 2 has moved
    _KNOWN: Mapping[tuple[str, str], Any] = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle asks for, if it is one of the four."""
        try:
            return self._KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def decode(path: Path) -> Split:
    """Return the images of one batch file.

    Raises:
        DataError: The file is damaged, or is no batch of CIFAR-10.
    """
    try:
        content = _Restricted(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        images = np.asarray(content[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32)
        labels = np.asarray(content[b"labels"], dtype=np.int64).reshape(len(images))
    # unpickling damaged bytes raises nearly anything; whatever it is, the file cannot be read
    except Exception as error:
        raise DataError(f"cifar10: {path} is no batch of CIFAR-10 ({error}); {_AGAIN}") from None
    return Split(torch.from_numpy(images), torch.from_numpy(labels))


def read(path: Path) -> Split:
    """Return the images of one official batch file.

    Raises:
        DataError: The file is missing, or its checksum is not the official one.
    """
    try:
        found = compute(path).md5
    except OSError as error:
        raise DataError(f"cifar10: cannot read {path} ({error.strerror}); {_AGAIN}") from None
    if found != MD5[path.name]:
        raise DataError(
            f"cifar10: {path} is damaged ({path.stat().st_size:,} bytes, MD5 {found}, the official "
            f"one is {MD5[path.name]}); {_AGAIN}"
        )
    return decode(path)


def fetch(root: Path) -> None:
    """Download the official archive and unpack it under a folder.

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
            f"cifar10: cannot fetch {URL} to {root} ({error}); put {FOLDER} there by hand"
        ) from None


def load(options: Mapping[str, str], root: Path | None, *, download: bool) -> Dataset:
    """Return CIFAR-10, found as the folder `cifar-10-batches-py` or as the data root itself.

    Raises:
        DataError: A file is missing or damaged, or cannot be fetched.
    """
    del options
    base = data_root(root)
    if download and not any((base / part / "test_batch").exists() for part in (FOLDER, "")):
        fetch(base)
    remedy = f"unpack {URL} there, name its folder with --data, or run `{FETCH} cifar10`"
    folder = find("cifar10", root, (FOLDER, ""), "test_batch", remedy)
    batches = [read(folder / name) for name in MD5]
    train = Split(
        torch.cat([batch.images for batch in batches[:-1]]),
        torch.cat([batch.labels for batch in batches[:-1]]),
    )
    return Dataset(
        name="cifar10",
        classes=CLASSES,
        image_size=32,
        mean=MEAN,
        std=STD,
        pretrain=train.unlabelled(),
        train=train,
        test=batches[-1],
        folds=None,
        content_sha256=splits_hash(CLASSES, train, batches[-1]),
    )
