"""The whole training loop, views and step, ours beside lightly's, in pairs of views a second.

Run `pytest tests/benchmarks/test_training_speed.py --benchmark-enable --benchmark-only -s`; needs
lightly. One cell with two threads on each side; lightly's views come from two loader workers. The
sides take turns, the best turn of each counts. lightly's loop is run twice: as it is documented, in
torch's default memory layout, and with the encoder in channels-last, which is our loop's choice.
CIFAR-10 where CSLBENCH_DATA has it, else `photos`. The limit is the bare forward and backward of
one view's batch, twice, with nothing else.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

pytest.importorskip("lightly")

import methods
from benchmark.data import load as load_dataset
from benchmark.data.dataset import Dataset
from benchmark.matrix import load as matrices
from benchmark.matrix.cell import Cell
from benchmark.parts import build_encoder, build_extraction, resolve_setting
from benchmark.training.optimizers import build as build_optimizer
from benchmark.training.pretrain import Job, train_step
from tests.benchmarks import lightly_side as lightly

TURNS = 4
THREADS = 2
BATCH, STEPS = {"compact": 256, "resnet18": 64}, {"compact": 8, "resnet18": 3}
"""Images a step, and steps a turn."""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Return CIFAR-10 where it is, else the embedded photographs."""
    root = os.environ.get("CSLBENCH_DATA")
    found = root is not None and (Path(root) / "cifar-10-batches-py").is_dir()
    return load_dataset("cifar10", Path(str(root))) if found else load_dataset("photos", None)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


def cell_for(method: str, encoder: str, dataset: Dataset) -> Cell:
    """Return a quick row of the method with this encoder and batch."""
    matrix = "cifar10-quick" if dataset.name == "cifar10" else "default"
    cell = next(c for c in matrices.load(matrix).cells if c.base_method == method)
    return cell.model_copy(
        update={"encoder": encoder, "recipe": replace(cell.recipe, batch=BATCH[encoder])}
    )


def sides(cell: Cell, dataset: Dataset) -> dict[str, Callable[[int], None]]:
    """Return what makes one step of ours, of lightly's in either layout, and of the limit."""
    setting = resolve_setting(cell, dataset)
    recipe = methods.compose(setting)
    encoder: Any = build_encoder(cell, setting, recipe)
    extraction = build_extraction(cell, recipe, encoder)
    assert extraction is not None
    bare = copy.deepcopy(encoder)
    for module in (encoder, extraction, bare):
        module.train()
    job = Job(
        cell, recipe, encoder, extraction, dataset.pretrain, False, torch.device("cpu"),
        lambda *_: None,
    )  # fmt: skip
    spec = cell.recipe
    mine = build_optimizer(
        [encoder, extraction], optimizer=spec.optimizer, learning_rate=spec.learning_rate,
        weight_decay=spec.weight_decay, betas=spec.betas, eps=spec.eps,
    )  # fmt: skip
    batches = lightly.loader(dataset.pretrain.images, setting, spec.batch)
    views = chain.from_iterable(repeat(batches))
    images = torch.rand(spec.batch, 3, 32, 32).to(memory_format=torch.channels_last)

    def limit(_: int) -> None:
        for _view in range(2):
            bare(images)["1"].sum().backward()

    def our_step(step: int) -> None:
        train_step(job, mine, step, 1000)

    def their_step(layout: torch.memory_format) -> Callable[[int], None]:
        theirs = copy.deepcopy(encoder).to(memory_format=layout).train()
        heads = lightly.heads(setting, encoder.widths["1"])
        for head in heads.values():
            head.train()
        loop, other = lightly.loop(theirs, heads, setting), lightly.optimizer(cell, theirs, heads)

        def step(number: int) -> None:
            x0, x1 = next(views)
            lightly.train_step(loop, other, (x0, x1), number, 1000)

        return step

    return {
        "ours": our_step,
        "lightly": their_step(torch.contiguous_format),
        "lightly_channels_last": their_step(torch.channels_last),
        "limit": limit,
    }


def pairs_per_second(step: Callable[[int], None], first: int, steps: int, batch: int) -> float:
    """Time some steps."""
    start = time.perf_counter()
    for number in range(first, first + steps):
        step(number)
    return steps * batch / (time.perf_counter() - start)


@pytest.mark.benchmark(group="training, two threads")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("method", "encoder"),
    [("simclr", "compact"), ("byol", "compact"), ("moco_v2", "compact"), ("simclr", "resnet18")],
)
def test_training_loop(
    benchmark: BenchmarkFixture, dataset: Dataset, method: str, encoder: str
) -> None:
    """Both sides train; speeds and their ratio are reported, never judged."""
    cell = cell_for(method, encoder, dataset)
    turns = sides(cell, dataset)
    best = dict.fromkeys(turns, 0.0)
    steps, batch = STEPS[encoder], BATCH[encoder]
    for step in turns.values():  # warm-up: allocations, kernel choice, the workers' start
        pairs_per_second(step, 0, 2, batch)
    for turn in range(TURNS):
        for name, step in turns.items():
            rate = pairs_per_second(step, 2 + turn * steps, steps, batch)
            best[name] = max(best[name], rate)

    # pytest-benchmark is not annotated
    benchmark.pedantic(turns["ours"], args=(500,), rounds=1)  # type: ignore[no-untyped-call]

    ratio, same_layout = (best["ours"] / best[n] for n in ("lightly", "lightly_channels_last"))
    benchmark.extra_info.update({name: round(rate, 1) for name, rate in best.items()})
    benchmark.extra_info.update(
        ratio=round(ratio, 2), ratio_in_one_layout=round(same_layout, 2), load=os.getloadavg()[0]
    )
    said = ", ".join(f"{name} {rate:.1f}" for name, rate in best.items())
    print(
        f"\n{method} {encoder}: pairs/s {said}; ratio {ratio:.2f}, "
        f"in one layout {same_layout:.2f}, load {os.getloadavg()[0]:.1f}"
    )
    assert all(rate > 0 for rate in best.values())
