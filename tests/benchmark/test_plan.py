"""A plan says what is done, what is to run and why, and how long it takes as far as known."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import ResultError
from benchmark.matrix.cell import Cell
from benchmark.matrix.model import Excluded, Matrix
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.plan import plan
from benchmark.store import files, graph
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result
from tests.benchmark.sources import copied, edit

CELLS = tuple(make_cell("simclr", replicate=k) for k in range(3))
OTHER = make_cell("byol")


def matrix(*cells: Cell, protocols: tuple[str, ...] = ("linear",)) -> Matrix:
    """Make a matrix of cells."""
    wanted = tuple(PROTOCOLS[name] for name in protocols)
    left = Excluded("cpc_v2 photos amdim", "its maps are too small")
    return Matrix("mine", "a test", cells, wanted, (left,))


def store(root: Path, *results: Result) -> Path:
    """Write results without predictions."""
    for result in results:
        files.write(root, result, {})
    return root


def test_an_empty_folder_has_everything_to_run(tmp_path: Path) -> None:
    """Nothing is known of the time, and the folder need not be there."""
    found = plan(matrix(*CELLS), tmp_path / "none")
    assert [row.state for row in found.rows] == ["to run"] * 3
    assert (found.seconds, found.unknown) == (0.0, 3)
    assert [left.reason for left in found.excluded] == ["its maps are too small"]


def test_a_finished_cell_is_done_and_costs_nothing(tmp_path: Path) -> None:
    """`ok` and `collapsed` are final."""
    root = store(
        tmp_path, make_result(cell=CELLS[0]), make_result(cell=CELLS[1], status="collapsed")
    )
    found = plan(matrix(*CELLS), root)
    assert [row.state for row in found.rows] == ["done", "done", "to run"]
    assert [row.cell for row in found.to_run] == [CELLS[2]]
    assert found.rows[0].seconds == 0.0


def test_a_cell_that_failed_is_tried_again_and_says_why(tmp_path: Path) -> None:
    """The status and the error of the last attempt are the reason."""
    root = store(tmp_path, make_result(cell=OTHER, status="failed", error="loss is nan at step 3"))
    (row,) = plan(matrix(OTHER), root).rows
    assert (row.state, row.reason) == ("tried before", "failed: loss is nan at step 3")
    assert row.runs


def test_a_finished_cell_without_a_wanted_protocol_is_to_run(tmp_path: Path) -> None:
    """A protocol that is there and not wanted changes nothing."""
    root = store(
        tmp_path,
        make_result(cell=CELLS[0]),
        make_result(cell=CELLS[1], scores={"knn": 60.0, "mlp": 61.0}),
    )
    rows = plan(matrix(*CELLS[:2], protocols=("linear", "knn")), root).rows
    assert [(row.state, row.reason) for row in rows] == [
        ("to run", "lacks the protocols knn"),
        ("done", ""),
    ]


def test_a_cell_whose_source_changed_is_stale_unless_that_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BYOL's loss is BYOL's alone; accepted, the row is done and still says what changed."""
    root = store(tmp_path / "results", make_result(cell=CELLS[0]), make_result(cell=OTHER))
    monkeypatch.setattr(graph, "ROOT", copied(tmp_path / "copy"))
    wanted = matrix(CELLS[0], OTHER)
    assert [row.state for row in plan(wanted, root).rows] == ["done", "done"]
    edit(tmp_path / "copy", "methods/aspects/loss/attraction.py")
    found = plan(wanted, root).rows
    assert [(row.state, row.reason, row.runs) for row in found] == [
        ("done", "", False),
        ("stale", "stale (attraction.py changed)", True),
    ]
    accepted = plan(wanted, root, accept_stale=True).rows[1]
    assert (accepted.state, accepted.reason) == ("done", "stale (attraction.py changed)")
    assert (accepted.runs, accepted.seconds) == (False, 0.0)


def test_a_stale_cell_takes_the_time_it_took(tmp_path: Path) -> None:
    """It is run again from its first step: 10 s and 2 s of evaluation."""
    root = store(tmp_path, make_result(cell=CELLS[0], closure={}))
    assert plan(matrix(CELLS[0]), root).seconds == pytest.approx(12.0)


def test_accepting_what_is_stale_accepts_no_gap(tmp_path: Path) -> None:
    """A protocol that is wanted and not there is still to run; what failed before, too."""
    root = store(
        tmp_path,
        make_result(cell=CELLS[0], closure={}),
        make_result(cell=CELLS[1], status="failed", error="no", closure={}),
    )
    rows = plan(matrix(*CELLS[:2], protocols=("linear", "knn")), root, accept_stale=True).rows
    assert [row.state for row in rows] == ["to run", "tried before"]


def test_time_is_estimated_from_the_same_row(tmp_path: Path) -> None:
    """392 steps took 10 s and 2 s of evaluation: half the steps take 5 + 2; BYOL is unknown."""
    half = CELLS[1].model_copy(update={"steps": 196})
    root = store(tmp_path, make_result(cell=CELLS[0]))
    found = plan(matrix(CELLS[0], half, CELLS[2], OTHER), root)
    assert [row.seconds for row in found.rows] == pytest.approx([0.0, 7.0, 12.0, None])
    assert found.seconds == pytest.approx(19.0)
    assert found.unknown == 1


def test_a_file_that_is_no_result_is_named(tmp_path: Path) -> None:
    """It counts for nothing, and is not passed over in silence."""
    root = store(tmp_path, make_result(cell=CELLS[0]))
    path = root / files.relative_path(CELLS[1])
    path.write_text("{")
    found = plan(matrix(*CELLS), root)
    assert [row.state for row in found.rows] == ["done", "to run", "to run"]
    assert [broken.path for broken in found.broken] == [path]


def test_a_results_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """One sentence, before anything is run."""
    (tmp_path / "results").write_text("")
    with pytest.raises(ResultError, match="is a file"):
        plan(matrix(*CELLS), tmp_path / "results")
