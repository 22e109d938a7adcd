"""What a run looks like while it runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from benchmark.engines.engine import Advanced, Event, Finished, Found, Started
from benchmark.matrix.cell import Cell
from benchmark.progress import Progress
from benchmark.reading import plain
from benchmark.store.result import Result

if TYPE_CHECKING:
    from rich.console import Console, Group

SECONDS_BETWEEN_LINES = 10.0
"""A log of a long run stays readable."""
ELSEWHERE = "published by another process"
_WORDS = {"train": "training", "evaluate": "scoring"}
_FRAME = 5
"""Lines of the live table that are no cells, and one to stay off the last line."""


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


@dataclass
class Running:
    """A cell that a worker has."""

    cell: Cell
    started: float
    progress: Progress | None = None
    phase_started: float = 0.0
    shown: float = 0.0

    def left(self, now: float) -> float | None:
        """Return the seconds that the phase still takes, at the pace so far."""
        at = self.progress
        if at is None or not at.done:
            return None
        return (now - self.phase_started) / at.done * (at.total - at.done)


class Track:
    """What runs now and how many are through."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.clock, self.start = total, clock, clock()
        self.done = self.failed = 0
        self.running: dict[str, Running] = {}

    def take(self, event: Event) -> Running:
        """Take an event in, and return the cell that it is about."""
        now, name = self.clock(), event.cell.pretrain_id
        about = self.running.setdefault(name, Running(event.cell, now, None, now, now))
        if isinstance(event, Advanced) and not event.progress.note:
            if about.progress is None or about.progress.phase != event.progress.phase:
                about.phase_started = about.started if about.progress is None else now
            about.progress = event.progress
        elif isinstance(event, Finished | Found):
            del self.running[name]
            self.done += event.result.final
            self.failed += not event.result.final
        return about

    @property
    def counts(self) -> str:
        """Return one line on the whole."""
        through = self.done + self.failed
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{through} of {self.total} cells{failed}, {len(self.running)} running"


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
    words = [f"{_WORDS[progress.phase]} {100 * progress.done // max(1, progress.total)} %"]
    if progress.loss is not None:
        words.append(f"loss {progress.loss:.3f}")
    if progress.images_per_second is not None:
        words.append(f"{progress.images_per_second:.0f} images/s")
    if progress.knn is not None:
        words.append(f"kNN {progress.knn:.0f} %")
    return words


class Lines:
    """One line per change of a cell, and one every ten seconds on how far it is."""

    def __init__(
        self, total: int, out: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Write to `out`."""
        self._track, self._out = Track(total, clock), out

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
        about, now = self._track.take(event), self._track.clock()
        if isinstance(event, Started):
            self._line(about, "started")
        elif isinstance(event, Finished):
            self._line(about, outcome(event.result, now - about.started))
        elif isinstance(event, Found):
            self._line(about, ELSEWHERE)
        elif event.progress.note:
            self._line(about, event.progress.note)
        elif now - about.shown >= SECONDS_BETWEEN_LINES:
            about.shown = now
            words, left = moment(event.progress), about.left(now)
            self._line(about, ", ".join([*words, *([f"{duration(left)} left"] if left else [])]))

    def _line(self, about: Running, words: str) -> None:
        through = self._track.done + self._track.failed
        print(
            f"[{through}/{self._track.total}] {about.cell.label}: {words}",
            file=self._out,
            flush=True,
        )


class Table:
    """The running cells as a live table, the finished ones as lines above it."""

    def __init__(self, total: int, console: Console | None = None) -> None:
        """Draw on a console: by default the terminal that stdout is."""
        from rich.console import Console
        from rich.live import Live

        self._track = Track(total)
        self._console = console or Console(highlight=False)
        self._live = Live(
            console=self._console, get_renderable=self._draw, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the table away; the finished lines stay."""
        self._live.stop()

    def show(self, event: Event) -> None:
        """Take an event in; the next drawing shows it."""
        from rich.text import Text

        about = self._track.take(event)
        if isinstance(event, Finished):
            seconds = self._track.clock() - about.started
            style = "green" if event.result.final else "red"
            line = Text(f"{about.cell.label}: ", style=style)
            self._console.print(line + Text(outcome(event.result, seconds)))
        elif isinstance(event, Found):
            self._console.print(Text(f"{about.cell.label}: {ELSEWHERE}", style="dim"))
        elif isinstance(event, Advanced) and event.progress.note:
            self._console.print(Text(f"{about.cell.label}: {event.progress.note}"))

    def _draw(self) -> Group:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table as Grid
        from rich.text import Text

        grid, now = Grid(box=None, padding=(0, 2, 0, 0)), self._track.clock()
        for name in ("cell", "", "", "loss", "kNN", "images/s", "left"):
            grid.add_column(name, justify="left" if name in ("cell", "") else "right")
        running = list(self._track.running.values())
        shown = running[: max(1, self._console.height - _FRAME)]
        for about in shown:
            at, left = about.progress, about.left(now)
            grid.add_row(
                Text(about.cell.label),
                "starting" if at is None else _WORDS[at.phase],
                ProgressBar(total=at.total if at else 1, completed=at.done if at else 0, width=20),
                f"{at.loss:.3f}" if at and at.loss is not None else "",
                f"{at.knn:.0f} %" if at and at.knn is not None else "",
                f"{at.images_per_second:.0f}" if at and at.images_per_second is not None else "",
                "" if left is None else duration(left),
            )
        more = f" ({len(running) - len(shown)} of them not shown)" if running[len(shown) :] else ""
        elapsed = duration(now - self._track.start)
        return Group(grid, Text(f"{self._track.counts}{more}, {elapsed}", style="bold"))


def view(total: int, out: TextIO, *, plain: bool) -> View:
    """Return the table where `out` is a terminal and lines were not asked for, else lines."""
    if plain or not out.isatty():
        return Lines(total, out)
    return Table(total)
