"""Checkpoints from strangers: tensors, or one clean sentence; nothing is ever executed."""

from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from benchmark.errors import WeightsError
from benchmark.evaluation import checkpoints

TENSORS = {"conv1.weight": torch.arange(6.0).view(2, 3), "bn1.bias": torch.ones(2)}


def saved(path: Path, value: Any) -> Path:
    """Write a value as torch does."""
    torch.save(value, path)
    return path


class Bomb:
    """Touches a file where it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell pickle to make a folder."""
        return os.mkdir, (str(self.target),)


def test_a_safetensors_file_is_read_with_its_hash(tmp_path: Path) -> None:
    """Names, values, and the hash of the file as it lies there."""
    path = tmp_path / "a.safetensors"
    safetensors.torch.save_file(TENSORS, path)
    found = checkpoints.read(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.tensors.keys() == TENSORS.keys()
    assert all(torch.equal(found.tensors[name], TENSORS[name]) for name in TENSORS)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_torch_file_is_flattened_to_dotted_names(tmp_path: Path, legacy: bool) -> None:
    """What is no tensor, or has no name, is passed over: epochs, optimiser states, lists."""
    path = tmp_path / "a.pt"
    content = {
        "epoch": 3, "arch": "resnet18", "state_dict": {"model": TENSORS}, "list": [torch.ones(1)],
        "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}},
    }  # fmt: skip
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    found = checkpoints.read(path).tensors
    assert sorted(found) == ["state_dict.model.bn1.bias", "state_dict.model.conv1.weight"]


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_bomb_is_refused_and_does_not_go_off(tmp_path: Path, legacy: bool) -> None:
    """One sentence that says what to do; the planted call never happens."""
    target, path = tmp_path / "made-by-the-bomb", tmp_path / "bomb.pt"
    torch.save(
        {"state_dict": TENSORS, "hyper_parameters": Bomb(target)}, path,
        _use_new_zipfile_serialization=not legacy,
    )  # fmt: skip
    with pytest.raises(WeightsError, match="holds Python objects other than tensors; save its"):
        checkpoints.read(path)
    assert not target.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_bare_pickle_is_refused_and_does_not_go_off(tmp_path: Path, protocol: int) -> None:
    """Also one that torch never wrote; torch's advice to load it unsafely is not passed on."""
    target, path = tmp_path / "made-by-the-bomb", tmp_path / "bomb.pkl"
    path.write_bytes(pickle.dumps(Bomb(target), protocol))
    with pytest.raises(WeightsError, match="holds Python objects other than tensors") as caught:
        checkpoints.read(path)
    assert "weights_only" not in str(caught.value)
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello world\n", r"\(it is a text\)"),
        (b"<!DOCTYPE html><html><body>no such file", r"\(it is a text\)"),
        (bytes(range(150, 250)), r"\(its content is of another kind, or damaged\)"),
        (b"\x89PNG\r\n\x1a\n0000", r"\(its content is of another kind, or damaged\)"),
        (b"PK\x03\x04\x00\x00", "is a zip file without its end: cut short, or damaged"),
    ],
)
def test_what_is_no_checkpoint_is_named_in_plain_words(
    tmp_path: Path, content: bytes, words: str
) -> None:
    """No key of a table of torch, no class of an error, and no advice to load it unsafely."""
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=words) as caught:
        checkpoints.read(path)
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize("kept", [0, 4, 8, 20, -1])
def test_a_truncated_safetensors_file_is_refused(tmp_path: Path, kept: int) -> None:
    """Wherever it was cut."""
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors.torch.save(TENSORS)[:kept])
    with pytest.raises(WeightsError, match=r"a\.safetensors: "):
        checkpoints.read(path)


@pytest.mark.parametrize("kept", [1, 50, 400, -1])
def test_a_truncated_torch_file_is_refused(tmp_path: Path, kept: int) -> None:
    """Wherever it was cut."""
    path = saved(tmp_path / "a.pt", TENSORS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(WeightsError, match=r"a\.pt: "):
        checkpoints.read(path)


def test_a_zip_that_inflates_is_refused_unread(tmp_path: Path) -> None:
    """100 MB of zeros in 100 kB."""
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(100 * 2**20))
    with pytest.raises(WeightsError, match="is a compressed zip of 104857600 bytes"):
        checkpoints.read(path)


def test_what_is_too_large_or_no_file_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, a pipe that nobody writes to, a missing file, a large one, too many tensors."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    path = saved(tmp_path / "a.pt", {str(index): torch.zeros(1) for index in range(9)})
    monkeypatch.setattr(checkpoints, "MAX_TENSORS", 8)
    for bad, reason in (
        (tmp_path, "is no file"),
        (pipe, "is no file"),
        (tmp_path / "none.pt", "cannot be read"),
        (Path("a\0b"), "cannot be read"),
        (path, "holds more than 8 tensors"),
    ):
        with pytest.raises(WeightsError, match=reason):
            checkpoints.read(bad)
    monkeypatch.setattr(checkpoints, "MAX_BYTES", 100)
    with pytest.raises(WeightsError, match="is too large for an encoder"):
        checkpoints.read(path)


def test_a_mapping_that_holds_itself_ends(tmp_path: Path) -> None:
    """Many names for one mapping would otherwise be as many paths."""
    loop: dict[str, Any] = {"weight": torch.ones(1)}
    loop.update({f"again{index}": loop for index in range(50)})
    assert list(checkpoints.read(saved(tmp_path / "a.pt", loop)).tensors) == ["weight"]


def test_tensors_that_are_not_plain_are_passed_over(tmp_path: Path) -> None:
    """Sparse ones, and shells without values: their shape promises what is not there."""
    odd = {"sparse": torch.eye(3).to_sparse(), "meta": torch.zeros(3, device="meta")}
    path = saved(tmp_path / "a.pt", {**odd, "plain": torch.ones(1)})
    assert list(checkpoints.read(path).tensors) == ["plain"]
    with pytest.raises(WeightsError, match="holds no tensor by name"):
        checkpoints.read(saved(tmp_path / "b.pt", {**odd, "epoch": 3}))
