"""A training that was cut off ends exactly as one that was left alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from benchmark.cell import run_cell
from benchmark.data import load as load_dataset
from benchmark.data.dataset import Dataset
from benchmark.errors import ResultError
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.progress import Progress
from benchmark.store import atomic, provenance
from benchmark.store.result import Result
from benchmark.training import checkpoint, pretrain
from benchmark.training.checkpoint import Keeper, Stopped
from tests.benchmark.matrix.texts import matrix, text

METHODS = ("amdim", "cpc_v2", "simclr", "byol", "moco_v2", "yadim", "supervised")
STEPS = 4
KNN = (PROTOCOLS["knn"],)


class Cut(BaseException):
    """The power goes: nothing catches this."""


@cache
def _data() -> Dataset:
    whole = load_dataset("digits")
    few = torch.arange(256)
    train = replace(
        whole.train, images=whole.train.images[few], labels=whole.train.labels[few], groups=None
    )
    return replace(whole, train=train, pretrain=train.unlabelled())


def _cell(method: str, **recipe: object) -> Cell:
    shipped = text(
        datasets="[digits]", methods=f"[{method}]", encoders="['compact[width=8]']",
        budget=f"{{steps: {STEPS}}}",
    )  # fmt: skip
    cell = matrix(shipped).cells[0]
    return cell.model_copy(update={"recipe": replace(cell.recipe, batch=16, **recipe)})  # type: ignore[arg-type]


def _run(cell: Cell, path: Path | None = None, notes: list[str] | None = None) -> Result:
    def hear(progress: Progress) -> None:
        if notes is not None and progress.note:
            notes.append(progress.note)

    result, _ = run_cell(
        cell, KNN, data=None, dataset=_data(), checkpoint=path, every=0.0, progress=hear
    )
    assert result.error is None
    return result


def _cut_after(monkeypatch: pytest.MonkeyPatch, step: int, how: Callable[[], None]) -> None:
    """Do something once, after the checkpoint of a step is written."""
    kept = Keeper.after_step

    def after_step(self: Keeper, course: checkpoint.Course, *rest: object) -> None:
        kept(self, course, *rest)  # type: ignore[arg-type]
        if course.step == step:
            monkeypatch.setattr(Keeper, "after_step", kept)
            how()

    monkeypatch.setattr(Keeper, "after_step", after_step)


def _power_cut() -> None:
    raise Cut


def _same(one: Result, other: Result) -> None:
    assert one.provenance.weights_sha256 == other.provenance.weights_sha256
    assert one.curve == other.curve
    assert one.metrics == other.metrics
    assert one.sanity == other.sanity


@pytest.mark.parametrize("method", METHODS)
def test_a_resumed_training_is_the_uninterrupted_one(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights hash, curve, metrics: queue, momentum copy, batch norm and optimiser are all kept."""
    cell, path = _cell(method), tmp_path / "kept.safetensors"
    alone = _run(cell)
    _cut_after(monkeypatch, 2, _power_cut)
    with pytest.raises(Cut):
        _run(cell, path)
    steps: list[int] = []
    kept = pretrain.advance

    def counted(job: pretrain.Job, optimizer: torch.optim.Optimizer, course: object) -> None:
        steps.append(course.step)  # type: ignore[attr-defined]
        kept(job, optimizer, course)  # type: ignore[arg-type]

    monkeypatch.setattr(pretrain, "advance", counted)
    again = _run(cell, path)
    assert steps == [2, 3], "the first two steps were done before"
    _same(alone, again)
    assert again.ledger is not None
    assert alone.ledger is not None
    assert again.ledger.flops == alone.ledger.flops
    assert again.ledger.kernel_seconds


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "lars"])
def test_every_optimiser_goes_on_by_the_bit(
    optimizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fused kernels walk raw memory: state must come back in the layout of its parameter."""
    cell, path = _cell("simclr", optimizer=optimizer), tmp_path / "kept.safetensors"
    alone = _run(cell)
    _cut_after(monkeypatch, 1, _power_cut)
    with pytest.raises(Cut):
        _run(cell, path)
    _same(alone, _run(cell, path))


def test_sigterm_saves_after_the_step_and_ends_with_143(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a scheduler preempts: whatever the interval, nothing done is lost."""
    cell, path = _cell("byol"), tmp_path / "kept.safetensors"
    alone = _run(cell)
    once = iter([True])
    kept = pretrain.train_step

    def step(job: pretrain.Job, *rest: object) -> float:
        if rest[1] == 2 and next(once, False):
            os.kill(os.getpid(), signal.SIGTERM)
        return kept(job, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pretrain, "train_step", step)
    with pytest.raises(Stopped) as stopped:
        run_cell(cell, KNN, data=None, dataset=_data(), checkpoint=path, every=1e9)
    assert stopped.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    _same(alone, _run(cell, path))


def test_a_checkpoint_of_another_cell_is_refused_by_name(tmp_path: Path) -> None:
    """Say a file was copied: the cell starts again and is right."""
    path, notes = tmp_path / "kept.safetensors", list[str]()
    one, other = _cell("simclr"), _cell("simclr", base_learning_rate=1e-3)
    _run(one, path)
    result = _run(other, path, notes)
    assert notes == [
        f"checkpoint kept.safetensors belongs to cell {one.pretrain_id}, not to "
        f"{other.pretrain_id}; the cell starts again"
    ]
    _same(result, _run(other))


@pytest.mark.parametrize("damage", ["short", "empty", "bytes", "tensor", "bit"])
def test_a_damaged_checkpoint_is_refused_and_changes_nothing(damage: str, tmp_path: Path) -> None:
    """Truncated, empty, garbage in the header, a tensor missing, one bit of a weight flipped."""
    cell, path, notes = _cell("simclr"), tmp_path / "kept.safetensors", list[str]()
    alone = _run(cell, path)
    content = path.read_bytes()
    broken = {
        "short": content[: len(content) // 2],
        "empty": b"",
        "bytes": content[:8] + b"\xff" * 40 + content[48:],
        "tensor": content.replace(b'"encoder.', b'"encodex.', 1),
        "bit": content[:-1] + bytes([content[-1] ^ 1]),
    }[damage]
    path.write_bytes(broken)
    _same(alone, _run(cell, path, notes))
    assert len(notes) == 1
    assert notes[0].startswith("checkpoint kept.safetensors ")
    assert notes[0].endswith("; the cell starts again")


@pytest.mark.parametrize(
    "key", ["optimizer.0.exp_avg", "optimizer.999.exp_avg", "optimizer.-1.step", "optimizer.x.step"]
)
def test_an_unfit_optimiser_state_leaves_nothing_half_restored(key: str, tmp_path: Path) -> None:
    """Whoever wrote it, hash and all: modules are loaded only once all of it is known to fit."""
    path, layer = tmp_path / "kept.safetensors", torch.nn.Linear(2, 2)
    execution = provenance.execution(device="cpu", threads=1)
    keeper = Keeper(path, checkpoint.Stamp("0" * 16, {}, execution), every=0.0)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    keeper.after_step(checkpoint.Course(step=1), {"layer": layer}, optimizer)
    assert keeper.load({"layer": layer}, optimizer).step == 1
    _rewrite(path, key, torch.zeros(5))
    fresh = torch.nn.Linear(2, 2)
    before = fresh.weight.detach().clone()
    assert keeper.load({"layer": fresh}, torch.optim.AdamW(fresh.parameters())).step == 0
    assert torch.equal(fresh.weight, before)


def _rewrite(path: Path, key: str, value: torch.Tensor) -> None:
    with safe_open(path, "pt") as opened:
        head = opened.metadata()
    tensors = load_file(path) | {key: value}
    head["sha256"] = checkpoint._digest(tensors, head)
    save_file(tensors, path, head)


def test_a_training_that_fails_leaves_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would fail again from there: the next run begins anew, with whatever was mended."""
    path = tmp_path / "kept.safetensors"
    kept = pretrain.train_step

    def step(job: pretrain.Job, *rest: object) -> float:
        if rest[1] == 2:
            assert path.exists()
            raise pretrain.NonFiniteLossError(2, float("nan"), torch.arange(3))
        return kept(job, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pretrain, "train_step", step)
    result, _ = run_cell(
        _cell("simclr"), KNN, data=None, dataset=_data(), checkpoint=path, every=0.0
    )
    assert (result.status, path.exists()) == ("failed", False)
    assert result.error == "loss is nan at step 2 (images 0, 1, 2, ... of the train split)"


def test_a_part_on_another_machine_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number stands, but exactness is promised between equal executions only."""
    cell, path = _cell("simclr"), tmp_path / "kept.safetensors"
    _cut_after(monkeypatch, 2, _power_cut)
    with pytest.raises(Cut):
        _run(cell, path)
    here = provenance.execution
    monkeypatch.setattr(provenance, "execution", lambda **facts: here(**{**facts, "threads": 9}))
    described = _run(cell, path).described
    assert described is not None
    assert "resumed on another machine" in described.marks


def test_a_full_disk_is_said_and_the_last_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is the user's to mend, so it ends the run."""
    cell, path = _cell("simclr"), tmp_path / "kept.safetensors"
    whole = atomic.write

    def full(target: Path, content: bytes) -> None:
        if path.exists():
            raise ResultError(f"{target}: the disk is full")
        whole(target, content)

    monkeypatch.setattr(atomic, "write", full)
    with pytest.raises(ResultError, match="the disk is full"):
        _run(cell, path)
    monkeypatch.setattr(atomic, "write", whole)
    _same(_run(cell), _run(cell, path))


def test_checkpoints_are_rare_enough_to_cost_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None within `every` seconds of the last, nor within a hundred times what that one took."""
    clock = [0.0]
    written: list[float] = []

    def write(path: Path, content: bytes) -> None:
        assert content
        assert path.name == "kept.safetensors"
        written.append(clock[0])
        clock[0] += 0.5

    monkeypatch.setattr("benchmark.training.checkpoint.time.perf_counter", lambda: clock[0])
    monkeypatch.setattr(atomic, "write", write)
    execution = provenance.execution(device="cpu", threads=1)
    stamp = checkpoint.Stamp("0" * 16, {}, execution)
    keeper = Keeper(tmp_path / "kept.safetensors", stamp, every=10.0)
    layer = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(layer.parameters())
    while clock[0] < 120:
        clock[0] += 1.0
        keeper.after_step(checkpoint.Course(), {"encoder": layer}, optimizer)
    assert written == [10.0, 60.5, 111.0]
