"""What runs now, how far it is, and how many cells are through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmark.engines.engine import Advanced, Event, Finished, Found
from benchmark.matrix.cell import Cell
from benchmark.progress import Progress
from benchmark.report.left import Forecast


@dataclass
class Running:
    """A cell that a worker has."""

    cell: Cell
    started: float
    progress: Progress | None = None
    seen: tuple[float, int] = (0.0, 0)
    """When the first moment of the phase came, and how far the cell was then."""
    shown: float = 0.0

    def left(self, now: float) -> float | None:
        """Return the seconds that the phase still takes, at the pace since its first moment.

        What came before that moment tells nothing: a start of the worker, or steps that were made
        before a checkpoint.
        """
        at, (since, first) = self.progress, self.seen
        if at is None or at.done <= first:
            return None
        return (now - since) / (at.done - first) * (at.total - at.done)


class Tally:
    """What runs now and how many are through."""

    def __init__(
        self,
        cells: Iterable[tuple[Cell, float | None]],
        workers: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin; each cell comes with the seconds that a plan gives it, None for unknown."""
        self.clock, self.start = clock, clock()
        self.forecast = Forecast(cells, workers)
        self.total = len(self.forecast.pending)
        self.done = self.failed = 0
        self.running: dict[str, Running] = {}

    def take(self, event: Event) -> Running:
        """Take an event in, and return the cell that it is about."""
        now, name = self.clock(), event.cell.pretrain_id
        about = self.running.setdefault(name, Running(event.cell, now, shown=now))
        if isinstance(event, Advanced) and not event.progress.note:
            if about.progress is None or about.progress.phase != event.progress.phase:
                about.seen = (now, event.progress.done)
            about.progress = event.progress
        elif isinstance(event, Finished | Found):
            del self.running[name]
            self.done += event.result.final
            self.failed += not event.result.final
            tells = isinstance(event, Finished) and event.result.final
            self.forecast.strike(event.cell, now - about.started if tells else None)
        return about

    @property
    def through(self) -> int:
        """Return how many cells need no more work."""
        return self.done + self.failed

    def left(self) -> float | None:
        """Return the seconds that the whole run still takes, None while nothing tells."""
        now = self.clock()
        return self.forecast.left(
            {name: (now - each.started, each.left(now)) for name, each in self.running.items()}
        )
