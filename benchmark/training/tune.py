"""Choose the learning rates of the `common` training: one small grid a row, on train data alone.

The train split is divided: the larger part is trained and probed on, the smaller one scored. The
test split is never loaded into a trial, and the replicates are ones that no matrix may report.
"""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

import torch

from benchmark.cell import run_cell
from benchmark.data import load as load_dataset
from benchmark.data.dataset import Dataset
from benchmark.data.parts import held_out
from benchmark.errors import UsageError
from benchmark.matrix import common
from benchmark.matrix.budget import Budget
from benchmark.matrix.cell import Cell
from benchmark.matrix.model import Matrix
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.matrix.schema import TUNING_REPLICATE
from benchmark.store import atomic

GRID = (1e-3, 2e-3, 4e-3, 8e-3)
REPLICATES = tuple(range(TUNING_REPLICATE, TUNING_REPLICATE + 3))
"""Of one, the rates of BYOL on `photos` lay within 1.3 points, which is noise."""
PROTOCOL = PROTOCOLS["linear"]


@dataclass(frozen=True)
class Tried:
    """One run of the grid."""

    cell: Cell
    score: float | None
    """Top-1 in percent on the part held out of the train split; None where the run failed."""
    error: str = ""

    @property
    def rate(self) -> float:
        """Return the learning rate that was tried."""
        return self.cell.recipe.base_learning_rate


def tune(
    matrix: Matrix,
    *,
    grid: Sequence[float] = GRID,
    replicates: Sequence[int] = REPLICATES,
    share: float = 1.0,
    data: Path | None = None,
    device: str = "cpu",
    jobs: int = 1,
    report: Callable[[Tried], None] = lambda _: None,
) -> Iterator[common.Entry]:
    """Try every rate on every row of a matrix that takes the common training.

    Args:
        matrix: Whose rows; its replicates and protocols play no part.
        grid: Learning rates.
        replicates: Seeds, 1000 or more; scores are averaged over them.
        share: Of a row's budget that one run spends, in (0, 1]; less than 1 is said in the entry.
        data: Where datasets that need files are.
        device: `cpu` or `cuda`.
        jobs: Runs side by side, one thread each.
        report: Told of every run that is done.

    Yields:
        An entry as soon as a row is done; none for a row of which no rate came through.

    Raises:
        UsageError: If a replicate may be reported, no row takes the common training, or the share
            buys not one step.
        DataError: If a dataset is missing or damaged.
    """
    for replicate in replicates:
        if replicate < TUNING_REPLICATE:
            raise UsageError(
                f"replicates below {TUNING_REPLICATE} are reported, so nothing is tuned on them "
                f"(got {replicate})"
            )
    to_tune = rows(matrix)
    trials = [trial for row in to_tune for trial in _trials(row, grid, replicates, share)]
    runs = _run_all(trials, data, device, jobs)
    for row in to_tune:
        tried = []
        for one in islice(runs, len(grid) * len(replicates)):
            report(one)
            tried.append(one)
        entry = choose(row, tried)
        if entry is not None:
            yield entry


def rows(matrix: Matrix) -> tuple[Cell, ...]:
    """Return one cell of every row that takes the common training.

    Raises:
        UsageError: If there is none.
    """
    first: dict[tuple[str, str, str, str], Cell] = {}
    for cell in matrix.cells:
        if cell.training == "common" and cell.steps != 0:
            first.setdefault((cell.method, cell.dataset, cell.encoder, cell.budget.spent), cell)
    if not first:
        raise UsageError(
            f"matrix {matrix.name!r}: no row takes the common training; nothing to tune"
        )
    return tuple(first.values())


def choose(row: Cell, tried: Sequence[Tried]) -> common.Entry | None:
    """Take the best mean score of a row's runs, the lower rate where two are equal.

    A rate that failed under one replicate is out; None where all are.
    """
    trials = [_mean(rate, tried) for rate in sorted({one.rate for one in tried})]
    scored = [(trial.score, -trial.rate) for trial in trials if trial.score is not None]
    if not scored:
        return None
    spent = tried[0].cell.budget.spent
    return common.Entry(
        method=row.method, dataset=row.dataset, encoder=row.encoder, budget=row.budget.spent,
        batch=row.recipe.batch, learning_rate=-max(scored)[1],
        tried_with=None if spent == row.budget.spent else spent, tried=trials,
    )  # fmt: skip


def save(entry: common.Entry, path: Path = common.SHIPPED) -> None:
    """Write the table with this row added or replaced; the others stay.

    Raises:
        MatrixError: If the present table cannot be read.
        ResultError: If the file cannot be written.
    """
    atomic.write(path, common.render(common.load(path).with_entries((entry,))).encode())


def _trials(
    row: Cell, grid: Sequence[float], replicates: Sequence[int], share: float
) -> Iterator[Cell]:
    budget, steps = row.budget, row.steps
    if share != 1:
        budget = Budget.of(budget.currency, budget.amount * share)
        steps = steps and budget.steps(row.recipe.batch, steps * row.recipe.batch)
    for rate in grid:
        recipe = replace(row.recipe, base_learning_rate=float(rate), source="tuning")
        for replicate in replicates:
            changed = {"recipe": recipe, "replicate": replicate, "budget": budget, "steps": steps}
            yield row.model_copy(update=changed)


def _run_all(trials: Sequence[Cell], data: Path | None, device: str, jobs: int) -> Iterator[Tried]:
    work = partial(_run, data=data, device=device)
    if jobs == 1:
        yield from map(work, trials)
        return
    # a forked child would share torch's thread pool with its parent
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        jobs, context, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        yield from pool.map(work, trials)


def _run(cell: Cell, *, data: Path | None, device: str) -> Tried:
    result, _ = run_cell(
        cell, (PROTOCOL,), data=data, device=device, dataset=_parts(cell.dataset, data)
    )
    if result.status != "ok":  # a collapsed run may score, but is none to follow
        return Tried(cell, None, f"{result.status}: {result.error or 'features are collapsed'}")
    return Tried(cell, result.metrics[PROTOCOL.name].top1.value)


@lru_cache(maxsize=1)
def _parts(name: str, data: Path | None) -> Dataset:
    """Return a dataset's train split in two parts; the last one asked for is kept."""
    return held_out(load_dataset(name, data))


def _mean(rate: float, group: Sequence[Tried]) -> common.Trial:
    scores = [one.score for one in group if one.rate == rate]
    known = [score for score in scores if score is not None]
    mean = round(statistics.fmean(known), 2) if len(known) == len(scores) else None
    return common.Trial(rate=rate, score=mean)
