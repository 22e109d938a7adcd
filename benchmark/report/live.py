"""What a run looks like while it runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self, TextIO, TypeAlias

from benchmark.engines.engine import Event, Finished, Found, Started
from benchmark.matrix.cell import Cell
from benchmark.progress import Progress
from benchmark.reading import plain
from benchmark.report.following import Running, Tally
from benchmark.store.result import Result

SECONDS_BETWEEN_LINES = 10.0
"""On how far a cell is, times the cells that run: a log of many grows no faster than one of one."""
SHARE_BETWEEN_LINES = 0.05
"""Of the time that a cell has run, at least: a log of days stays readable."""
ELSEWHERE = "published by another process"
PHASES = {"train": "training", "evaluate": "scoring"}
Planned: TypeAlias = tuple[Cell, float | None]
"""A cell, and the seconds that a plan gives it; None for unknown."""


class View(Protocol):
    """Shows events."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the screen clean, whatever happened."""

    def show(self, event: Event) -> None:
        """Show one event."""


def outcome(result: Result, seconds: float) -> str:
    """Say in one line what came of a cell."""
    if not result.final:
        return f"{result.status.replace('_', ' ')}: {plain(result.error or '')}"
    scores = ", ".join(f"{name} {score.top1.value:.1f} %" for name, score in result.metrics.items())
    collapsed = "collapsed, " if result.status == "collapsed" else ""
    return f"{collapsed}{scores} in {duration(seconds)}"


def duration(seconds: float) -> str:
    """Write a time in the unit that fits."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def moment(progress: Progress) -> list[str]:
    """Return what there is to say of a moment: phase, share, loss, pace."""
    words = [f"{PHASES[progress.phase]} {100 * progress.done // max(1, progress.total)} %"]
    if progress.loss is not None:
        words.append(f"loss {progress.loss:.3f}")
    if progress.images_per_second is not None:
        words.append(f"{progress.images_per_second:.0f} images/s")
    if progress.knn is not None:
        words.append(f"kNN {progress.knn:.0f} %")
    return words


class Lines:
    """One line per change of a cell, and now and then one on how far it is."""

    def __init__(
        self,
        cells: Sequence[Planned],
        workers: int,
        out: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write to `out`."""
        self._tally, self._out = Tally(cells, workers, clock), out

    def __enter__(self) -> Self:
        """Begin to show."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to clean."""

    def show(self, event: Event) -> None:
        """Show one event, if it is worth a line."""
        about, now = self._tally.take(event), self._tally.clock()
        if isinstance(event, Started):
            self._line(about, "started")
        elif isinstance(event, Finished):
            left = self._tally.left()
            whole = f"; about {duration(left)} left in all" if left else ""
            self._line(about, outcome(event.result, now - about.started) + whole)
        elif isinstance(event, Found):
            self._line(about, ELSEWHERE)
        elif event.progress.note:
            self._line(about, event.progress.note)
        elif now - about.shown >= self._pause(about, now):
            about.shown = now
            words, left = moment(event.progress), about.left(now)
            self._line(about, ", ".join([*words, *([f"{duration(left)} left"] if left else [])]))

    def _pause(self, about: Running, now: float) -> float:
        return max(
            SECONDS_BETWEEN_LINES * len(self._tally.running),
            SHARE_BETWEEN_LINES * (now - about.started),
        )

    def _line(self, about: Running, words: str) -> None:
        print(
            f"[{self._tally.through}/{self._tally.total}] {about.cell.label}: {words}",
            file=self._out,
            flush=True,
        )


def view(cells: Sequence[Planned], workers: int, out: TextIO, *, plain: bool) -> View:
    """Return the table where `out` is a terminal and lines were not asked for, else lines."""
    if plain or not out.isatty():
        return Lines(cells, workers, out)
    from benchmark.report.screen import Screen

    return Screen(cells, workers)
