"""The running cells as a live table on a terminal of any width, the finished as lines above it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from benchmark.engines.engine import Advanced, Event, Finished, Found
from benchmark.matrix.cell import Cell
from benchmark.report.following import Running, Tally
from benchmark.report.live import ELSEWHERE, PHASES, Planned, duration, outcome

if TYPE_CHECKING:
    from rich.console import Console, Group

_FRAME = 5
"""Lines that are no cells, and one to stay off the last line."""
_GAP = 1
_COLUMNS = (
    ("", 8, 0), ("done", 5, 0), ("loss", 8, 50), ("kNN", 5, 60), ("images/s", 8, 75),
    ("left", 7, 0),
)  # fmt: skip
"""Beside the cell's name: title, width, and the width of a terminal below which it is left out."""


class Screen:
    """A live table."""

    def __init__(
        self, cells: Sequence[Planned], workers: int, console: Console | None = None
    ) -> None:
        """Draw on a console: by default the terminal that stdout is."""
        from rich.console import Console
        from rich.live import Live

        self._tally = Tally(cells, workers)
        self._names = telling([cell for cell, _ in cells])
        self._lock = Lock()  # rich draws in a thread of its own
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

        with self._lock:
            about = self._tally.take(event)
        if isinstance(event, Finished):
            seconds = self._tally.clock() - about.started
            style = "green" if event.result.final else "red"
            line = Text(f"{about.cell.label}: ", style=style)
            self._console.print(line + Text(outcome(event.result, seconds), style=""))
        elif isinstance(event, Found):
            self._console.print(Text(f"{about.cell.label}: {ELSEWHERE}", style="dim"))
        elif isinstance(event, Advanced) and event.progress.note:
            self._console.print(Text(f"{about.cell.label}: {event.progress.note}"))

    def _draw(self) -> Group:
        with self._lock:
            return self._drawn(list(self._tally.running.values()), self._tally.clock())

    def _drawn(self, running: list[Running], now: float) -> Group:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        width, shown = self._console.width, running[: max(1, self._console.height - _FRAME)]
        columns = [column for column in _COLUMNS if width >= column[2]]
        room = max(8, width - 1 - sum(size + _GAP for _, size, _ in columns) - _GAP)
        names = [fit(self._names[about.cell.pretrain_id], room) for about in shown]
        grid = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
        grid.add_column("cell", width=max(map(len, names), default=4), no_wrap=True)
        for title, size, _ in columns:
            grid.add_column(title, width=size, no_wrap=True, justify="right" if title else "left")
        for name, about in zip(names, shown, strict=True):
            said = _said(about, now)
            grid.add_row(Text(name), *(said[title] for title, _, _ in columns))
        last = Text(self._whole(len(running) - len(shown), now), style="bold", no_wrap=True)
        last.truncate(width - 1, overflow="ellipsis")
        return Group(grid, last) if shown else Group(last)

    def _whole(self, hidden: int, now: float) -> str:
        """Say how far the run is."""
        tally, left = self._tally, self._tally.left()
        words = [f"{tally.through} of {tally.total} cells"]
        if tally.failed:
            words.append(f"{tally.failed} failed")
        if tally.running:
            words.append(f"{len(tally.running)} running" + (f" ({hidden} hidden)" * bool(hidden)))
        elif tally.through < tally.total:
            words.append("none running: workers start, or wait for other runs")
        words.append(duration(now - tally.start))
        if left:
            words.append(f"about {duration(left)} left")
        return ", ".join(words)


def telling(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """Return what tells the cells apart, by id: dataset and budget only where there are several."""
    dataset = len({cell.dataset for cell in cells}) > 1
    budget = len({cell.budget.name for cell in cells}) > 1
    return {
        cell.pretrain_id: [
            cell.method, *[cell.dataset] * dataset, cell.encoder, *[cell.budget.name] * budget,
            f"r{cell.replicate}",
        ]
        for cell in cells
    }  # fmt: skip


def fit(parts: Sequence[str], width: int) -> str:
    """Write the parts of a name in a width, the longest cut first, so that something of each stays.

    Below two characters a part they do not get shorter.
    """
    sizes = [len(part) for part in parts]
    while sum(sizes) + len(sizes) - 1 > width and max(sizes) > 2:
        sizes[sizes.index(max(sizes))] -= 1
    return " ".join(
        part if len(part) <= size else f"{part[: size - 1]}…"
        for part, size in zip(parts, sizes, strict=True)
    )


def _said(about: Running, now: float) -> dict[str, str]:
    """Return what there is to say of a running cell, by column."""
    at, left = about.progress, about.left(now)
    if at is None:
        return dict.fromkeys((title for title, _, _ in _COLUMNS), "") | {"": "starting"}
    return {
        "": PHASES[at.phase],
        "done": f"{100 * at.done // max(1, at.total)} %",
        "loss": "" if at.loss is None else f"{at.loss:.3f}" if at.loss < 1000 else f"{at.loss:.2e}",
        "kNN": "" if at.knn is None else f"{at.knn:.0f} %",
        "images/s": "" if at.images_per_second is None else f"{at.images_per_second:.0f}",
        "left": "" if left is None else duration(left),
    }
