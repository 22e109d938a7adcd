"""Cells under `--timeout` and `--memory`, with workers that fake them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.engines.engine import Event, Finished, Options, Summary
from benchmark.engines.local import LocalEngine
from benchmark.store.work import checkpoint_path
from tests.benchmark.engines.fakes import SLOW_START, make_cell
from tests.benchmark.engines.test_local import finished, works


@pytest.mark.parametrize(
    ("kept", "how"), [(True, "it goes on from there"), (False, "it starts anew")]
)
def test_a_cell_that_takes_too_long_is_ended_and_the_others_go_on(
    tmp_path: Path, kept: bool, how: str
) -> None:
    """Its status says so, and that it goes on from there only where a checkpoint is."""
    events: list[Event] = []
    limited = Options(
        workers=1, runner="tests.benchmark.engines.fakes", timeout=1.0, results=tmp_path
    )
    cells = [make_cell("slow"), make_cell()]
    if kept:
        path = checkpoint_path(tmp_path, cells[0])
        path.parent.mkdir()
        path.write_bytes(b"a checkpoint")
    summary = LocalEngine().run(works(cells), options=limited, on_event=events.append)
    assert summary == Summary(total=2, done=1, failed=1)
    result = finished(events)["slow"].result
    assert result.status == "timeout"
    assert result.error == f"took longer than 1 s; {how} when it is run again"


def test_the_start_of_a_worker_is_no_part_of_a_cell_s_time() -> None:
    """After a crash another is hired, and given its cell while it starts for twice the limit."""
    events: list[Event] = []
    limited = Options(
        workers=1, runner="tests.benchmark.engines.fakes", timeout=1.0, command=SLOW_START
    )
    cells = [make_cell("crash"), make_cell()]
    LocalEngine().run(works(cells), options=limited, on_event=events.append)
    assert finished(events)["ok"].result.status == "ok"


@pytest.mark.parametrize(("memory", "processes"), [(None, 1), (2**40, 3)])
def test_where_memory_is_limited_no_cell_inherits_what_another_left(
    memory: int | None, processes: int
) -> None:
    """Each then has a process of its own; without a limit a warm one takes them all."""
    events: list[Event] = []
    limited = Options(workers=1, runner="tests.benchmark.engines.fakes", memory=memory)
    cells = [make_cell("process", replicate=k) for k in range(3)]
    LocalEngine().run(works(cells), options=limited, on_event=events.append)
    told = [event.result.error for event in events if isinstance(event, Finished)]
    assert len(told) == 3
    assert len(set(told)) == processes


def test_a_death_where_memory_is_limited_names_the_limit() -> None:
    """Native code that is refused memory says nothing of it."""
    events: list[Event] = []
    limited = Options(workers=1, runner="tests.benchmark.engines.fakes", memory=3 * 2**29)
    LocalEngine().run(works([make_cell("crash")]), options=limited, on_event=events.append)
    error = finished(events)["crash"].result.error or ""
    assert error.startswith("the worker process under --memory 1.5 GiB was killed by SIGKILL")
