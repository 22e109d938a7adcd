"""The local engine, with workers that fake their cells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from benchmark.engines.engine import (
    Advanced,
    Event,
    Finished,
    Found,
    Options,
    Started,
    Summary,
    Taken,
    Work,
)
from benchmark.engines.local import LocalEngine
from benchmark.engines.process import exit_words
from benchmark.errors import DataError, ResultError, UsageError
from benchmark.matrix.cell import Cell
from tests.benchmark.engines.fakes import LINEAR, make_cell
from tests.benchmark.factories import make_result


def options(workers: int = 1) -> Options:
    """Return options that take the fake worker."""
    return Options(workers=workers, runner="tests.benchmark.engines.fakes")


def works(cells: list[Cell]) -> list[Work]:
    """Return each cell with the linear probe."""
    return [Work(cell, LINEAR) for cell in cells]


def run(cells: list[Cell], workers: int = 1) -> tuple[Summary, list[Event]]:
    """Run cells with the fake worker and return what was told."""
    events: list[Event] = []
    summary = LocalEngine().run(works(cells), options=options(workers), on_event=events.append)
    return summary, events


def finished(events: list[Event]) -> dict[str, Finished]:
    """Return the finished cells by method."""
    return {event.cell.method: event for event in events if isinstance(event, Finished)}


def test_a_cell_starts_advances_and_finishes_with_its_predictions() -> None:
    """The events of one cell come in order, and carry what the worker made."""
    cell = make_cell()
    summary, events = run([cell])
    assert [type(event) for event in events] == [Started, Advanced, Advanced, Finished]
    assert all(event.cell == cell for event in events)
    assert summary == Summary(total=1, done=1, failed=0)
    last = finished(events)["ok"]
    assert last.result.metrics["linear"].top1.value == 56.25
    assert sum(last.predictions["linear"] == last.predictions["labels"]) == 1152


def test_failed_and_dead_workers_cost_only_their_own_cell() -> None:
    """A failure, a SIGKILL and an exit are results in words; the other cells are done."""
    cells = [make_cell(name) for name in ("crash", "fail", "exit", "ok")]
    summary, events = run([*cells, make_cell(replicate=1)], workers=2)
    assert summary == Summary(total=5, done=2, failed=3)
    ends = finished(events)
    assert ends["fail"].result.error == "loss is nan at step 2"
    for name, words in (("crash", "was killed by SIGKILL"), ("exit", "ended with exit code 3")):
        assert ends[name].result.status == "failed"
        assert words in (ends[name].result.error or "")
    assert "libfake: cannot go on" in (ends["exit"].result.error or "")


def test_missing_data_stops_the_run_before_any_cell() -> None:
    """The data of every cell is looked at first: no event, so nothing can be written."""
    events: list[Event] = []
    cells = [make_cell(), make_cell(dataset="missing")]
    with pytest.raises(DataError, match="no such data"):
        LocalEngine().run(works(cells), options=options(2), on_event=events.append)
    assert events == []


def test_a_request_at_fault_is_raised_not_recorded() -> None:
    """A cell that cannot be meant ends the run, and has no result."""
    events: list[Event] = []
    with pytest.raises(UsageError, match="no such encoder"):
        LocalEngine().run(works([make_cell("refuse")]), options=options(), on_event=events.append)
    assert finished(events) == {}


def test_an_error_of_the_listener_ends_every_worker() -> None:
    """A full disk is the listener's error: it comes through, and no process stays."""

    def full(event: Event) -> None:
        if isinstance(event, Finished):
            raise ResultError("the disk is full")

    cells = [make_cell(), make_cell("slow")]
    with pytest.raises(ResultError, match="full"):
        LocalEngine().run(works(cells), options=options(2), on_event=full)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if children.is_file():
        commands = [
            Path(f"/proc/{child}/cmdline").read_text() for child in children.read_text().split()
        ]
        assert not [command for command in commands if "spawn_main" in command]


def test_a_cell_of_another_process_is_waited_for() -> None:
    """It is asked for again while others run; what comes of it elsewhere counts as done."""
    events: list[Event] = []
    asked: list[str] = []
    busy = make_cell("ok", replicate=1)
    published = make_result(cell=busy)

    def take(cell: Cell) -> Taken:
        asked.append(cell.pretrain_id)
        if cell != busy:
            return "mine"
        return "busy" if asked.count(busy.pretrain_id) < 3 else published

    summary = LocalEngine().run(
        works([busy, make_cell()]), options=options(2), on_event=events.append, take=take
    )
    assert summary == Summary(total=2, done=2, failed=0)
    assert events[-1] == Found(busy, published)
    assert [event.cell for event in events if isinstance(event, Started)] == [make_cell()]


def test_what_stands_is_counted_and_told_and_not_what_was_rejected() -> None:
    """A worker's result came second to a failure of another process."""
    cell, events = make_cell(), list[Event]()
    failed = make_result(status="failed", error="loss is nan")
    summary = LocalEngine().run(
        works([cell]), options=options(), on_event=events.append,
        hand_in=lambda event: Found(event.cell, failed),
    )  # fmt: skip
    assert summary == Summary(total=1, done=0, failed=1)
    assert events[-1] == Found(cell, failed)
    assert not any(isinstance(event, Finished) for event in events)


def test_nothing_to_run_starts_no_process() -> None:
    """A matrix that is done costs nothing."""
    assert run([]) == (Summary(0), [])


SCRIPT = """
import sys
from benchmark.engines.engine import Finished, Interrupted, Options, Started, Work
from benchmark.engines.local import LocalEngine

def tell(event):
    if isinstance(event, (Finished, Started)):
        print(type(event).__name__, event.cell.method, flush=True)

if __name__ == "__main__":
    from tests.benchmark.engines.fakes import LINEAR, make_cell
    cells = [make_cell("ok"), make_cell("slow"), make_cell("ok", replicate=1)]
    works = [Work(cell, LINEAR) for cell in cells]
    options = Options(workers=1, runner="tests.benchmark.engines.fakes")
    try:
        LocalEngine().run(works, options=options, on_event=tell)
    except Interrupted as interrupted:
        print(interrupted, flush=True)
        sys.exit(128 + interrupted.signum)
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_and_keeps_what_is_finished(tmp_path: Path, signum: int) -> None:
    """Sent to the whole process group, as a terminal does: workers neither die first nor stay."""
    script = tmp_path / "run_fakes.py"
    script.write_text(textwrap.dedent(SCRIPT))
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        os.killpg(process.pid, signum)
        out, err = process.communicate(timeout=30)
    assert lines == ["Started ok", "Finished ok", "Started slow"]
    name = signal.Signals(signum).name
    assert out.strip() == f"interrupted by {name}: 1 of 3 cells done"
    assert err == ""
    assert process.returncode == 128 + signum


def test_an_end_is_said_in_words() -> None:
    """Signals by name, with what they usually mean."""
    assert exit_words(-9) == "was killed by SIGKILL (often: the system ran out of memory)"
    assert exit_words(-11) == "was killed by SIGSEGV (a fault in native code)"
    assert exit_words(-15) == "was killed by SIGTERM"
    assert exit_words(1) == "ended with exit code 1"


ORPHANS = """
import multiprocessing
from benchmark.engines.engine import Options, Started, Work
from benchmark.engines.local import LocalEngine

def tell(event):
    if isinstance(event, Started):
        print(multiprocessing.active_children()[0].pid, flush=True)

if __name__ == "__main__":
    from tests.benchmark.engines.fakes import LINEAR, make_cell
    options = Options(runner="tests.benchmark.engines.fakes")
    LocalEngine().run([Work(make_cell("slow"), LINEAR)], options=options, on_event=tell)
"""


def test_workers_follow_a_parent_that_was_killed(tmp_path: Path) -> None:
    """However busy they are: nothing trains on that nobody waits for."""
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 30
    while is_alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that nobody has reaped yet does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.is_file() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
