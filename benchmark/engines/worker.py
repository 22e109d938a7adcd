"""The life of a worker process: take a task, do it, say how it went."""

from __future__ import annotations

import faulthandler
import importlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

from benchmark import plugins
from benchmark.engines.engine import Options, Work
from benchmark.errors import CslbenchError, DataError
from benchmark.progress import Progress
from benchmark.store.predictions import Predictions
from benchmark.store.result import Result

SECONDS_BETWEEN = 0.2
"""A watcher sees no more than five moments of a cell a second."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Check:
    """Look whether these datasets are there and whole."""

    datasets: tuple[str, ...]


@dataclass(frozen=True)
class Ready:
    """The process has started: what it does from now on is its tasks."""


@dataclass(frozen=True)
class Done:
    """A task is done; a cell's comes with its result."""

    result: Result | None = None
    predictions: Predictions | None = None


@dataclass(frozen=True)
class Refused:
    """Data or request are at fault: there is nothing to record."""

    error: CslbenchError


Task: TypeAlias = Work | Check
Answer: TypeAlias = Ready | Progress | Done | Refused


def main(pipe: Connection, options: Options, log: Path) -> None:
    """Answer tasks until the pipe is closed.

    SIGINT is blocked from birth (the parent says when to stop), and a parent that was killed takes
    its workers with it. What is printed goes to `log`: on the screen it would tear the live view.
    """
    _print_to(log)
    for name in _THREADS:  # before torch and numpy are imported: they look only then
        os.environ[name] = str(options.threads)
    threading.Thread(target=_follow_parent, daemon=True).start()
    runner = importlib.import_module(options.runner)
    try:
        runner.prepare(options)
        plugins.load_all(options.plugins)
        pipe.send(Ready())
        while True:
            task = pipe.recv()
            pipe.send(_answer(runner, task, pipe, options))
    except CslbenchError as error:
        pipe.send(Refused(error))
    except (EOFError, BrokenPipeError):
        return


def _answer(runner: Any, task: Task, pipe: Connection, options: Options) -> Done | Refused:
    try:
        if isinstance(task, Check):
            for dataset in task.datasets:
                runner.check(dataset, options.data)
            return Done()
        return Done(*runner.run_cell(task, options, _throttled(pipe.send)))
    except CslbenchError as error:
        return Refused(error)
    except MemoryError as error:  # of a cell it is that cell's result
        return Refused(DataError(f"not enough memory to load the data ({error}); allow more"))


def _throttled(send: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Drop moments that follow too soon, except the last of a phase and those with a note."""
    last = 0.0

    def tell(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN or progress.done == progress.total or progress.note:
            last = now
            send(progress)

    return tell


def _print_to(log: Path) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_APPEND)
    for printed in (1, 2):
        os.dup2(handle, printed)
    os.close(handle)
    faulthandler.enable()


def _follow_parent() -> None:
    """End this process when its parent is gone, however busy it is."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
