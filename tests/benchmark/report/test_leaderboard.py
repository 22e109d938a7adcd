"""The board says what was measured, what was reported, what is missing, and no more than that."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import stats

from benchmark.evidence.floor import FloorCheck
from benchmark.evidence.reported import load_reported
from benchmark.matrix.budget import Budget
from benchmark.matrix.cell import Cell
from benchmark.matrix.model import Excluded, Matrix
from benchmark.report.leaderboard import render
from benchmark.store.files import Broken
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result

REPORTED = load_reported()


def board(*results: Result, matrix: Matrix | None = None) -> str:
    """Render without reported numbers or tests."""
    return render(results, (), (), matrix=matrix)


def row(text: str, method: str) -> dict[str, str]:
    """Find the first row of a method in the first table that has one."""
    lines = [[c.strip() for c in line.strip("|").split(" | ")] for line in text.splitlines()]
    at = next(i for i, cells in enumerate(lines) if len(cells) > 1 and cells[0] == method)
    head = next(lines[i - 1] for i in range(at, 0, -1) if lines[i][0].startswith(":--"))
    return dict(zip(head, lines[at], strict=True))


def matrix_of(*cells: Cell, excluded: tuple[Excluded, ...] = ()) -> Matrix:
    """Make a matrix of cells."""
    return Matrix("mine", "", cells, (), excluded)


def checked(result: Result, gain: float, p: float, clustered: float | None = None) -> FloorCheck:
    """Make a test against the floor."""
    return FloorCheck(
        id=result.id, floor_id="", method=result.cell.method, replicate=result.cell.replicate,
        dataset="photos", encoder="compact", gain_points=gain, n=2048, p=p, p_holm=p,
        p_clustered=clustered, p_clustered_holm=clustered,
    )  # fmt: skip


def test_the_same_results_in_any_order_give_the_same_bytes() -> None:
    """Rendering is a pure function of a set."""
    results = [make_result(m, 60.0 + r, replicate=r) for m in ("simclr", "byol") for r in range(3)]
    broken = [Broken(Path(name), "no") for name in ("b.json", "a.json")]

    once = render(results, broken, REPORTED)

    assert once == render(results[::-1], broken[::-1], REPORTED)
    assert once.endswith("\n")


def test_the_interval_is_students_over_replicates() -> None:
    """As scipy gives it for 60, 62 and 67, to the digit shown."""
    values = (60.0, 62.0, 67.0)
    low, high = stats.t.interval(0.95, 2, loc=63.0, scale=stats.sem(values))

    text = board(*(make_result(value=v, replicate=r) for r, v in enumerate(values)))

    found = row(text, "simclr")
    assert found["linear top-1, % [95 %]"] == f"63.0 [{low:.1f}, {high:.1f}]"
    assert found["n"] == "3"
    assert "One replicate" not in text


def test_one_replicate_shows_the_interval_of_its_test_images_and_says_so() -> None:
    """Another seed could give anything."""
    text = board(make_result(value=70.0))

    assert row(text, "simclr")["linear top-1, % [95 %]"] == "70.0 [68.0, 72.0]\\*"
    assert "One replicate: the interval is over its test images" in text


def test_a_small_budget_is_not_comparable_with_a_paper() -> None:
    """The verdict stands in the row, with the fields that differ."""
    cell = make_cell("simclr", "cifar10", "resnet50", budget=Budget("13-epochs", "epochs", 13))
    entry = next(entry for entry in REPORTED if entry.id == "simclr-cifar10")
    known = entry.protocol.model_copy(update={"selection": "last"})
    entry = entry.model_copy(update={"protocol": known})

    text = render([make_result(cell=cell, value=80.0, epochs=13.0)], (), [entry])

    found = row(text, "simclr")
    assert found["reported"] == "94 [1]"
    assert found["verdict"] == "not comparable: 13 of 1000 epochs"
    assert "[1] 94: simclr on cifar10; encoder resnet50; protocol linear, pooled, 32 px" in text
    assert "Source (seen): arXiv 2002.05709, appendix B.9" in text


def test_floor_and_ceiling_are_shown_as_such_and_rows_stand_above_or_below() -> None:
    """The difference is of the same replicates."""
    results = [
        make_result("supervised", 85.0),
        make_result("simclr", 70.0),
        make_result("byol", 49.0),
        make_result(cell=make_cell("random_init", budget=Budget("none", "steps", 0)), value=50.0),
    ]

    text = board(*results)

    assert row(text, "supervised (ceiling)")["above floor"] == "+35.0"
    assert row(text, "simclr")["floor"] == "50.0"
    assert row(text, "byol")["marks"] == "below_floor (not tested)"
    assert row(text, "random_init (floor)")["floor"] == ""


def test_further_protocols_have_a_column_each() -> None:
    """The mean of replicates."""
    text = board(*(make_result(scores={"knn": 60.0 + r}, replicate=r) for r in range(3)))

    assert row(text, "simclr")["knn"] == "61.0"


@pytest.mark.parametrize(
    ("gain", "p", "clustered", "mark"),
    [
        (5.0, 1e-6, None, ""),
        (-5.0, 1e-6, None, "below_floor: 1 of 1"),
        (1.0, 0.2, None, "not above floor: 1 of 1 (p = 0.2)"),
        (5.0, 1e-6, 0.03, "not above floor: 1 of 1 (p = 0.03)"),
    ],
)
def test_tests_against_the_floor_are_marked(
    gain: float, p: float, clustered: float | None, mark: str
) -> None:
    """The clustered p decides where there is one; both stand below the table."""
    result = make_result()

    text = render([result], (), (), floor_checks=[checked(result, gain, p, clustered)])

    assert row(text, "simclr").get("marks", "") == mark
    assert f"| r0 {gain:+.1f}" in text
    assert f"{p:.2g}" in text
    assert "| McNemar p (Holm), largest" in text
    assert ("| clustered p (Holm), largest" in text) is (clustered is not None)
    assert "may hold where no single model is above its floor" in text


def test_a_row_without_predictions_says_that_it_was_not_tested() -> None:
    """What was not tested never looks as if it had passed."""
    tested, other = make_result("simclr"), make_result("byol")
    floor = make_result("random_init", 50.0)

    text = render([tested, other, floor], (), (), floor_checks=[checked(tested, 20.0, 1e-9)])

    assert "not tested against the floor" in row(text, "byol")["marks"]
    assert "marks" not in row(text, "simclr") or not row(text, "simclr")["marks"]


@pytest.mark.parametrize("value", [40.0, 70.0])
def test_a_floor_at_another_resolution_is_none(value: float) -> None:
    """Above or below it: no number, no sign of it, and the row says why."""
    seen = make_cell("simclr", values={"resolution": 96})
    floor = make_result(cell=make_cell("random_init", values={"resolution": 64}), value=50.0)

    text = render([make_result(cell=seen, value=value), floor], (), (), floor_checks=[])

    assert row(text, "simclr")["marks"] == "not tested: floor at 64 px"
    assert "above floor" not in row(text, "simclr")
    assert "below_floor" not in text


def test_marks_of_the_recipe_and_of_collapse_are_shown() -> None:
    """Extrapolated settings, leaks, stand-in data and collapsed features."""
    marks = ("extrapolated", "leaks: batch norm", "untuned")

    text = board(make_result("cpc_v2", status="collapsed", marks=marks, official=False))

    assert row(text, "cpc_v2")["marks"] == (
        "collapsed: 1 of 1 (effective rank 1.0), extrapolated, leaks: batch norm, untuned, "
        "unofficial data"
    )


def test_what_is_not_there_is_named_with_its_reason() -> None:
    """Missing, failed, excluded, unreadable: each is a row, and in its table too."""
    cells = [make_cell("simclr", replicate=r) for r in range(3)] + [make_cell("byol")]
    results = [
        make_result(cell=cells[0], value=70.0),
        make_result(cell=cells[1], status="failed", error="loss is nan at step 7"),
    ]
    excluded = (Excluded("cpc_v2 photos amdim", "its maps are too small"),)

    text = render(
        results,
        [Broken(Path("results/a.json"), "damaged JSON")],
        (),
        matrix=matrix_of(*cells, excluded=excluded),
    )

    assert row(text, "simclr")["marks"] == "failed: r1, missing: r2"
    assert row(text, "byol")["linear top-1, % [95 %]"] == "missing"
    absent = text.partition("## Not there")[2]
    for what, state, why in (
        ("simclr photos compact pocket r1", "failed", "loss is nan at step 7"),
        ("simclr photos compact pocket r2", "missing", "not run (matrix mine)"),
        ("byol photos compact pocket r0", "missing", "not run (matrix mine)"),
        ("cpc_v2 photos amdim", "excluded", "its maps are too small"),
        ("results/a.json", "unreadable", "damaged JSON"),
    ):
        found = row(absent, what)
        assert (found["state"], found["why"]) == (state, why)
    assert "Of the matrix mine, 1 of 4 cells have a number." in text


def test_nothing_is_said_to_be_missing_where_nothing_is() -> None:
    """No empty section."""
    assert "Not there" not in board(make_result(), matrix=matrix_of(make_cell("simclr")))


def test_every_reported_number_has_a_row_even_if_nobody_ran_it() -> None:
    """Simulated Fixations keeps its row; an empty store shows all numbers as not run."""
    text = render([], (), REPORTED)

    reported = text.partition("## Reported by others")[2]
    table_rows = [line for line in reported.splitlines() if line.startswith("| ")]
    datasets = {entry.dataset for entry in REPORTED}
    assert len(table_rows) == len(REPORTED) + len(datasets)
    found = row(reported, "simulated_fixations")
    assert (found["value, %"], found["ours"]) == ("61", "not run")
    assert "There are no results yet." in text


def test_a_number_from_memory_never_stands_without_that_word() -> None:
    """Neither in the table of reported numbers nor beside ours."""
    memory = [entry for entry in REPORTED if entry.certainty == "memory"]
    assert memory
    ours = [
        make_result(method, dataset=dataset)
        for method, dataset in sorted({(entry.method, entry.dataset) for entry in memory})
    ]

    text = render(ours, (), memory)

    for line in text.splitlines():
        if any(f" {entry.value:g} " in line for entry in memory):
            assert "from memory" in line
    assert text.count("(from memory)") >= len(memory)
    assert row(text, "yadim")["verdict"] == "from memory: no verdict"


def test_an_entry_that_repeats_another_says_so() -> None:
    """It is no evidence of its own."""
    entry = next(entry for entry in REPORTED if entry.repeats)

    assert "seen, repeats another" in render([], (), [entry])


def test_the_sources_of_all_numbers_are_listed() -> None:
    """Each once, under the number that its rows name."""
    sources = render([], (), REPORTED).partition("### Sources")[2]

    assert sources.count("- S") == len({entry.source for entry in REPORTED})


def test_a_stranger_s_words_stay_in_their_cell() -> None:
    """Pipes, tags and line breaks of a result do nothing to the board."""
    cell = make_cell("evil|<b>\n# x", encoder="enc|<i>", dataset="set|<u>")

    text = board(make_result(cell=cell, status="failed", error="<script>\n| a | b |"))

    assert "<" not in text.replace("p < 0.01", "")
    assert "\n# x" not in text
    found = [line for line in text.splitlines() if line.startswith("| evil")]
    assert all(line.replace("\\|", "").count("|") in (4, 5) for line in found)


def test_the_header_names_what_the_results_came_from() -> None:
    """Counts, commits, versions, and a warning where executions differ."""
    first = make_result("simclr")
    second = make_result("byol", processor="another", commit="f" * 40, dirty=True)

    one, two = board(first), board(first, second)

    assert "Results: 1 (1 ok)." in one
    assert "Run on a processor, 1 thread a cell, torch 2.4.0." in one
    assert "commit 0123456789, commit ffffffffff with uncommitted changes" in two
    assert "Run on 2 kinds of execution" in two
    assert "says nothing about natural images" in one


def test_rows_of_one_name_are_told_apart() -> None:
    """By their rate and the hash of their settings."""
    other = make_cell("simclr", learning_rate=5e-4)

    text = board(make_result("simclr", 70.0), make_result(cell=other, value=60.0))

    assert "rate 0.002, batch 128, settings " in text
    assert "rate 0.0005, batch 128, settings " in text


def test_failed_cells_without_any_number_still_have_their_table() -> None:
    """The board does not need one number to say what went wrong."""
    text = board(make_result(status="out_of_memory", error="8 GB wanted"))

    assert row(text, "simclr")["linear top-1, % [95 %]"] == "out of memory"
    assert "Nothing has been measured here yet." in text


def test_a_result_without_the_linear_probe_is_shown() -> None:
    """Another probe alone is a number too."""
    result = make_result(scores={"knn": 61.0})
    alone = result.model_copy(update={"metrics": {"knn": result.metrics["knn"]}})

    found = row(board(alone), "simclr")

    assert (found["linear top-1, % [95 %]"], found["knn"]) == ("no linear probe", "61.0")
    assert found["n"] == "1"
    assert "Nothing has been measured" not in board(alone)
    assert "nobody was scored by a linear probe, so there is no rank" in board(alone)


def test_checks_of_other_cells_are_ignored() -> None:
    """A check whose cell is not shown changes nothing."""
    stray = dataclasses.replace(checked(make_result("byol"), 1.0, 0.5), id="0" * 16)
    results = [make_result("supervised")]

    assert "Against the floor" not in render(results, (), (), floor_checks=[stray])


def test_importing_the_board_loads_no_torch_and_no_pandas() -> None:
    """`cslbench --help` stays fast."""
    code = (
        "import sys, benchmark.report.leaderboard, benchmark.evidence.floor; "
        "print({'torch', 'pandas', 'scipy', 'numpy'} & set(sys.modules))"
    )
    root = Path(__file__).resolve().parents[3]

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"
