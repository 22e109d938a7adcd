"""What a run shows: lines where nobody draws, a bounded table where somebody does."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmark.engines.engine import Advanced, Finished, Started
from benchmark.progress import Progress
from benchmark.report.following import Tally
from benchmark.report.live import Lines, Planned, duration, outcome, view
from benchmark.report.screen import Screen, fit, telling
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


def planned(replicates: int, seconds: float | None = None) -> list[Planned]:
    """Return cells with the seconds that a plan gives each."""
    return [(make_cell(replicate=replicate), seconds) for replicate in range(replicates)]


def drawn(screen: Screen, console: Console) -> list[str]:
    """Return the lines of the table as it is at the moment."""
    with console.capture() as capture:
        console.print(screen._draw())
    return capture.get().splitlines()


def test_lines_come_at_every_change_and_every_ten_seconds_between() -> None:
    """A log of hours stays short, and says share, loss, pace and what is left."""
    out, clock = io.StringIO(), Clock()
    with Lines(planned(2), 1, out, clock) as lines:
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
        "[1/2] simclr photos compact pocket r0: linear 71.2 % in 30 s; about 30 s left in all",
    ]


def test_what_came_of_a_cell_is_said_in_a_line() -> None:
    """Scores by protocol, a collapse, or the error."""
    assert outcome(make_result(value=70.0, scores={"knn": 65.04}), 12.3) == (
        "linear 70.0 %, knn 65.0 % in 12 s"
    )
    assert outcome(make_result(status="collapsed"), 100.0) == "collapsed, linear 70.0 % in 2 min"
    failed = make_result(status="out_of_memory", error="with a batch of 8")
    assert outcome(failed, 1.0) == "out of memory: with a batch of 8"


def test_a_log_of_many_cells_grows_no_faster_than_one_of_one() -> None:
    """Sixteen cells for ten minutes are sixty lines, not a thousand; a day of one is short too."""
    out, clock = io.StringIO(), Clock()
    lines = Lines(planned(16), 16, out, clock)
    for second in range(1, 601):
        clock.now = float(second)
        for replicate in range(16):
            lines.show(advanced(second, 10_000, replicate))
    assert 16 < len(out.getvalue().splitlines()) <= 64
    out, clock = io.StringIO(), Clock()
    lines = Lines(planned(1), 1, out, clock)
    for minute in range(1, 24 * 60):
        clock.now = 60.0 * minute
        lines.show(advanced(minute, 10_000))
    assert 50 < len(out.getvalue().splitlines()) < 150


def test_the_table_never_outgrows_the_terminal() -> None:
    """Of forty cells as many are drawn as fit; the rest are counted."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120, height=20, highlight=False)
    screen = Screen(planned(50), 40, console)
    for replicate in range(40):
        screen.show(Started(make_cell(replicate=replicate)))
        screen.show(advanced(30, replicate=replicate))
    screen.show(Finished(make_cell(), make_result(status="failed", error="loss is nan")))
    assert "r0: " in out.getvalue()
    assert "failed: loss is nan" in out.getvalue()
    lines = drawn(screen, console)
    assert len(lines) < 20
    assert lines[1].split() == [
        "simclr", "compact", "r1", "training", "30", "%", "2.500", "42", "%", "800",
    ]  # fmt: skip
    assert "1 of 50 cells, 1 failed, 39 running (24 hidden)" in lines[-1]


@pytest.mark.parametrize("width", [30, 50, 60, 80, 120])
def test_no_line_of_the_table_is_wider_than_the_terminal(width: int) -> None:
    """At every width each cell is one line, with its replicate and its share."""
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system=None, width=width, height=24
    )
    cells = [
        make_cell("yadim[extraction=1:1]", "cifar10", "timm:efficientnet_b0.ra_in1k", replicate=k)
        for k in range(3)
    ]
    screen = Screen([(cell, None) for cell in cells], 3, console)
    for cell in cells:
        screen.show(Started(cell))
        screen.show(Advanced(cell, Progress(cell.pretrain_id, "train", 40, 100, 12345.678, 9e5)))
    lines = drawn(screen, console)
    assert len(lines) == 1 + 3 + 1
    assert max(map(len, lines)) <= width
    for replicate, line in enumerate(lines[1:-1]):
        assert f"r{replicate} training" in line
        assert "40 %" in line
        assert width < 50 or "1.23e+04" in line


def test_names_say_what_tells_cells_apart_and_lose_of_their_longest_part_first() -> None:
    """A dataset that all cells share is left out; a cut name still shows each part's beginning."""
    several = [make_cell(), make_cell(dataset="digits", encoder="resnet18", replicate=2)]
    assert list(telling(several).values()) == [
        ["simclr", "photos", "compact", "r0"], ["simclr", "digits", "resnet18", "r2"],
    ]  # fmt: skip
    assert list(telling(several[:1]).values()) == [["simclr", "compact", "r0"]]
    parts = ["yadim[extraction=1:1]", "resnet18[width=16]", "r0"]
    assert fit(parts, 80) == "yadim[extraction=1:1] resnet18[width=16] r0"
    assert fit(parts, 24) == "yadim[ext… resnet18[… r0"
    assert fit(parts, 1) == "y… r… r0"


def test_an_idle_table_says_that_workers_start() -> None:
    """The first seconds of a run show more than an empty table."""
    console = Console(
        file=io.StringIO(), force_terminal=True, color_system=None, width=80, height=24
    )
    assert drawn(Screen(planned(2), 1, console), console) == [
        "0 of 2 cells, none running: workers start, or wait for other runs, 0 s"
    ]


def test_time_left_is_of_the_phase_at_hand_since_its_first_moment() -> None:
    """Neither the start of a worker, nor steps before a checkpoint, nor training set the pace."""
    clock = Clock()
    tally = Tally(planned(1), 1, clock)
    tally.take(Started(make_cell()))
    clock.now = 30.0
    assert tally.take(advanced(50)).left(30.0) is None
    clock.now = 40.0
    assert tally.take(advanced(75)).left(40.0) == 10.0
    cell = make_cell()
    clock.now = 60.0
    scoring = tally.take(Advanced(cell, Progress(cell.pretrain_id, "evaluate", 0, 2)))
    assert scoring.left(60.0) is None
    clock.now = 64.0
    assert (
        tally.take(Advanced(cell, Progress(cell.pretrain_id, "evaluate", 1, 2))).left(64.0) == 4.0
    )


def test_time_left_of_a_run_follows_the_plan_and_then_what_cells_take() -> None:
    """Two workers and four cells of 100 s: 200 s; when the first takes 150 s, all others do."""
    clock = Clock()
    tally = Tally(planned(4, seconds=100.0), 2, clock)
    assert tally.left() == 200.0
    for replicate in (0, 1):
        tally.take(Started(make_cell(replicate=replicate)))
    clock.now = 50.0
    assert tally.left() == 150.0
    clock.now = 150.0
    tally.take(Finished(make_cell(), make_result()))
    assert tally.left() == 150.0


def test_time_left_of_a_run_is_not_said_before_anything_tells_it() -> None:
    """Without a plan's estimate, the first finished cell tells; a failed one tells nothing."""
    clock = Clock()
    tally = Tally(planned(3), 1, clock)
    tally.take(Started(make_cell()))
    clock.now = 20.0
    assert tally.left() is None
    tally.take(Finished(make_cell(), make_result(status="failed", error="no")))
    assert tally.left() is None
    tally.take(Started(make_cell(replicate=1)))
    clock.now = 60.0
    tally.take(Finished(make_cell(replicate=1), make_result(replicate=1)))
    assert tally.left() == 40.0


def test_other_rows_follow_how_far_the_plan_was_off() -> None:
    """A machine that is half as fast as the one of the plan is so for every method."""
    clock = Clock()
    other = make_cell("byol")
    tally = Tally([(make_cell(), 10.0), (other, 40.0)], 1, clock)
    tally.take(Started(make_cell()))
    clock.now = 20.0
    tally.take(Finished(make_cell(), make_result()))
    assert tally.left() == 80.0


def test_lines_are_taken_where_there_is_no_terminal() -> None:
    """A pipe or a log is no terminal."""
    assert isinstance(view(planned(1), 1, io.StringIO(), plain=False), Lines)


def test_durations_are_in_the_unit_that_fits() -> None:
    """Seconds, minutes, hours."""
    assert [duration(s) for s in (0.4, 99.4, 100, 5999, 7200)] == [
        "0 s", "99 s", "2 min", "100 min", "2.0 h",
    ]  # fmt: skip
