"""Notices of a run as JSON: given to a command, or appended to a file line by line."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from benchmark.engines.engine import Advanced, Event, Finished, Found
from benchmark.errors import UsageError
from benchmark.report.following import Running, Tally
from benchmark.store.result import Record
from benchmark.watch.interface import Instant, Watched

SECONDS_BETWEEN = 30.0
"""Between two notices on how far one cell is."""
SECONDS_A_CALL = 10.0
"""What a command may take; then it is ended."""


class CellNamed(Record):
    """Which cell a notice is about."""

    id: str
    """As in its result."""
    label: str
    """One line for a person."""
    method: str
    dataset: str
    encoder: str
    budget: str
    replicate: int


class Moment(Record):
    """How far a cell is."""

    phase: Literal["train", "evaluate"]
    done: int
    """Steps, or protocols."""
    total: int
    loss: float | None
    images_per_second: float | None
    knn: float | None
    """Top-1 in percent of the last look, on held-out train images."""
    seconds_left: float | None
    """Of the phase."""


class Outcome(Record):
    """What came of a cell."""

    status: str
    """As in its result."""
    error: str | None
    top1: dict[str, float]
    """By protocol, percent."""
    seconds: float
    """Since its start."""
    elsewhere: bool
    """Another process published it."""


class Notice(Record):
    """One object; what does not apply is left out of it."""

    event: Literal["run started", "started", "progress", "finished", "failed", "run finished"]
    time: str
    """UTC, ISO 8601."""
    matrix: str
    results: str
    """The folder, as it was given."""
    total: int
    """Cells of this run."""
    done: int
    """Cells with a number."""
    failed: int
    running: int
    seconds_left: float | None = None
    """Of the whole run, where something tells it."""
    cell: CellNamed | None = None
    """Of every event but the run's own."""
    progress: Moment | None = None
    """Of `progress`."""
    result: Outcome | None = None
    """Of `finished` and `failed`."""
    stopped: str | None = None
    """Of `run finished`: what ended it early."""


class Notifier:
    """Makes notices of events and sends them."""

    def __init__(self, run: Watched, send: Callable[[str], None]) -> None:
        """Give each notice to `send`, as one line of JSON."""
        self.run, self.send, self.at = run, send, Instant()
        self.tally = Tally(run.cells, run.workers, clock=lambda: self.at.seconds)

    def begin(self, at: Instant) -> None:
        """Send `run started`."""
        self.at = at
        self._send(event="run started")

    def end(self, stopped: str | None, at: Instant) -> None:
        """Send `run finished`."""
        self.at = at
        self._send(event="run finished", stopped=stopped)

    def show(self, event: Event, at: Instant) -> None:
        """Send what an event is worth."""
        self.at, now = at, at.seconds
        about = self.tally.take(event)
        cell = CellNamed(
            id=about.cell.pretrain_id, label=about.cell.label, method=about.cell.method,
            dataset=about.cell.dataset, encoder=about.cell.encoder,
            budget=about.cell.budget.name, replicate=about.cell.replicate,
        )  # fmt: skip
        if isinstance(event, Finished | Found):
            word = "finished" if event.result.final else "failed"
            self._send(event=word, cell=cell, result=_outcome(event, now - about.started))
        elif not isinstance(event, Advanced):
            self._send(event="started", cell=cell)
        elif now - about.shown >= SECONDS_BETWEEN and not event.progress.note:
            about.shown = now
            self._send(event="progress", cell=cell, progress=_moment(event, about, now))

    def _send(self, **fields: object) -> None:
        tally, left = self.tally, self.tally.left()
        notice = Notice.model_validate(
            {
                "time": self.at.utc, "matrix": self.run.matrix, "results": str(self.run.results),
                "total": tally.total, "done": tally.done, "failed": tally.failed,
                "running": len(tally.running),
                "seconds_left": None if left is None else round(left, 1), **fields,
            }
        )  # fmt: skip
        self.send(notice.model_dump_json(exclude_none=True))


def _moment(event: Advanced, about: Running, now: float) -> Moment:
    at = event.progress
    return Moment(
        phase=at.phase, done=at.done, total=at.total, loss=at.loss, knn=at.knn,
        images_per_second=at.images_per_second, seconds_left=about.left(now),
    )  # fmt: skip


def _outcome(event: Finished | Found, seconds: float) -> Outcome:
    result = event.result
    return Outcome(
        status=result.status, error=result.error, seconds=round(seconds, 3),
        top1={name: score.top1.value for name, score in result.metrics.items()},
        elsewhere=isinstance(event, Found),
    )  # fmt: skip


def jsonl(where: str) -> Callable[[str], None]:
    """Return what appends a line to a file.

    Raises:
        UsageError: If it cannot be written.
    """
    path = Path(where)

    def send(line: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(line)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        send("")
    except OSError as error:
        raise UsageError(f"--notify jsonl:{where}: cannot be written ({error.strerror})") from None
    return lambda line: send(f"{line}\n")


def command(where: str, seconds: float = SECONDS_A_CALL) -> Callable[[str], None]:
    """Return what runs a command, without a shell, with a line on its standard input.

    Raises:
        UsageError: If there is no such command.
    """
    try:
        words = shlex.split(where)
    except ValueError as error:
        raise UsageError(f"--notify command:{where}: {error}".lower()) from None
    if not words or shutil.which(words[0]) is None:
        raise UsageError(f"--notify command:{where}: no such command; it is run without a shell")

    def send(line: str) -> None:
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            text=True, start_new_session=True,  # Ctrl-C is for the run, which tells of it
        ) as process:  # fmt: skip
            try:
                process.communicate(f"{line}\n", timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise TimeoutError(f"took longer than {seconds:g} s, and was ended") from None
        if process.returncode:
            raise ChildProcessError(f"ended with exit code {process.returncode}")

    return send
