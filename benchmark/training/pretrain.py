"""Spend a cell's steps: the one training loop of every method."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmark.data.dataset import Split
from benchmark.matrix.cell import Cell
from benchmark.store.result import Point
from benchmark.training import schedules
from benchmark.training.optimizers import build as build_optimizer
from methods.randomness import Draws, key, permutation
from methods.recipe import Comparison, Context, Extraction, Recipe, objective

POINTS = 50
"""Points of a curve, at most."""


class NonFiniteLossError(Exception):
    """The loss is infinite or no number; the run cannot go on."""

    def __init__(self, step: int, loss: float, indices: Tensor) -> None:
        shown = ", ".join(str(i) for i in indices[:8].tolist())
        super().__init__(f"loss is {loss} at step {step} (images {shown}, ... of the train split)")


@dataclass(frozen=True)
class Job:
    """A cell with its parts built: what the loop works on."""

    cell: Cell
    recipe: Recipe
    encoder: nn.Module
    extraction: Extraction
    split: Split
    """The images to learn from."""
    needs_labels: bool
    device: torch.device
    progress: Callable[[int, int, float], None]
    """Called with the step, the total and the mean loss since the last point."""


@dataclass(frozen=True)
class Trained:
    """What a training was."""

    curve: tuple[Point, ...]
    steps: int
    seconds: float
    flops_per_step: float | None


def pretrain(job: Job, steps: int) -> Trained:
    """Train encoder and extraction in place for so many optimiser steps.

    Raises:
        NonFiniteLossError: With the step and the images of the batch.
    """
    job.encoder.train()
    job.extraction.train()
    optimizer = _optimizer(job)
    curve: list[Point] = []
    sums, since, flops = 0.0, 0, None
    start = time.perf_counter()
    for step in range(steps):
        rate = job.cell.recipe.learning_rate * _factor(job.cell, step, steps, len(job.split))
        for group in optimizer.param_groups:
            group["lr"] = rate
        counter = FlopCounterMode(display=False) if step == 0 else None
        with counter or nullcontext():
            sums += train_step(job, optimizer, step, steps)
        if counter is not None:
            flops = float(counter.get_total_flops())
        since += 1
        if (step + 1) % max(1, steps // POINTS) == 0 or step + 1 == steps:
            mean = sums / since
            curve.append(Point(step=step + 1, loss=mean, learning_rate=rate))
            job.progress(step + 1, steps, mean)
            sums, since = 0.0, 0
    return Trained(tuple(curve), steps, time.perf_counter() - start, flops or None)


def train_step(job: Job, optimizer: torch.optim.Optimizer, step: int, steps: int) -> float:
    """Make one batch's views, compare them, and move the weights; return the loss."""
    views, context, indices = prepare(job, step, steps)
    # for dropout and the like inside an encoder
    torch.manual_seed(key(job.cell.replicate, f"step {step}"))
    job.extraction.before_step(job.encoder, context)
    optimizer.zero_grad(set_to_none=True)
    with autocast(job.cell, job.device):
        loss = objective(job.recipe, job.extraction, job.encoder, views, context)
    value = float(loss.detach())
    if not torch.isfinite(loss.detach()):
        raise NonFiniteLossError(step, value, indices)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    job.extraction.after_step(job.encoder, context)
    return value


def prepare(job: Job, step: int, steps: int) -> tuple[list[Tensor], Context, Tensor]:
    """Return the views of a step's images, its context, and which images they are, (B,)."""
    replicate = job.cell.replicate
    indices, epochs = batch_indices(job, step)
    images = job.split.images[indices].to(job.device)
    counters = (epochs.to(job.device), indices.to(job.device))
    views = job.recipe.augmentation(images, Draws(replicate, "views", counters))
    labels = job.split.labels[indices].to(job.device) if job.needs_labels else None
    draws = Draws(replicate, "step", (torch.tensor(step, device=job.device),))
    return views, Context(step, steps, draws, labels), indices


@torch.no_grad()
def first_batch(job: Job, encoder: nn.Module) -> Sequence[Comparison]:
    """Return the comparisons of the first step; changes the encoder's and extraction's buffers."""
    views, context, _ = prepare(job, 0, 1)
    return job.extraction.compare(encoder, views, context)


def batch_indices(job: Job, step: int) -> tuple[Tensor, Tensor]:
    """Return the images of a step and the epoch that each is seen in, (B,) int64 both.

    Every epoch has an order of its own, the same for all methods of a replicate; an incomplete
    last batch is dropped.
    """
    batch = job.cell.recipe.batch
    count = len(job.split)
    epoch, position = divmod(step, count // batch)
    order = epoch_order(job.cell.replicate, epoch, count)
    indices = order[position * batch : (position + 1) * batch]
    return indices, torch.full_like(indices, epoch)


_ORDERS: dict[tuple[int, int, int], Tensor] = {}


def epoch_order(replicate: int, epoch: int, count: int) -> Tensor:
    """Return the order of one epoch; the last one asked for is kept."""
    name = (replicate, epoch, count)
    if name not in _ORDERS:
        _ORDERS.clear()
        _ORDERS[name] = permutation(key(replicate, f"order {epoch}"), count)
    return _ORDERS[name]


def autocast(cell: Cell, device: torch.device) -> AbstractContextManager[object]:
    """Return the precision that the cell states."""
    if cell.precision == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def calibrate(job: Job) -> tuple[int, str]:
    """Turn a budget in FLOPs or seconds into steps, on copies that are thrown away.

    Returns:
        The steps, at least 1, and a sentence that says how they came about.
    """
    budget = job.cell.budget
    trial = replace(
        job, encoder=copy.deepcopy(job.encoder), extraction=copy.deepcopy(job.extraction),
        progress=lambda *_: None,
    )  # fmt: skip
    pretrain(trial, 2)  # warm-up: allocations and kernel choice are not the budget's
    probe = pretrain(trial, 5)
    if budget.currency == "flops":
        if probe.flops_per_step is None:
            raise NotImplementedError("the FLOPs of this encoder cannot be counted")
        unit, each = "FLOPs", probe.flops_per_step
    else:
        unit, each = "seconds", probe.seconds / probe.steps
    steps = max(1, int(budget.amount / each))
    return steps, f"{budget.amount:g} {unit} at {each:.4g} {unit} a step: {steps} steps"


def _optimizer(job: Job) -> torch.optim.Optimizer:
    spec = job.cell.recipe
    return build_optimizer(
        [job.encoder, job.extraction],
        optimizer=spec.optimizer,
        learning_rate=spec.learning_rate,
        weight_decay=spec.weight_decay,
        momentum=spec.momentum,
        betas=spec.betas,
        eps=spec.eps,
        trust=spec.trust,
        exclude=spec.exclude,
    )


def _factor(cell: Cell, step: int, steps: int, images: int) -> float:
    """Return the schedule's factor; a warm-up is at most a tenth of a run cut short."""
    spec = cell.recipe
    per_epoch = images // spec.batch
    stated = spec.warmup_steps or round(spec.warmup_epochs * per_epoch)
    return schedules.factor(
        spec.schedule, step, steps, warmup=min(stated, steps // 10),
        milestones=spec.milestones, gamma=spec.factor,
    )  # fmt: skip
