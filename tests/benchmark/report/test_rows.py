"""Rows hold what is alike but for the replicate; tables hold what may stand in one order."""

from __future__ import annotations

import pytest

from benchmark.matrix.budget import Budget
from benchmark.matrix.cell import Cell
from benchmark.report.grouping import latest, tables
from benchmark.report.rows import Table
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result

NOTHING = Budget("none", "steps", 0)


def floor(value: float = 50.0, *, replicate: int = 0, patches: bool = False) -> Result:
    """Make a floor, which has a budget of its own."""
    cell = make_cell(
        "random_init[views=patches]" if patches else "random_init",
        budget=NOTHING,
        replicate=replicate,
        values={"resolution": 32, "views": "patches" if patches else "whole"},
    )
    return make_result(cell=cell, value=value)


def names(table: Table) -> list[str]:
    """Name the rows in their order."""
    return [row.cell.method for row in table.rows]


def test_replicates_make_one_row_and_its_mean() -> None:
    """Three replicates, one row, in the order of replicates."""
    [table] = tables(make_result(value=60.0 + r, replicate=r) for r in (2, 0, 1))

    [row] = table.rows
    assert [cell.replicate for cell in row.cells] == [0, 1, 2]
    assert row.mean == pytest.approx(61.0)


def test_rows_are_sorted_by_their_mean_and_missing_ones_stand_last() -> None:
    """The best first; without a number, below."""
    results = [make_result("simclr", 60.0), make_result("byol", 70.0), floor(65.0)]

    [table] = tables(results, [make_cell("amdim")])

    assert names(table) == ["byol", "random_init", "simclr", "amdim"]


@pytest.mark.parametrize(
    "other",
    [
        make_cell("byol", "digits"),
        make_cell("byol", encoder="resnet18"),
        make_cell("byol", budget=Budget("pocket", "images", 60_000)),
        make_cell("byol", budget=Budget("pocket", "steps", 50_000)),
        make_cell("byol", training="authors"),
        make_cell("byol").model_copy(update={"precision": "bfloat16"}),
    ],
    ids=["dataset", "encoder", "amount", "currency", "training", "precision"],
)
def test_what_is_not_comparable_stands_in_another_table(other: Cell) -> None:
    """Nothing is ranked across datasets, encoders, budgets, trainings or precisions."""
    found = tables([make_result("simclr"), make_result(cell=other)])

    assert len(found) == 2


def test_each_method_at_its_published_length_is_listed_and_not_ranked() -> None:
    """The paper budget is another amount for each method: by name, whatever the numbers."""
    long, short = (Budget("paper", "epochs", amount) for amount in (1000, 200))
    results = [
        make_result(cell=make_cell("simclr", budget=long), value=90.0),
        make_result(cell=make_cell("moco_v2", budget=short), value=80.0),
    ]

    [table] = tables(results)

    assert not table.ranked
    assert names(table) == ["moco_v2", "simclr"]


def test_a_floor_stands_in_every_table_of_its_dataset_and_encoder() -> None:
    """An untrained encoder has no budget."""
    other = make_cell("simclr", budget=Budget("small", "images", 640_000))

    found = tables([make_result("simclr"), make_result(cell=other), floor()])

    assert [names(table) for table in found] == [["simclr", "random_init"]] * 2


def test_a_ceiling_of_another_budget_stands_in_every_table_that_has_none() -> None:
    """Labels' own budget is no other table; a ceiling of the table's budget goes before it."""
    short, long = Budget("short", "steps", 10), Budget("long", "steps", 20)

    def of(method: str, budget: Budget) -> Result:
        return make_result(cell=make_cell(method, budget=budget))

    methods = [of("simclr", short), of("byol", long)]
    one = tables([*methods, of("supervised", long)])
    both = tables([*methods, of("supervised", short), of("supervised", long)])

    assert [sorted(names(table)) for table in one] == [
        ["simclr", "supervised"],
        ["byol", "supervised"],
    ]
    budgets = [[row.cell.budget.name for row in table.rows] for table in both]
    assert sorted(map(set, budgets), key=str) == [{"long"}, {"short"}]


def test_a_floor_alone_has_a_table() -> None:
    """It is not lost for want of a method."""
    assert [names(table) for table in tables([floor()])] == [["random_init"]]


def test_the_floor_of_patches_is_that_of_patches() -> None:
    """Like with like: the difference is over the replicates that both have."""
    results = [
        make_result("cpc_v2", 60.0, replicate=0),
        make_result("cpc_v2", 70.0, replicate=1),
        make_result("simclr", 75.0, replicate=1),
        floor(40.0),
        floor(52.0, patches=True),
        floor(58.0, patches=True, replicate=2),
    ]

    [table] = tables(results)

    found = {row.cell.method: table.floor(row) for row in table.rows}
    patches, whole = found["cpc_v2"], found["simclr"]
    assert patches is not None
    assert patches.mean == pytest.approx(55.0)
    assert patches.difference == pytest.approx(8.0)
    assert whole is not None
    assert (whole.mean, whole.difference) == (40.0, None)
    assert found["random_init"] is None


def test_other_settings_and_other_data_make_other_rows() -> None:
    """A replicate is averaged only with its like."""
    results = [
        make_result("simclr"),
        make_result(cell=make_cell("simclr", learning_rate=1e-3, replicate=1)),
        make_result("byol"),
        make_result("byol", replicate=1, dataset_sha256="cd" * 32),
    ]

    [table] = tables(results, [make_cell("byol", replicate=2)])

    assert sorted(names(table)) == ["byol", "byol", "simclr", "simclr"]
    assert [len(row.cells) for row in table.rows if row.missing] == [2]


def test_of_two_results_of_one_cell_a_number_goes_before_a_failure() -> None:
    """A cell that was tried again counts once."""
    results = [make_result(value=70.0), make_result(status="failed", error="no")]

    assert [result.status for result in latest(results)] == ["ok"]
    assert latest(results) == latest(results[::-1])


def test_a_row_says_once_what_is_stale() -> None:
    """Replicates that differ in what changed say both; a stale id of no result says nothing."""
    results = [make_result(replicate=k) for k in range(3)]
    stale = dict(zip([result.id for result in results], "aba", strict=True))
    ((row,),) = (table.rows for table in tables(results, stale={**stale, "0" * 16: "c"}))
    assert row.stale == ("a", "b")
    assert tables(results)[0].rows[0].stale == ()
