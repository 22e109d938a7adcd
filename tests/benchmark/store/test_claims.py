"""Many processes, one results folder: each cell goes to one, and is published by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmark.engines.desk import Desk, recording
from benchmark.engines.engine import Finished, Found
from benchmark.errors import ResultError
from benchmark.store import files, work
from benchmark.store.claims import Claims
from benchmark.store.result import Point, Result
from tests.benchmark.factories import make_cell, make_result

CELL = make_cell()
NAME = CELL.pretrain_id


def age(root: Path, seconds: float) -> None:
    """Let the claims of a folder have shown no sign of life for so long."""
    for path in work.folder(root).glob("*.claim"):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


def claims(root: Path) -> list[str]:
    """Return the names of the claims that are left."""
    return sorted(path.name for path in work.folder(root).glob("*.claim"))


def test_a_cell_goes_to_one_of_two(tmp_path: Path) -> None:
    """And to the other once the first lets go."""
    one, other = Claims(tmp_path), Claims(tmp_path)
    assert one.take(CELL)
    assert not other.take(CELL)
    assert other.take(make_cell("byol"))
    one.release(NAME)
    assert other.take(CELL)
    assert claims(tmp_path) == sorted(
        [f"{NAME}.1.claim", f"{make_cell('byol').pretrain_id}.1.claim"]
    )


def test_leaving_lets_go_of_everything(tmp_path: Path) -> None:
    """A run that ended keeps nobody waiting."""
    with Claims(tmp_path) as held:
        assert held.take(CELL)
        assert len(claims(tmp_path)) == 1
    assert claims(tmp_path) == []


def test_a_dead_process_of_this_machine_is_taken_over_at_once(tmp_path: Path) -> None:
    """It was killed a moment ago; nobody waits for its patience to end."""
    script = (
        "import os, sys; from pathlib import Path; from benchmark.store.claims import Claims;"
        "from tests.benchmark.factories import make_cell;"
        "assert Claims(Path(sys.argv[1])).take(make_cell()); os._exit(9)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == 9
    assert claims(tmp_path) == [f"{NAME}.1.claim"]
    assert Claims(tmp_path).take(CELL)
    assert claims(tmp_path) == [f"{NAME}.2.claim"]


def test_a_process_that_came_later_under_the_same_number_is_not_the_owner(tmp_path: Path) -> None:
    """Process numbers come again; the time of birth tells them apart."""
    assert Claims(tmp_path).take(CELL)
    (path,) = work.folder(tmp_path).glob("*.claim")
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"born": told["born"] - 1000}))
    assert Claims(tmp_path).take(CELL)


def test_another_machine_is_waited_for_until_it_shows_no_sign_of_life(tmp_path: Path) -> None:
    """Its processes cannot be seen, only the time of its file."""
    assert Claims(tmp_path).take(CELL)
    (path,) = work.folder(tmp_path).glob("*.claim")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"machine": "elsewhere"}))
    assert not Claims(tmp_path, patience=60).take(CELL)
    age(tmp_path, 61)
    assert Claims(tmp_path, patience=60).take(CELL)


def test_whoever_lives_shows_it(tmp_path: Path) -> None:
    """The heart beats some times within the patience of others."""
    with Claims(tmp_path, patience=0.3) as one:
        assert one.take(CELL)
        age(tmp_path, 1)
        for _ in range(100):
            (path,) = work.folder(tmp_path).glob("*.claim")
            if time.time() - path.stat().st_mtime < 0.5:
                break
            time.sleep(0.05)
        assert not Claims(tmp_path, patience=10).take(CELL)


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    """The link is exclusive: twenty threads, a hundred cells, each cell once."""
    cells = [make_cell(replicate=k) for k in range(100)]
    rivals = [Claims(tmp_path) for _ in range(20)]
    start = threading.Barrier(len(rivals))

    def grab(rival: Claims) -> None:
        start.wait()
        for cell in cells:
            rival.take(cell)

    threads = [threading.Thread(target=grab, args=(rival,)) for rival in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [name for rival in rivals for name in rival.held]
    assert sorted(taken) == sorted(cell.pretrain_id for cell in cells)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """In one sentence, before anything is trained."""
    (tmp_path / work.FOLDER).write_text("a file")
    with pytest.raises(ResultError, match="no cell can be claimed"):
        Claims(tmp_path).take(CELL)


def finished(value: float = 70.0, **changes: object) -> Finished:
    """Return a cell's end, told apart by its number."""
    return Finished(CELL, make_result(cell=CELL, value=value, **changes), {})  # type: ignore[arg-type]


def value(root: Path) -> float:
    """Return the number that is in the store."""
    found = files.find(root, CELL)
    assert found is not None
    return found.metrics["linear"].top1.value


def test_a_sleeper_cannot_overwrite_its_successor(tmp_path: Path) -> None:
    """It was paused, taken over, and wakes after the other has published, or before."""
    sleeper, successor = Desk(tmp_path, {}), Desk(tmp_path, {}, patience=1)
    assert sleeper.take(CELL) == "mine"
    age(tmp_path, 2)
    assert successor.take(CELL) == "mine"
    assert not sleeper.hand_in(finished(10.0))
    assert files.find(tmp_path, CELL) is None
    assert successor.hand_in(finished(20.0))
    assert not sleeper.hand_in(finished(10.0))
    assert value(tmp_path) == 20.0
    assert claims(tmp_path) == []


def test_what_is_told_of_a_rejected_result_is_what_stands(tmp_path: Path) -> None:
    """The sleeper failed; its successor's number is published, and that is what is told."""
    sleeper, successor = Desk(tmp_path, {}), Desk(tmp_path, {}, patience=1)
    assert sleeper.take(CELL) == "mine"
    age(tmp_path, 2)
    assert successor.take(CELL) == "mine"
    assert isinstance(recording(successor)(finished(20.0)), Finished)
    told = recording(sleeper)(finished(status="failed", error="out of memory"))
    assert isinstance(told, Found)
    assert (told.result.status, told.result.metrics["linear"].top1.value) == ("ok", 20.0)


def test_what_another_has_published_since_the_plan_is_not_run(tmp_path: Path) -> None:
    """Two runs planned the same cell; the second finds it done."""
    one, other = Desk(tmp_path, {}), Desk(tmp_path, {})
    assert one.take(CELL) == "mine"
    assert other.take(CELL) == "busy"
    assert one.hand_in(finished())
    found = other.take(CELL)
    assert isinstance(found, Result)
    assert found.metrics["linear"].top1.value == 70.0
    assert claims(tmp_path) == []


def test_a_run_replaces_what_its_plan_saw(tmp_path: Path) -> None:
    """A result that failed or is stale is run again by one of two, and published once."""
    files.write(tmp_path, make_result(cell=CELL, value=30.0), {})
    before = {NAME: files.find(tmp_path, CELL)}
    one, other = Desk(tmp_path, before), Desk(tmp_path, before)
    assert one.take(CELL) == "mine"
    assert one.hand_in(finished(40.0))
    assert isinstance(other.take(CELL), Result)
    assert value(tmp_path) == 40.0


def test_a_result_with_a_curve_is_replaced_as_well(tmp_path: Path) -> None:
    """A plan leaves curves unread: what it saw is still what is there."""
    point = Point(step=1, loss=2.5, learning_rate=1e-3)
    old = make_result(cell=CELL, value=30.0).model_copy(update={"curve": (point,)})
    files.write(tmp_path, old, {})
    (seen,) = files.read_all(tmp_path, curves_of=()).results
    assert seen.curve == ()
    assert Desk(tmp_path, {NAME: seen}).take(CELL) == "mine"


def test_a_damaged_result_is_replaced(tmp_path: Path) -> None:
    """It is no result, so nobody has published the cell."""
    path = tmp_path / files.relative_path(CELL)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    desk = Desk(tmp_path, {})
    assert desk.take(CELL) == "mine"
    assert desk.hand_in(finished())
    assert value(tmp_path) == 70.0


@pytest.mark.parametrize(
    ("status", "kept"),
    [("ok", False), ("collapsed", False), ("failed", True), ("timeout", True)],
)
def test_a_checkpoint_stays_only_where_going_on_from_it_helps(
    status: str, kept: bool, tmp_path: Path
) -> None:
    """A killed worker, more time or more memory: the next run brings it through from there."""
    desk = Desk(tmp_path, {})
    assert desk.take(CELL) == "mine"
    path = work.checkpoint_path(tmp_path, CELL)
    path.write_bytes(b"kept")
    error = "in words" if kept else None
    assert desk.hand_in(finished(status=status, error=error))
    assert path.exists() == kept
