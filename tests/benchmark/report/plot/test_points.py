"""What may stand in one panel, and what it is called."""

from __future__ import annotations

import pytest

from benchmark.errors import UsageError
from benchmark.report.plot.points import chosen, groups, points
from tests.benchmark.factories import make_cell, make_result
from tests.benchmark.report.plot.stores import controls, trained


@pytest.mark.parametrize(
    "other",
    [{"dataset": "digits"}, {"encoder": "resnet18"}, {"budget": "small"}],
    ids=lambda other: next(iter(other)),
)
def test_what_cannot_be_compared_never_shares_a_panel(other: dict[str, str]) -> None:
    """Two methods that differ in one more field are in two groups; else in one."""
    ours = trained("simclr", [60.0])
    apart = groups([*ours, *trained("byol", [70.0], **other)])  # type: ignore[arg-type]

    assert [len(group.rows) for group in apart] == [1, 1]
    assert [len(group.rows) for group in groups([*ours, *trained("byol", [70.0])])] == [2]


def test_two_contents_of_one_dataset_never_share_a_panel() -> None:
    """The name alone does not make two sets of images one."""
    ours = trained("simclr", [60.0])
    other = make_result("byol", 70.0, dataset_sha256="cd" * 32)

    found = [[row.cell.method for row in group.rows] for group in groups([*ours, other])]

    assert sorted(found) == [["byol"], ["simclr"]]


def test_controls_stand_beside_chosen_methods() -> None:
    """Of two methods one was asked for; its floor and its ceiling stay."""
    every = [*trained("simclr", [60.0]), *trained("byol[tau=0.98]", [61.0]), *controls()]

    found = {result.cell.method for result in chosen(every, methods=["byol"])}

    assert found == {"byol[tau=0.98]", "random_init", "supervised"}
    with pytest.raises(UsageError, match="unknown method 'simclt'; did you mean 'simclr'"):
        chosen(every, methods=["simclt"])


def test_names_in_a_panel_differ() -> None:
    """The same method at two rates is two points that a reader can tell apart."""
    cells = [make_cell(learning_rate=rate) for rate in (1e-3, 2e-3)]
    (group,) = groups([make_result(cell=cell) for cell in cells])

    names = {point.name for point in points(group.rows, "linear")}

    assert names == {
        "simclr (pocket: 50 000 images) (rate 0.001)",
        "simclr (pocket: 50 000 images) (rate 0.002)",
    }


def test_a_ceiling_of_another_budget_says_so() -> None:
    """It is no result of the panel's budget."""
    (group,) = groups([*trained("simclr", [60.0], budget="small"), *controls()])

    names = {point.name for point in points(group.rows, "linear", group.cell)}

    assert names == {"simclr", "supervised (pocket: 50 000 images)", "random_init"}


def test_a_row_without_a_number_says_why() -> None:
    """Missing, failed and collapsed rows are there, each with its state."""
    results = [
        make_result("simclr", status="failed", error="loss"),
        make_result("byol", 12.0, status="collapsed"),
    ]
    (group,) = groups(results, [make_cell("moco_v2")])
    found = {point.name: (point.state, point.estimate is None) for point in
             points(group.rows, "linear")}  # fmt: skip

    assert found == {
        "simclr": ("failed", True),
        "byol": ("collapsed: 1 of 1", False),
        "moco_v2": ("missing", True),
    }
