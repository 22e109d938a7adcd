"""What two results differ in, found in results that differ in one known thing."""

from __future__ import annotations

import pytest

from benchmark.checks.diff import Change, Divergence, diff, divergence, rows
from benchmark.store.result import Point
from tests.benchmark.factories import make_cell, make_execution, make_result


def points(*losses: float, rate: float = 0.1) -> tuple[Point, ...]:
    """Return a curve with these losses at the steps 1, 2, ..."""
    return tuple(
        Point(step=step, loss=loss, learning_rate=rate) for step, loss in enumerate(losses, 1)
    )


def test_a_result_does_not_differ_from_itself() -> None:
    """Nor from one that only ran at another time and took longer."""
    result = make_result()
    later = result.provenance.model_copy(update={"started": "2027-01-01T00:00:00+00:00"})
    again = result.model_copy(update={"provenance": later, "ledger": None})

    found = diff(result, again)

    assert found.nothing
    assert found.same_numbers
    assert rows(found) == []


def test_a_cell_is_compared_field_by_field() -> None:
    """Recipe and values too; a value that one side lacks is named."""
    a = make_result(cell=make_cell(values={"resolution": 32, "blur": 0.5}))
    b = make_result(cell=make_cell(values={"resolution": 64}, learning_rate=1e-3))

    assert diff(a, b).cell == (
        Change("recipe.base_learning_rate", 2e-3, 1e-3),
        Change("values.resolution", 32, 64),
        Change("values.blur", 0.5, "(absent)"),
    )
    assert not diff(a, b).same_numbers


def test_another_environment_alone_leaves_the_numbers_the_same() -> None:
    """It is shown, and the numbers are still equal."""
    newer = make_execution().model_copy(update={"threads": 2, "versions": {"torch": "2.5.0"}})
    a = make_result()
    b = a.model_copy(update={"execution": newer})

    found = diff(a, b)

    assert ("environment", "threads", "1", "2") in rows(found)
    assert ("environment", "versions.torch", "2.4.0", "2.5.0") in rows(found)
    assert found.same_numbers
    assert not found.nothing


def test_provenance_is_commit_data_and_weights() -> None:
    """Other weights are other numbers; another commit is not."""
    a = make_result()
    other = a.provenance.model_copy(update={"weights_sha256": "cd" * 32})
    assert diff(a, make_result(commit=None)).same_numbers
    assert [c.field for c in diff(a, make_result(commit=None)).provenance] == ["commit"]
    moved = diff(a, a.model_copy(update={"provenance": other}))
    assert moved.weights
    assert not moved.same_numbers


def test_metrics_are_told_with_their_status() -> None:
    """A failed cell has none, and says so."""
    failed = diff(make_result(), make_result(status="failed", error="loss is nan"))
    fields = {change.field: change for change in failed.metrics}
    assert fields["status"] == Change("status", "ok", "failed")
    assert fields["linear.top1.value"] == Change("linear.top1.value", 70.0, "(absent)")
    assert [c.field for c in diff(make_result(), make_result(value=71.0)).metrics] == [
        "linear.top1.value",
        "linear.top1.low",
        "linear.top1.high",
    ]


@pytest.mark.parametrize(
    ("a", "b", "first"),
    [
        ((5.0, 4.0), (5.0, 4.0), None),
        ((5.0, 4.0, 3.0), (5.0, 4.5, 2.0), Divergence(2, 4.0, 4.5)),
        ((5.0, 4.0), (5.0,), Divergence(2, 4.0, None)),
        ((), (5.0,), Divergence(1, None, 5.0)),
    ],
)
def test_the_first_point_where_curves_part_is_named(
    a: tuple[float, ...], b: tuple[float, ...], first: Divergence | None
) -> None:
    """With both losses; a curve that ends early parts where it ends."""
    assert divergence(points(*a), points(*b)) == first


def test_a_difference_in_the_last_bit_is_one() -> None:
    """And so is another learning rate under the same loss."""
    last_bit = 5.000000000000001
    assert last_bit != 5.0
    assert divergence(points(5.0), points(last_bit)) == Divergence(1, 5.0, last_bit)
    assert divergence(points(5.0), points(5.0, rate=0.2)) == Divergence(1, 5.0, 5.0)
