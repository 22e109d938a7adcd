"""What a run shows: lines where nobody draws, a bounded table where somebody does."""

from __future__ import annotations

import io

from rich.console import Console

from benchmark.engines.engine import Advanced, Finished, Started
from benchmark.progress import Progress
from benchmark.report.live import Lines, Table, Track, duration, outcome, view
from tests.benchmark.factories import make_cell, make_result


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def advanced(done: int, total: int = 100, replicate: int = 0) -> Advanced:
    """Return a moment of a training."""
    cell = make_cell(replicate=replicate)
    knn = 41.5 if done > 25 else None
    return Advanced(cell, Progress(cell.pretrain_id, "train", done, total, 2.5, 800.4, knn))


def test_lines_come_at_every_change_and_every_ten_seconds_between() -> None:
    """A log of hours stays short, and says share, loss, pace and what is left."""
    out, clock = io.StringIO(), Clock()
    with Lines(2, out, clock) as lines:
        lines.show(Started(make_cell()))
        for second in range(1, 31):
            clock.now = float(second)
            lines.show(advanced(second))
        lines.show(Finished(make_cell(), make_result(value=71.25)))
    assert out.getvalue().splitlines() == [
        "[0/2] simclr photos compact pocket r0: started",
        "[0/2] simclr photos compact pocket r0: training 10 %, loss 2.500, 800 images/s, 90 s left",
        "[0/2] simclr photos compact pocket r0: training 20 %, loss 2.500, 800 images/s, 80 s left",
        "[0/2] simclr photos compact pocket r0: training 30 %, loss 2.500, 800 images/s, kNN 42 %, "
        "70 s left",
        "[1/2] simclr photos compact pocket r0: linear 71.2 % in 30 s",
    ]


def test_what_came_of_a_cell_is_said_in_a_line() -> None:
    """Scores by protocol, a collapse, or the error."""
    assert outcome(make_result(value=70.0, scores={"knn": 65.04}), 12.3) == (
        "linear 70.0 %, knn 65.0 % in 12 s"
    )
    assert outcome(make_result(status="collapsed"), 100.0) == "collapsed, linear 70.0 % in 2 min"
    failed = make_result(status="out_of_memory", error="with a batch of 8")
    assert outcome(failed, 1.0) == "out of memory: with a batch of 8"


def test_the_table_never_outgrows_the_terminal() -> None:
    """Of forty cells as many are drawn as fit; the rest are counted."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120, height=20, highlight=False)
    table = Table(50, console)
    for replicate in range(40):
        table.show(Started(make_cell(replicate=replicate)))
        table.show(advanced(30, replicate=replicate))
    table.show(Finished(make_cell(), make_result(status="failed", error="loss is nan")))
    assert "r0: " in out.getvalue()
    assert "failed: loss is nan" in out.getvalue()
    with console.capture() as capture:
        console.print(table._draw())
    drawn = capture.get().splitlines()
    assert len(drawn) < 20
    assert "r1 " in drawn[1]
    assert "2.500  42 %" in drawn[1]
    assert "1 of 50 cells, 1 failed, 39 running (24 of them not shown)" in drawn[-1]


def test_time_left_is_of_the_phase_at_hand() -> None:
    """Scoring does not go on at the pace of training."""
    clock = Clock()
    track = Track(1, clock)
    track.take(Started(make_cell()))
    clock.now = 30.0
    assert track.take(advanced(50)).left(30.0) == 30.0
    cell = make_cell()
    clock.now = 60.0
    scoring = track.take(Advanced(cell, Progress(cell.pretrain_id, "evaluate", 0, 2)))
    assert scoring.left(60.0) is None
    clock.now = 64.0
    assert (
        track.take(Advanced(cell, Progress(cell.pretrain_id, "evaluate", 1, 2))).left(64.0) == 4.0
    )


def test_lines_are_taken_where_there_is_no_terminal() -> None:
    """A pipe or a log is no terminal."""
    assert isinstance(view(1, io.StringIO(), plain=False), Lines)


def test_durations_are_in_the_unit_that_fits() -> None:
    """Seconds, minutes, hours."""
    assert [duration(s) for s in (0.4, 99.4, 100, 5999, 7200)] == [
        "0 s", "99 s", "2 min", "100 min", "2.0 h",
    ]  # fmt: skip
