"""Cells side by side on this machine, each worker a warm process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from benchmark.engines.engine import (
    Advanced,
    Event,
    Finished,
    Found,
    Interrupted,
    Options,
    Started,
    Summary,
    Taken,
    Work,
    kept,
    ours,
)
from benchmark.engines.process import Worker, end_all, wait
from benchmark.engines.signals import Stop
from benchmark.engines.worker import Answer, Check, Ready, Refused
from benchmark.errors import CslbenchError, DataError
from benchmark.matrix.cell import Cell
from benchmark.progress import Progress
from benchmark.store import work as work_folder
from benchmark.store.result import Result

_POLL_SECONDS = 0.2
"""How long a signal may go unseen."""
_SECONDS_BUSY = 1.0
"""Between two looks at cells that other processes have."""


class LocalEngine:
    """Runs cells on worker processes; the caller's process is the only one that writes."""

    def run(
        self,
        works: Sequence[Work],
        *,
        options: Options,
        on_event: Callable[[Event], None],
        take: Callable[[Cell], Taken] = ours,
        hand_in: Callable[[Finished], Finished | Found] = kept,
    ) -> Summary:
        """Run every work; see `Engine`."""
        if not works:
            return Summary(0)
        with Stop() as stop:
            pool = _Pool(works, options, on_event, stop, take=take, hand_in=hand_in)
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
        *,
        take: Callable[[Cell], Taken],
        hand_in: Callable[[Finished], Finished | Found],
    ) -> None:
        self.waiting = list(works)
        self.options, self.on_event, self.stop = options, on_event, stop
        self.take, self.hand_in = take, hand_in
        self.ask_again = 0.0
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
            if member.task is None and not self.checking:
                work = self._next()
                if work is None:
                    return
                member.give(work)
                self.on_event(Started(work.cell))

    def _next(self) -> Work | None:
        """Return the first cell that is ours to run; those that others published are done."""
        if time.monotonic() < self.ask_again:
            return None
        for work in list(self.waiting):
            taken = self.take(work.cell)
            if taken == "busy":
                continue
            self.waiting.remove(work)
            if taken == "mine":
                return work
            self.summary = self.summary.add(taken)
            self.on_event(Found(work.cell, taken))
        self.ask_again = time.monotonic() + _SECONDS_BUSY
        return None

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
            if refused is None and self.stop.signum is None:
                if member.ended:
                    self._bury(member, "failed", self._died(member))
                elif self._overdue(member):
                    self._end_overdue(member)
                elif self._spent(member):
                    end_all([member])
                    self._dismiss(member)
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
        if isinstance(answer, Ready):
            member.start_clock()
            return
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
        stands = self.hand_in(event)
        self.summary = self.summary.add(stands.result)
        self.on_event(stands)

    def _spent(self, member: Worker) -> bool:
        """Say whether its next cell needs a fresh one: what is left of the last one counts."""
        return self.options.memory is not None and member.used and member.task is None

    def _overdue(self, member: Worker) -> bool:
        limit, begun = self.options.timeout, member.begun
        if limit is None or begun is None or not isinstance(member.task, Work):
            return False
        return time.monotonic() - begun > limit

    def _end_overdue(self, member: Worker) -> None:
        """End a cell that takes too long; a checkpoint stays, so that it may go on."""
        end_all([member])
        for answer in member.answers():
            if not isinstance(answer, Refused):  # it may have come through in this moment
                self._take(member, answer)
        goes_on = isinstance(member.task, Work) and self._checkpointed(member.task.cell)
        how = "goes on from there" if goes_on else "starts anew"
        self._bury(
            member, "timeout",
            f"took longer than {self.options.timeout:g} s; it {how} when it is run again",
        )  # fmt: skip

    def _checkpointed(self, cell: Cell) -> bool:
        root = self.options.results
        return root is not None and work_folder.checkpoint_path(root, cell).is_file()

    def _bury(self, member: Worker, status: Literal["failed", "timeout"], words: str) -> None:
        """Record what a worker that ended was doing."""
        if isinstance(member.task, Check):
            raise DataError(f"looking at the data, {words}")
        if member.task is not None:
            cell = member.task.cell
            self._finish(Finished(cell, self._lost(cell, status, words, member.since)))
        self._dismiss(member)

    def _died(self, member: Worker) -> str:
        """Say how a worker ended; where memory is limited that may be why, whatever it says."""
        limit = self.options.memory
        limited = "" if limit is None else f" under --memory {limit / 2**30:g} GiB"
        return f"the worker process{limited} {member.last_words()}"

    def _dismiss(self, member: Worker) -> None:
        """Let go of a worker that ended, and hire another if there is work."""
        member.close()
        self.workers.remove(member)
        if self.waiting:
            self._hire()

    def _lost(
        self, cell: Cell, status: Literal["failed", "timeout"], words: str, started: str
    ) -> Result:
        from benchmark.cell import failed_result

        return failed_result(
            cell, status, words, device=self.options.device, threads=self.options.threads,
            command=self.options.command, started=started,
        )  # fmt: skip
