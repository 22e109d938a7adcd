"""What an engine takes and tells; every engine is a `run` of this shape."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import Protocol as Scoring
from benchmark.progress import Progress
from benchmark.store.predictions import Predictions
from benchmark.store.result import Result
from benchmark.store.work import EVERY_SECONDS

RUNNER = "benchmark.engines.runner"
"""The module that a worker does its work with: `prepare`, `check` and `run_cell`."""


@dataclass(frozen=True)
class Options:
    """What is the same for all cells of a run."""

    workers: int = 1
    """Cells side by side, each in a process of its own."""
    threads: int = 1
    """Of one cell."""
    device: Literal["cpu", "cuda"] = "cpu"
    data: Path | None = None
    plugins: tuple[Path, ...] = ()
    command: str = ""
    """What was typed, for the record."""
    runner: str = RUNNER
    results: Path | None = None
    """Where cells keep their checkpoints; None keeps none."""
    every: float = EVERY_SECONDS
    """Seconds of training between two checkpoints, at least; 0 is after every step."""
    timeout: float | None = None
    """Seconds that a cell may take in one run."""
    memory: int | None = None
    """Bytes that a worker may use; each cell then has a worker of its own."""
    keep_encoders: bool = False
    """Leave each cell's encoder beside its result."""


@dataclass(frozen=True)
class Work:
    """One cell, and how it is to be scored."""

    cell: Cell
    protocols: tuple[Scoring, ...]
    stored: Path | None = None
    """Its result, where the encoder beside that is scored in place of training one."""


@dataclass(frozen=True)
class Started:
    """A worker took a cell."""

    cell: Cell


@dataclass(frozen=True)
class Advanced:
    """A cell is further than it was."""

    cell: Cell
    progress: Progress


@dataclass(frozen=True)
class Finished:
    """A cell has its result, whatever it is."""

    cell: Cell
    result: Result
    predictions: Predictions = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """Another process has published a cell's result meanwhile."""

    cell: Cell
    result: Result


Event: TypeAlias = Started | Advanced | Finished | Found
Taken: TypeAlias = Literal["mine", "busy"] | Result
"""Ours to run, another process's at the moment, or published since the plan was made."""


def ours(cell: Cell) -> Taken:
    """Take every cell: where nobody else can work on the same ones."""
    del cell
    return "mine"


def kept(event: Finished) -> Finished | Found:
    """Let every result stand: where nobody else can publish the same cells."""
    return event


@dataclass(frozen=True)
class Summary:
    """How a run went."""

    total: int
    done: int = 0
    """Cells whose result is final."""
    failed: int = 0
    """Cells that came to nothing; the next run tries them again."""

    def add(self, result: Result) -> Summary:
        """Return the summary with one more result."""
        return Summary(self.total, self.done + result.final, self.failed + (not result.final))

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.total} cells done{failed}"


class Interrupted(Exception):
    """A signal ended the run; what was finished has been told."""

    def __init__(self, signum: int, summary: Summary) -> None:
        super().__init__(f"interrupted by {signal.Signals(signum).name}: {summary}")
        self.signum, self.summary = signum, summary


class Engine(Protocol):
    """Runs cells somewhere."""

    def run(
        self,
        works: Sequence[Work],
        *,
        options: Options,
        on_event: Callable[[Event], None],
        take: Callable[[Cell], Taken] = ours,
        hand_in: Callable[[Finished], Finished | Found] = kept,
    ) -> Summary:
        """Run every work, in the order given as far as workers allow, and tell each event.

        `take` is asked before a cell is begun, and again later for one that is busy elsewhere.
        `hand_in` takes each result in and returns what stands, which is then counted and told.

        The data of all cells is looked at before the first one starts.

        Raises:
            CslbenchError: If data or request are at fault, or `on_event` or `hand_in` raised it:
                all work stops.
            Interrupted: After SIGINT or SIGTERM.
        """
