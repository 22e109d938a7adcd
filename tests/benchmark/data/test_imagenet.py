"""Folders of pictures are decoded once, rightly whatever their mode, and damage is named."""

from __future__ import annotations

import errno
import os
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.transforms import functional

from benchmark.data import load, packed
from benchmark.data.packed import decoded
from benchmark.errors import DataError


def _smooth(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return (H, W, 3) pixels with structure that JPEG keeps."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an ImageFolder with two classes, of colour, grey and CMYK JPEGs and a PNG."""
    base = tmp_path / "root" / "pets"
    for number, (part, name, count) in enumerate(
        [("train", "cat", 3), ("train", "dog", 2), ("val", "cat", 1), ("val", "dog", 2)]
    ):
        place = base / part / name
        place.mkdir(parents=True)
        for k in range(count):
            image = Image.fromarray(_smooth(40 + k, 50, seed=10 * number + k))
            image.convert(("RGB", "L", "CMYK")[k]).save(place / f"{k}.JPEG", quality=95)
    Image.fromarray(_smooth(33, 33)).save(base / "train" / "dog" / "last.png")
    (base / "train" / "dog" / "notes.txt").write_text("no picture")
    return base


def _load(folder: Path, options: str = "size=32") -> Tensor:
    return load(f"imagefolder[root={folder},{options}]").train.images


def test_a_folder_becomes_a_dataset(folder: Path) -> None:
    """Classes and pictures in the order of their names; anything else is left out."""
    loaded = load("imagefolder[root=pets,size=32]", folder.parent)
    assert loaded.classes == ("cat", "dog")
    assert loaded.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert loaded.test.labels.tolist() == [0, 1, 1]
    assert loaded.train.images.shape == (6, 3, 32, 32)
    assert set(loaded.pretrain.labels.tolist()) == {-1}
    assert loaded.name == "pets"
    assert not loaded.official
    assert loaded.notes.startswith("not the whole of ImageNet: 2 classes, 6 images")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_of_every_mode_become_rgb(mode: str) -> None:
    """Within JPEG's loss (95 quality) of the pixels before they were saved."""
    image = Image.fromarray(_smooth(32, 32)).convert(mode)
    file = BytesIO()
    image.save(file, "JPEG", quality=95)
    got = decoded(file.getvalue(), Path("x.JPEG"), 32).astype(int)
    wanted = np.asarray(image.convert("RGB")).transpose(2, 0, 1).astype(int)
    assert got.shape == (3, 32, 32)
    assert np.abs(got - wanted).mean() < 4
    if mode == "L":
        assert np.array_equal(got[0], got[1])


@pytest.mark.parametrize(("height", "width"), [(100, 60), (60, 92), (75, 75)])
def test_the_square_is_torchvisions_resize_and_centre_crop(height: int, width: int) -> None:
    """Within a level on average of torchvision's bicubic, antialiased resize of the short side.

    The sizes are such that its crop falls on whole pixels, without rounding.
    """
    image = Image.fromarray(_smooth(height, width))
    file = BytesIO()
    image.save(file, "PNG")
    got = decoded(file.getvalue(), Path("x.png"), 30).astype(int)
    resized = functional.resize(image, 30, functional.InterpolationMode.BICUBIC)
    wanted = np.asarray(functional.center_crop(resized, [30, 30])).transpose(2, 0, 1).astype(int)
    assert np.abs(got - wanted).mean() < 1


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    """No resampling touches a pixel that need not move."""
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    assert np.array_equal(decoded(file.getvalue(), Path("x.png"), 24), pixels.transpose(2, 0, 1))


def test_the_pack_holds_each_picture_decoded(folder: Path) -> None:
    """Row by row what `decoded` gives, more rows than are decoded at once."""
    for k in range(300):
        shutil.copy(
            folder / "train" / "cat" / f"{k % 3}.JPEG", folder / "train" / "cat" / f"z{k}.JPEG"
        )
    images = _load(folder)
    paths = sorted((folder / "train" / "cat").iterdir())
    for row in (0, 2, 150, 255, 256, 302):
        wanted = decoded(paths[row].read_bytes(), paths[row], 32)
        assert torch.equal(images[row], torch.from_numpy(wanted))


def test_pictures_are_decoded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second load reads the pack; another size, or a changed file, decodes again."""
    first = _load(folder)
    with monkeypatch.context() as patched:
        patched.setattr(packed, "decoded", lambda *_: pytest.fail("decoded again"))
        assert torch.equal(_load(folder), first)
    assert _load(folder, "size=16").shape[-1] == 16
    Image.fromarray(_smooth(40, 50, seed=99)).save(folder / "train" / "cat" / "0.JPEG")
    again = _load(folder)
    assert not torch.equal(again[0], first[0])
    assert torch.equal(again[1:], first[1:])


def test_a_pack_cut_short_is_made_again(folder: Path, cache: Path) -> None:
    """A pack of the wrong length, or a note that is no JSON, is not trusted."""
    first = _load(folder).clone()
    for ending in ("uint8", "json"):
        for file in (cache / "packed").glob(f"*.{ending}"):
            file.write_bytes(b"{")
        assert torch.equal(_load(folder), first)


def test_the_content_hash_knows_content_and_not_place(folder: Path, tmp_path: Path) -> None:
    """A copy elsewhere hashes alike; another byte, name, size or class does not."""
    options = f"imagefolder[root={folder},size=16]"
    first = load(options).content_sha256
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert load(f"imagefolder[root={copy},size=16]").content_sha256 == first
    hashes = {first, load(f"imagefolder[root={folder},size=24]").content_sha256}
    with (copy / "val" / "dog" / "0.JPEG").open("ab") as file:
        file.write(b"\0")
    hashes.add(load(f"imagefolder[root={copy},size=16]").content_sha256)
    (copy / "val" / "dog" / "0.JPEG").rename(copy / "val" / "dog" / "00.JPEG")
    hashes.add(load(f"imagefolder[root={copy},size=16]").content_sha256)
    assert len(hashes) == 4


def test_a_file_names_a_subset_of_classes(folder: Path) -> None:
    """In its own order; a class that has no pictures is refused."""
    (folder / "some.txt").write_text("dog\n\n")
    loaded = load(f"imagefolder[root={folder},size=16,classes=some.txt]")
    assert loaded.classes == ("dog",)
    assert len(loaded.train) == 3
    for text, message in {
        "fox\n": r"the class 'fox' has no pictures in .*train/fox; add them",
        "dog\ncat\ndog\n": "some.txt names the class 'dog' more than once",
        "\n": "some.txt names no classes",
    }.items():
        (folder / "some.txt").write_text(text)
        with pytest.raises(DataError, match=message):
            load(f"imagefolder[root={folder},size=16,classes=some.txt]")
    with pytest.raises(DataError, match=r"cannot read the list of classes .*none.txt"):
        load(f"imagefolder[root={folder},size=16,classes=none.txt]")


def test_a_class_without_validation_pictures_is_refused(folder: Path) -> None:
    """A class seen in training only would never be scored."""
    shutil.rmtree(folder / "val" / "dog")
    with pytest.raises(DataError, match=r"the class 'dog' has no pictures in .*val/dog"):
        _load(folder)


@pytest.mark.parametrize("damage", ["cut", "text", "empty"])
def test_a_damaged_picture_is_named_and_nothing_is_kept(
    folder: Path, cache: Path, damage: str
) -> None:
    """One sentence names the file; the cache holds no half pack."""
    picture = folder / "train" / "dog" / "1.JPEG"
    content = {"cut": picture.read_bytes()[:400], "text": b"hello", "empty": b""}[damage]
    picture.write_bytes(content)
    with pytest.raises(
        DataError, match=r"dog/1.JPEG is no picture that can be read .* replace"
    ) as e:
        _load(folder)
    assert "\n" not in str(e.value)
    assert list((cache / "packed").iterdir()) == []


def test_a_full_disk_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which folder is full and which variable names another."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match=r"cannot write .*No space left on device.*CSLBENCH_CACHE"):
        _load(folder)


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """It says where it looked; a named folder is never replaced by the root itself."""
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError) as caught:
        load("imagenet[root=mini]", tmp_path)
    assert str(caught.value).startswith(
        f"the pictures of mini: found no train in {tmp_path}/mini; put train/<class>/*.JPEG"
    )


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "classes"), [("imagenette-224-mini", 10), ("tiny-imagenet-100-mini", 100)]
)
def test_the_real_subsets_load(real_root: Path, name: str, classes: int) -> None:
    """As many of each class as there are files, of plausible brightness; the second load agrees."""
    loaded = load(f"imagenet[root={name},size=64]", real_root)
    held = {"imagenette-224-mini": 20, "tiny-imagenet-100-mini": 10}[name]
    assert loaded.train.labels.bincount().tolist() == [50] * classes
    assert loaded.test.labels.bincount().tolist() == [held] * classes
    mean = loaded.train.images.double().mean(dim=(0, 2, 3)) / 255
    assert mean.tolist() == pytest.approx(loaded.mean, abs=0.04)
    again = load(f"imagenet[root={name},size=64]", real_root)
    assert again.content_sha256 == loaded.content_sha256
