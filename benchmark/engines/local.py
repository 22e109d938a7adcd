"""Cells side by side on this machine, each worker a warm process of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from benchmark.engines.engine import (
    Advanced,
    Event,
    Finished,
    Interrupted,
    Options,
    Started,
    Summary,
    Work,
)
from benchmark.engines.process import Worker, end_all, wait
from benchmark.engines.signals import Stop
from benchmark.engines.worker import Answer, Check, Refused
from benchmark.errors import CslbenchError, DataError
from benchmark.matrix.cell import Cell
from benchmark.progress import Progress
from benchmark.store.result import Result

_POLL_SECONDS = 0.2
"""How long a signal may go unseen."""


class LocalEngine:
    """Runs cells on worker processes; the caller's process is the only one that writes."""

    def run(
        self,
        works: Sequence[Work],
        *,
        options: Options,
        on_event: Callable[[Event], None],
    ) -> Summary:
        """Run every work; see `Engine`."""
        if not works:
            return Summary(0)
        with Stop() as stop:
            pool = _Pool(works, options, on_event, stop)
            try:
                while pool.busy and stop.signum is None:
                    pool.hand_out()
                    pool.listen(_POLL_SECONDS)
                if stop.signum is None:
                    return pool.summary
                pool.listen(0.0)  # what has been finished by now is not lost
                raise Interrupted(stop.signum, pool.summary)
            finally:
                pool.close()


class _Pool:
    """The workers of one run, the cells that wait, and what has come of the others."""

    def __init__(
        self,
        works: Sequence[Work],
        options: Options,
        on_event: Callable[[Event], None],
        stop: Stop,
    ) -> None:
        self.waiting = deque(works)
        self.options, self.on_event, self.stop = options, on_event, stop
        self.summary = Summary(len(works))
        self.workers: list[Worker] = []
        self.checking = True
        for _ in range(min(options.workers, len(works))):
            self._hire()
        self.workers[0].give(Check(tuple(sorted({work.cell.dataset for work in works}))))

    @property
    def busy(self) -> bool:
        return bool(self.waiting) or any(member.task is not None for member in self.workers)

    def hand_out(self) -> None:
        """Give every idle worker a cell, once the data is known to be there."""
        for member in self.workers:
            if self.waiting and member.task is None and not self.checking:
                work = self.waiting.popleft()
                member.give(work)
                self.on_event(Started(work.cell))

    def listen(self, seconds: float) -> None:
        """Wait for news at most so long, and act on it.

        Raises:
            CslbenchError: A worker's, after everything that has been finished was told.
        """
        wait(self.workers, seconds)
        refused: CslbenchError | None = None
        for member in list(self.workers):
            for answer in member.answers():
                if isinstance(answer, Refused):
                    refused = refused or answer.error
                else:
                    self._take(member, answer)
            # a signal to the whole group ends workers too: they were stopped, they did not fail
            if member.ended and refused is None and self.stop.signum is None:
                self._bury(member)
        if refused is not None:
            raise refused

    def close(self) -> None:
        end_all(self.workers)
        for member in self.workers:
            member.close()

    def _hire(self) -> None:
        self.workers.append(Worker(self.options))

    def _take(self, member: Worker, answer: Answer) -> None:
        task = member.task
        if isinstance(answer, Progress):
            if isinstance(task, Work):
                self.on_event(Advanced(task.cell, answer))
            return
        member.task = None
        if isinstance(task, Check):
            self.checking = False
        elif task is not None and not isinstance(answer, Refused) and answer.result is not None:
            self._finish(Finished(task.cell, answer.result, answer.predictions or {}))

    def _finish(self, event: Finished) -> None:
        self.summary = self.summary.add(event.result)
        self.on_event(event)

    def _bury(self, member: Worker) -> None:
        """Record what a dead worker was doing as failed, and hire another if there is work."""
        words = member.last_words()
        member.close()
        self.workers.remove(member)
        if isinstance(member.task, Check):
            raise DataError(f"looking at the data, the worker process {words}")
        if member.task is not None:
            cell = member.task.cell
            self._finish(Finished(cell, self._lost(cell, words, member.since)))
        if self.waiting:
            self._hire()

    def _lost(self, cell: Cell, words: str, started: str) -> Result:
        from benchmark.cell import failed_result

        return failed_result(
            cell, "failed", f"the worker process {words}", device=self.options.device,
            threads=self.options.threads, command=self.options.command, started=started,
        )  # fmt: skip
