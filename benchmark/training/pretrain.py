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
from benchmark.training import kernel, schedules
from benchmark.training.checkpoint import Course, Keeper
from benchmark.training.optimizers import build as build_optimizer
from methods.randomness import Draws, key, permutation
from methods.recipe import Comparison, Context, Extraction, Recipe, objective

POINTS = 50
"""Points of a curve, at most."""
_KERNEL_EVERY = 5
"""Points of the curve: at most 10 times a training, well below 1 % of a cell's time."""
_WARM_UP, _TIMED = 2, 5
"""Steps of a calibration: allocations and counting FLOPs are not the budget's."""


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
    progress: Callable[[Course, float], None]
    """Called with how far it is and the mean loss since the last point."""


@dataclass(frozen=True)
class Trained:
    """What a training was."""

    curve: tuple[Point, ...]
    steps: int
    seconds: float
    flops_per_step: float | None
    calibration: str | None = None
    """How a budget in FLOPs or seconds became steps."""
    elsewhere: bool = False
    """A part of it ran on another processor, other versions or another number of threads."""
    kernel_seconds: float | None = None
    """Mean time of the fixed kernel beside it."""


def pretrain(job: Job, steps: int | None, keeper: Keeper | None = None) -> Trained:
    """Train encoder and extraction in place.

    Args:
        job: What to train.
        steps: Of the optimiser; None where the budget must be calibrated first.
        keeper: Keeps checkpoints, and knows where an interrupted training goes on.

    Raises:
        NonFiniteLossError: With the step and the images of the batch.
        Stopped: After SIGTERM, once the checkpoint is written.
    """
    optimizer = _optimizer(job)
    modules = {"encoder": job.encoder, "extraction": job.extraction}
    course = keeper.load(modules, optimizer) if keeper is not None else Course()
    if course.steps == 0:
        course.steps, course.calibration = (steps, None) if steps else calibrate(job)
    job.encoder.train()
    job.extraction.train()
    with keeper.listening() if keeper is not None else nullcontext():
        while course.step < course.steps:
            advance(job, optimizer, course)
            if keeper is not None:
                keeper.after_step(course, modules, optimizer)
    return Trained(
        tuple(course.curve), course.steps, course.seconds, course.flops_per_step,
        course.calibration, course.elsewhere,
        course.kernel_seconds / course.kernels if course.kernels else None,
    )  # fmt: skip


def advance(job: Job, optimizer: torch.optim.Optimizer, course: Course) -> None:
    """Do one step and note it; a point of the curve where one is due."""
    start = time.perf_counter()
    step, steps = course.step, course.steps
    rate = job.cell.recipe.learning_rate * _factor(job.cell, step, steps, len(job.split))
    for group in optimizer.param_groups:
        group["lr"] = rate
    counter = FlopCounterMode(display=False) if step == 0 else None
    with counter or nullcontext():
        course.loss_sum += train_step(job, optimizer, step, steps)
    if counter is not None:
        course.flops_per_step = float(counter.get_total_flops()) or None
    course.step, course.since = step + 1, course.since + 1
    course.seconds += time.perf_counter() - start
    if course.step % max(1, steps // POINTS) == 0 or course.step == steps:
        mean = course.loss_sum / course.since
        course.curve.append(Point(step=course.step, loss=mean, learning_rate=rate))
        course.loss_sum, course.since = 0.0, 0
        if len(course.curve) % _KERNEL_EVERY == 1:
            course.kernel_seconds += kernel.seconds(job.device)
            course.kernels += 1
        job.progress(course, mean)


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
    trial.encoder.train()
    trial.extraction.train()
    optimizer, course = _optimizer(trial), Course(steps=_WARM_UP + _TIMED)
    for _ in range(_WARM_UP):
        advance(trial, optimizer, course)
    course.seconds = 0.0
    for _ in range(_TIMED):
        advance(trial, optimizer, course)
    if budget.currency == "flops":
        if course.flops_per_step is None:
            raise NotImplementedError("the FLOPs of this encoder cannot be counted")
        unit, each = "FLOPs", course.flops_per_step
    else:
        unit, each = "seconds", course.seconds / _TIMED
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
