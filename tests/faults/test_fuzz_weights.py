"""Weight files and checkpoints with bytes changed: read, or refused in a sentence.

`CSLBENCH_FUZZ=10000` draws so many of each kind, other ones each time.
"""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load, save

from benchmark.errors import WeightsError
from benchmark.evaluation import checkpoints
from benchmark.store import provenance
from benchmark.training import checkpoint
from benchmark.training.checkpoint import Course, Keeper, Stamp
from tests.faults.test_fuzz import fuzzed, outcome
from tests.faults.wicked import mutated, replaced

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0)]

STATE = {"conv.weight": torch.arange(12.0).view(3, 4), "norm.bias": torch.ones(3)}


def of_torch(*, zipped: bool) -> bytes:
    """Return a state dict as torch saves it, or as it did before 1.6."""
    buffer = io.BytesIO()
    torch.save({"state_dict": STATE, "epoch": 3}, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


FILES = {
    "safetensors": save(STATE),
    "torch": of_torch(zipped=True),
    "legacy": of_torch(zipped=False),
}


@pytest.mark.parametrize("kind", FILES)
@fuzzed
@given(data=st.data())
def test_bytes_of_weight_files(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    """Whoever hands one to `evaluate`: tensors, or what is wrong with the file."""
    path = tmp_path / "x.pt"
    path.write_bytes(data.draw(mutated(FILES[kind])))
    outcome(lambda: checkpoints.read(path), WeightsError)


@fuzzed
@given(data=st.data())
def test_bytes_of_checkpoints(tmp_path: Path, data: st.DataObject) -> None:
    """A changed byte anywhere is seen, unless it left the tensors and the course as they were."""
    content = data.draw(mutated(kept(tmp_path)))
    (tmp_path / "kept.safetensors").write_bytes(content)
    layer, notes = loaded(tmp_path)
    intact = notes == []
    assert torch.equal(layer.weight, torch.ones(2, 2) if intact else torch.zeros(2, 2))


@fuzzed
@given(data=st.data())
def test_what_checkpoints_say(tmp_path: Path, data: st.DataObject) -> None:
    """One value of the course or one tensor's shape is another, and the hash is made to fit."""
    content = kept(tmp_path)
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])["__metadata__"]
    tensors = load(content)
    if data.draw(st.booleans()):
        told = data.draw(replaced(json.loads(head["course"])))
        head["course"] = json.dumps(told)
    else:
        name = data.draw(st.sampled_from([*tensors, "optimizer.7.step", "layer.more"]))
        shape = data.draw(st.lists(st.integers(0, 3), max_size=3))
        tensors[name] = torch.zeros(shape)
    head["sha256"] = checkpoint._digest(tensors, head)
    (tmp_path / "kept.safetensors").write_bytes(save(tensors, head))
    layer, notes = loaded(tmp_path)
    assert notes == [] or torch.equal(layer.weight, torch.zeros(2, 2)), "half restored"


@cache
def kept(folder: Path) -> bytes:
    """Return a checkpoint of one linear layer of ones, with momentum."""
    layer, optimizer = built(1.0)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.nn.init.ones_(layer.weight)
    keeper(folder, []).after_step(Course(step=1, steps=2), {"layer": layer}, optimizer)
    return (folder / "kept.safetensors").read_bytes()


def loaded(folder: Path) -> tuple[torch.nn.Linear, list[str]]:
    """Load what is there into a layer of zeros; return it with what was told."""
    layer, optimizer = built(0.0)
    notes: list[str] = []
    course = keeper(folder, notes).load({"layer": layer}, optimizer)
    assert (course == Course()) == bool(notes)
    return layer, notes


def built(value: float) -> tuple[torch.nn.Linear, torch.optim.Optimizer]:
    """Return a layer of one value and its optimiser."""
    layer = torch.nn.Linear(2, 2)
    torch.nn.init.constant_(layer.weight, value)
    return layer, torch.optim.AdamW(layer.parameters())


def keeper(folder: Path, notes: list[str]) -> Keeper:
    """Return what keeps the checkpoint there, and tells why one is not taken."""
    execution = provenance.execution(device="cpu", threads=1)
    stamp = Stamp("0" * 16, {}, execution)
    return Keeper(folder / "kept.safetensors", stamp, every=0.0, tell=notes.append)
