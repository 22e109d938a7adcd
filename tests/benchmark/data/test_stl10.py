"""STL-10's layout is read as published; what is not the official set never passes as it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmark.data import load, stl10
from benchmark.data.digests import compute
from benchmark.errors import DataError

COUNTS = {"train": 6, "test": 4, "unlabeled": 5}


def _pixels(part: str) -> NDArray[np.uint8]:
    """Return (N, 3, 96, 96) images as one sees them: row, then column."""
    seed = sorted(COUNTS).index(part)
    return np.random.default_rng(seed).integers(0, 256, (COUNTS[part], 3, 96, 96), dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data root with a tiny set in STL-10's layout."""
    folder = tmp_path / "root" / "stl10_binary"
    folder.mkdir(parents=True)
    for part, count in COUNTS.items():
        (folder / f"{part}_X.bin").write_bytes(_pixels(part).transpose(0, 1, 3, 2).tobytes())
        if part != "unlabeled":
            (folder / f"{part}_y.bin").write_bytes(bytes(1 + k % 3 for k in range(count)))
    (folder / "class_names.txt").write_text("airplane\nbird\ncar\n")
    (folder / "fold_indices.txt").write_text("0 1 2 \n3 4 5 \n")
    return folder.parent


def test_images_are_turned_from_columns_to_rows(root: Path) -> None:
    """Every pixel where the writer saw it, in all three parts."""
    loaded = load("stl10", root)
    assert torch.equal(loaded.train.images, torch.from_numpy(_pixels("train")))
    assert torch.equal(loaded.test.images, torch.from_numpy(_pixels("test")))
    assert torch.equal(
        loaded.pretrain.images[[4, 1]], torch.from_numpy(_pixels("unlabeled")[[4, 1]])
    )
    assert loaded.train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert loaded.pretrain.labels.tolist() == [-1] * 5
    assert loaded.classes == ("airplane", "bird", "car")


def test_folds_are_index_sets_into_train(root: Path) -> None:
    """One a line of the file."""
    folds = load("stl10", root).folds
    assert folds is not None
    assert [fold.tolist() for fold in folds] == [[0, 1, 2], [3, 4, 5]]


def test_pretraining_on_both_has_train_first(root: Path, cache: Path) -> None:
    """Train and unlabeled images in one tensor, without labels, with another content hash."""
    name = "stl10[pretrain=train+unlabeled]"
    both, alone = load(name, root), load("stl10", root)
    wanted = np.concatenate([_pixels("train"), _pixels("unlabeled")])
    assert torch.equal(both.pretrain.images, torch.from_numpy(wanted))
    assert set(both.pretrain.labels.tolist()) == {-1}
    assert both.content_sha256 != alone.content_sha256
    packs = list((cache / "packed").iterdir())
    assert len(packs) == 1
    packs[0].write_bytes(b"cut short")
    assert torch.equal(load(name, root).pretrain.images, torch.from_numpy(wanted))


def test_writing_to_images_leaves_the_files_alone(root: Path) -> None:
    """The map is private to the process."""
    file = root / "stl10_binary" / "train_X.bin"
    before = file.read_bytes()
    load("stl10", root).train.images[0].zero_()
    assert file.read_bytes() == before


def test_other_files_never_pass_as_stl10(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, notes and flag say so, until the checksums are the official ones."""
    loaded = load("stl10", root)
    assert not loaded.official
    assert loaded.name == "stl10 (not the official files)"
    assert loaded.notes.startswith("not STL-10: train_X.bin, ")
    files = {name: compute(root / "stl10_binary" / name).md5 for name in stl10.MD5}
    monkeypatch.setattr(stl10, "MD5", files)
    again = load("stl10", root)
    assert (again.official, again.name, again.notes) == (True, "stl10", "")


def test_any_change_changes_the_content_hash(root: Path) -> None:
    """A pixel, a label, a fold, and a class name each count."""
    folder = root / "stl10_binary"
    hashes = {load("stl10", root).content_sha256}
    changes: dict[str, Callable[[bytes], bytes]] = {
        "train_X.bin": lambda old: bytes([old[0] ^ 1]) + old[1:],
        "test_y.bin": lambda old: old[:-1] + b"\2",
        "fold_indices.txt": lambda old: old.replace(b"5", b"0"),
        "class_names.txt": lambda old: old.replace(b"bird", b"fish"),
    }
    for name, change in changes.items():
        (folder / name).write_bytes(change((folder / name).read_bytes()))
        hashes.add(load("stl10", root).content_sha256)
    assert len(hashes) == 5


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train_X.bin", b"x" * 27_649, r"damaged \(27,649 bytes, not a multiple of 27,648\)"),
        ("unlabeled_X.bin", b"", r"damaged \(0 bytes"),
        ("test_y.bin", b"\1\2", r"damaged \(2 labels for 4 images\)"),
        ("test_y.bin", b"\1\2\3\4", r"damaged \(labels 1 to 4, allowed are 1 to 3\)"),
        ("test_y.bin", b"\0\1\2\3", r"damaged \(labels 0 to 3, allowed are 1 to 3\)"),
        ("fold_indices.txt", b"0 1\n5 6\n", r"fold_indices.txt:2 is damaged \(indices 5 to 6"),
        ("fold_indices.txt", b"0 one\n", r"fold_indices.txt is damaged \(invalid literal"),
        ("class_names.txt", None, "class_names.txt is missing"),
        ("test_X.bin", None, "test_X.bin is missing"),
        ("train_X.bin", None, "found no train_X.bin in"),
    ],
)
def test_a_damaged_file_is_one_sentence(
    root: Path, name: str, content: bytes | None, message: str
) -> None:
    """It names the file, what is wrong and what to do."""
    file = root / "stl10_binary" / name
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load("stl10", root)
    assert "or run `cslbench data --download stl10`" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.real_data
def test_the_stand_in_is_read_as_torchvision_reads_it(real_root: Path) -> None:
    """Every pixel and label of its three parts; it says that it is a stand-in."""
    from torchvision.datasets import STL10

    class Unchecked(STL10):  # type: ignore[misc]
        def _check_integrity(self) -> bool:
            return True

    loaded = load("stl10[root=stl10-standin]", real_root)
    parts = {"train": loaded.train, "test": loaded.test, "unlabeled": loaded.pretrain}
    for part, split in parts.items():
        wanted = Unchecked(str(real_root / "stl10-standin"), split=part)
        assert torch.equal(split.images, torch.from_numpy(wanted.data))
        assert split.labels.tolist() == wanted.labels.tolist()
    assert not loaded.official
    assert loaded.folds is not None
    assert len(loaded.folds) == 10
