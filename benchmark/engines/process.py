"""A worker process as its parent sees it: a pipe, a task, and what it printed."""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
import time
from collections.abc import Iterable, Sequence
from multiprocessing import connection, resource_tracker
from pathlib import Path

from benchmark.engines import worker
from benchmark.engines.engine import Options
from benchmark.store.provenance import now

GRACE_SECONDS = 25.0
"""What a worker gets between SIGTERM and SIGKILL: a step of a large encoder and its checkpoint.
Outside of training it ends at once. Schedulers kill 30 s after their own SIGTERM."""
_SPAWN = multiprocessing.get_context("spawn")
_CRASH = "Fatal Python error"
"""How `faulthandler` begins."""
_LONGEST_WORDS = 300


class Worker:
    """One process and what it is doing."""

    def __init__(self, options: Options) -> None:
        """Start it; it prepares itself while its first task waits in the pipe."""
        self.pipe, theirs = _SPAWN.Pipe()
        self._log = tempfile.NamedTemporaryFile(prefix="cslbench-worker-")  # noqa: SIM115
        self.process = _SPAWN.Process(
            target=worker.main, args=(theirs, options, Path(self._log.name)), daemon=True
        )
        resource_tracker.ensure_running()  # or starting it now would lift the block again
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:  # a new process inherits the block: Ctrl-C reaches all processes of a terminal
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        self.task: worker.Task | None = None
        self.since = ""
        """When the task was given, UTC."""
        self.begun: float | None = None
        """When it began on the task, on the monotonic clock; None while it still starts."""
        self.ready = False
        self.ended = False
        self.used = False
        """Whether it was ever given a task: what that left in its memory stays."""

    def give(self, task: worker.Task) -> None:
        """Hand it its next task."""
        self.task, self.since = task, now()
        self.begun = time.monotonic() if self.ready else None
        self.used = True
        try:
            self.pipe.send(task)
        except OSError:  # it died idle; it is charged with the task once that is noticed
            self.ended = True

    def start_clock(self) -> None:
        """Note that it has started: importing torch is no part of its first task."""
        self.ready, self.begun = True, time.monotonic()

    def answers(self) -> list[worker.Answer]:
        """Return what it has sent, to the last word if it has ended."""
        ended = not self.process.is_alive()  # asked first: it may have sent something and died
        found: list[worker.Answer] = []
        try:
            while self.pipe.poll():
                found.append(self.pipe.recv())
        except (EOFError, OSError):
            ended = True
        self.ended = self.ended or ended
        return found

    def last_words(self) -> str:
        """Say how it ended, with the last line that it printed itself."""
        end_all([self])
        said = said_last(Path(self._log.name).read_text(errors="replace"))
        how = exit_words(self.process.exitcode or 0)
        return f"{how}; it said last: {said[:_LONGEST_WORDS]}" if said else how

    def close(self) -> None:
        """Let go of what the parent holds for it."""
        self.pipe.close()
        self._log.close()


def said_last(log: str) -> str:
    """Return the last line of a log, or of what stands before Python's own report of a crash.

    That report ends in a list of modules; the C library has said before it what was wrong.
    """
    before, report, after = log.partition(_CRASH)
    lines = before.splitlines() if before.strip() else [report + after.partition("\n")[0]]
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def wait(workers: Iterable[Worker], seconds: float) -> None:
    """Return when a worker has something to say or has ended, or after so many seconds."""
    heard: list[connection.Connection | int] = []
    for member in workers:
        heard += [member.pipe, member.process.sentinel]
    connection.wait(heard, seconds)


def end_all(workers: Sequence[Worker]) -> None:
    """End processes, politely first."""
    for member in workers:
        if not member.ended:
            member.process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for member in workers:
        member.process.join(max(0.0, deadline - time.monotonic()))
        if member.process.is_alive():
            member.process.kill()
            member.process.join()


def exit_words(code: int) -> str:
    """Say how a process ended."""
    if code >= 0:
        return f"ended with exit code {code}"
    hints = {
        signal.SIGKILL: " (often: the system ran out of memory)",
        signal.SIGSEGV: " (a fault in native code)",
    }
    signum = signal.Signals(-code)
    return f"was killed by {signum.name}{hints.get(signum, '')}"
