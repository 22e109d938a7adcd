"""What watches a run, and how it is kept from harming it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from benchmark.engines.engine import Advanced, Event, Finished
from benchmark.reading import plain
from benchmark.report.live import Planned, View
from benchmark.store.provenance import now

PATIENCE = 15.0
"""Seconds that the end of a run waits for a watcher to take in what is still to be told."""
BACKLOG = 100
"""Events that may wait for a slow watcher; beyond it, moments between start and end are dropped."""


@dataclass(frozen=True)
class Watched:
    """The run that is watched."""

    matrix: str
    """Its name."""
    results: Path
    """The folder of the results."""
    cells: Sequence[Planned]
    """What is to run."""
    workers: int
    """Cells side by side."""


@dataclass(frozen=True)
class Instant:
    """When something happened, however much later a slow watcher is told."""

    seconds: float = field(default_factory=monotonic)
    """Of the monotonic clock."""
    utc: str = field(default_factory=now)
    """ISO 8601."""


class Watcher(Protocol):
    """Is told of a run, in one thread, and may be slow or raise whatever it likes."""

    def begin(self, at: Instant) -> None:
        """Take note that the run begins."""

    def show(self, event: Event, at: Instant) -> None:
        """Take note of an event; predictions are left out of it."""

    def end(self, stopped: str | None, at: Instant) -> None:
        """Take note that the run is over; `stopped` says what ended it early."""


class Background:
    """A watcher in a thread of its own: the run waits for it at the end only, and not for long.

    It cannot change a result, which is written before it is told, nor the exit code. What goes
    wrong is said once; what comes later is still told, for a server may come back.
    """

    def __init__(
        self,
        name: str,
        watcher: Watcher,
        warn: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        """Begin nothing yet."""
        self.name, self.watcher, self.warn, self.patience = name, watcher, warn, patience
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._warned = False
        self._thread = threading.Thread(target=self._work, name=f"watch {name}", daemon=True)

    def __enter__(self) -> Self:
        """Begin to tell."""
        self._thread.start()
        at = Instant()
        self._tasks.put(lambda: self.watcher.begin(at))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell the end, and wait a while until it is taken in."""
        stopped, at = None if error is None else str(error) or type(error).__name__, Instant()
        self._tasks.put(lambda: self.watcher.end(stopped, at))
        self._tasks.put(None)
        self._thread.join(self.patience)
        if self._thread.is_alive():
            self._say(f"still busy {self.patience:g} s after the run; the rest is lost")

    def show(self, event: Event) -> None:
        """Tell an event, later."""
        if isinstance(event, Advanced) and self._tasks.qsize() > BACKLOG:
            return
        if isinstance(event, Finished):
            event = replace(event, predictions={})
        at = Instant()
        self._tasks.put(lambda: self.watcher.show(event, at))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except Exception as error:  # of code that is not ours, and in no one's way
                self._say(str(error) or type(error).__name__)

    def _say(self, words: str) -> None:
        if not self._warned:
            self._warned = True
            self.warn(f"{self.name}: {plain(words)} (the run and its results are not affected)")


class Together:
    """Several views as one."""

    def __init__(self, views: Sequence[View]) -> None:
        """Show to each, in this order."""
        self.views, self._open = views, ExitStack()

    def __enter__(self) -> Self:
        """Begin to show."""
        for each in self.views:
            self._open.enter_context(each)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave every view, the last first."""
        self._open.__exit__(kind, error, trace)

    def show(self, event: Event) -> None:
        """Show one event to each."""
        for each in self.views:
            each.show(event)
