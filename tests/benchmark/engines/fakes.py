"""A worker's module that takes no torch: it does what a cell's method is called.

`fail`, `crash`, `exit`, `slow`, `process` and `refuse`; any other method is done at once.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmark.engines.engine import Options, Work
from benchmark.errors import DataError, UsageError
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.progress import Progress
from benchmark.store.predictions import Predictions
from benchmark.store.result import Result
from tests.benchmark import factories

SLOW_START = "start slowly"
"""The command that makes a worker take 2 s to start."""
LINEAR = (PROTOCOLS["linear"],)


def make_cell(method: str = "ok", dataset: str = "photos", replicate: int = 0) -> Cell:
    """Return a cell that nobody could train."""
    return factories.make_cell(method, dataset, replicate=replicate)


def make_predictions(right: int = 1024) -> Predictions:
    """Return the predictions of 2,048 test images, so many of them right."""
    labels = np.arange(2048, dtype=np.int16) % 16
    return {
        "linear": np.where(np.arange(2048) < right, labels, (labels + 1) % 16),
        "labels": labels,
    }


def done(cell: Cell, threads: int = 1) -> tuple[Result, Predictions]:
    """Return what a cell that is done comes with: 50 % and as many 16ths as it has threads."""
    right = 1024 + 128 * threads
    result = factories.make_result(
        cell=cell, value=100 * right / 2048, steps=cell.steps, weights=cell.pretrain_id * 4
    )
    return result, make_predictions(right)


def prepare(options: Options) -> None:
    """Hold what a real worker relies on: threads are settled before torch is imported."""
    assert os.environ["OMP_NUM_THREADS"] == str(options.threads)
    assert "torch" not in sys.modules
    if options.command == SLOW_START:
        time.sleep(2.0)


def check(dataset: str, data: Path | None) -> None:
    """Miss one dataset."""
    if dataset == "missing":
        raise DataError(f"{data}: no such data")


def run_cell(
    work: Work, options: Options, progress: Callable[[Progress], None]
) -> tuple[Result, Predictions]:
    """Do what the method is called."""
    cell = work.cell
    assert work.protocols == LINEAR
    progress(Progress(cell.pretrain_id, "train", 1, 3, 2.5, 100.0))
    match cell.base_method:
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.stderr.write("libfake: cannot go on\n")
            sys.stderr.flush()
            os._exit(3)
        case "fail":
            error = "loss is nan at step 2"
            return factories.make_result(cell=cell, status="failed", error=error), {}
        case "process":
            error = str(os.getpid())
            return factories.make_result(cell=cell, status="failed", error=error), {}
        case "refuse":
            raise UsageError("no such encoder")
        case "slow":
            time.sleep(60)
    progress(Progress(cell.pretrain_id, "train", 3, 3, 1.5, 100.0))
    return done(cell, options.threads)
