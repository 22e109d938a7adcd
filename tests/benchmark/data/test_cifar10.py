"""CIFAR-10 is read from its official batches, checked, and never runs what a pickle says."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch

from benchmark.data import cifar10, load
from benchmark.errors import DataError

# The sha256 of class names, images and labels, recorded from files with the official MD5s.
CONTENT = "29d08f6c7903"


def _batch(path: Path, **changes: object) -> Path:
    """Write a small batch with its names as bytes, as the official ones read."""
    pixels = np.arange(4 * 3072, dtype=np.int64).astype(np.uint8).reshape(4, 3072)
    content: dict[bytes, object] = {b"data": pixels, b"labels": list(range(4))}
    content |= {key.encode(): value for key, value in changes.items()}
    path.write_bytes(pickle.dumps(content, protocol=3))
    return path


def test_a_batch_is_read_channel_by_channel_and_row_by_row(tmp_path: Path) -> None:
    """Byte 1024 c + 32 y + x of a row is pixel (c, y, x)."""
    split = cifar10.decode(_batch(tmp_path / "batch"))
    assert split.images.shape == (4, 3, 32, 32)
    assert split.images[2, 1, 3, 5] == (2 * 3072 + 1024 + 3 * 32 + 5) % 256
    assert split.labels.tolist() == [0, 1, 2, 3]


class _Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_cannot_run_code(tmp_path: Path) -> None:
    """A batch that asks for another function than numpy's own is refused before it is called."""
    made = tmp_path / "made by the pickle"
    batch = _batch(tmp_path / "batch", data=_Evil(made))
    with pytest.raises(DataError, match=r"is no batch of CIFAR-10 \(it asks for posix.mkdir"):
        cifar10.decode(batch)
    assert not made.exists()


@pytest.mark.parametrize("changes", [{"labels": [1]}, {"data": b"x"}, {"labels": None}])
def test_a_batch_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    """Wrong counts and types name the file and say what to do."""
    with pytest.raises(DataError, match=r"batch is no batch of CIFAR-10 .* again"):
        cifar10.decode(_batch(tmp_path / "batch", **changes))


def test_a_missing_set_is_one_sentence(tmp_path: Path) -> None:
    """It says where it looked, and how to get the set."""
    with pytest.raises(DataError) as caught:
        load("cifar10", tmp_path)
    said = str(caught.value)
    assert said.startswith(
        f"cifar10: found no test_batch in {tmp_path}/cifar-10-batches-py or {tmp_path}; unpack "
    )
    assert "cslbench data --download cifar10" in said
    assert "\n" not in said


def test_a_wrong_checksum_is_one_sentence(tmp_path: Path) -> None:
    """Files that are not the official ones are never read as CIFAR-10."""
    for name in cifar10.MD5:
        _batch(tmp_path / name)
    with pytest.raises(DataError) as caught:
        load("cifar10", tmp_path)
    said = str(caught.value)
    assert said.startswith(f"cifar10: {tmp_path}/data_batch_1 is damaged (")
    assert "the official one is c99cafc152244af753f735de768cd75f" in said
    assert "\n" not in said


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    """One file of six is missing."""
    _batch(tmp_path / "test_batch")
    with pytest.raises(DataError, match=r"cannot read .*data_batch_1 \(No such file"):
        load("cifar10", tmp_path)


@pytest.mark.parametrize("name", ["cifar10", "stl10"])
def test_a_download_is_tried_only_when_asked_and_fails_in_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network the sentence names the address and the folder."""
    asked = []

    def unreachable(url: str, root: str, md5: str) -> None:
        asked.append((url, root, len(md5)))
        raise URLError("no network")

    monkeypatch.setattr("torchvision.datasets.utils.download_and_extract_archive", unreachable)
    with pytest.raises(DataError, match="found no"):
        load(name, tmp_path)
    assert asked == []
    with pytest.raises(DataError, match=f"{name}: cannot fetch http.* no network.* by hand"):
        load(name, tmp_path, download=True)
    assert [(root, length) for _, root, length in asked] == [(str(tmp_path), 32)]


@pytest.mark.real_data
def test_the_real_set_is_torchvisions(real_root: Path) -> None:
    """Every pixel and label as torchvision reads them; the hash is the recorded one."""
    from torchvision.datasets import CIFAR10

    loaded = load("cifar10", real_root)
    for split, training in ((loaded.train, True), (loaded.test, False)):
        wanted = CIFAR10(str(real_root), train=training)
        assert torch.equal(split.images, torch.from_numpy(wanted.data).permute(0, 3, 1, 2))
        assert split.labels.tolist() == wanted.targets
    assert loaded.classes == tuple(wanted.classes)
    assert loaded.train.labels.bincount().tolist() == [5000] * 10
    assert loaded.content_sha256.startswith(CONTENT)
    assert load("cifar10", real_root / "cifar-10-batches-py").content_sha256.startswith(CONTENT)


@pytest.mark.real_data
def test_a_truncated_real_batch_is_refused(real_root: Path, tmp_path: Path) -> None:
    """Cut one byte off the last train batch: the sentence names that file."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in cifar10.MD5:
        (folder / name).symlink_to(real_root / "cifar-10-batches-py" / name)
    cut = folder / "data_batch_5"
    cut.unlink()
    shutil.copy(real_root / "cifar-10-batches-py" / "data_batch_5", cut)
    os.truncate(cut, cut.stat().st_size - 1)
    with pytest.raises(DataError, match=r"data_batch_5 is damaged \(31,035,622 bytes"):
        load("cifar10", tmp_path)
