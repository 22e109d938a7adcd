"""A method is held to the floor of its own replicate, encoder, view and data, and to no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.evidence.floor import (
    FloorCheck,
    against_floor,
    is_control,
    is_floor,
    sees_patches,
)
from benchmark.evidence.statistics.multiple import holm
from benchmark.evidence.statistics.paired import mcnemar, sign_flip
from benchmark.store.result import Result
from methods.settings import Value
from tests.benchmark.factories import make_cell, make_result

N = 400
LABELS = np.arange(N) % 4


def predicted(right: int, *, start: int = 0) -> NDArray[np.int64]:
    """Predict `right` images as they are, from `start` on and round, and the others wrongly."""
    hit = (np.arange(N) - start) % N < right
    return np.where(hit, LABELS, (LABELS + 1) % 4)


def checks(
    rows: list[tuple[Result, NDArray[np.int64]]], groups: NDArray[np.int64] | None = None
) -> list[FloorCheck]:
    """Check results whose linear predictions are given."""
    extra = {} if groups is None else {"groups": groups}
    kept: dict[str, dict[str, NDArray[Any]]] = {
        result.id: {"linear": classes, "labels": LABELS, **extra} for result, classes in rows
    }
    return against_floor([result for result, _ in rows], lambda result: kept[result.id])


def floor(replicate: int = 0, method: str = "random_init", **changes: Any) -> Result:
    """Make the floor's result."""
    return make_result(method, 50.0, replicate=replicate, **changes)


def test_gains_and_p_are_those_of_the_pair() -> None:
    """+25 points: 100 images that the floor gets wrong and none the other way round."""
    [found] = checks([(make_result("simclr"), predicted(300)), (floor(), predicted(200))])

    assert (found.method, found.replicate, found.encoder) == ("simclr", 0, "compact")
    assert found.gain_points == pytest.approx(25.0)
    assert found.p == mcnemar(predicted(300) == LABELS, predicted(200) == LABELS)
    assert (found.n, found.p_clustered, found.verdict) == (N, None, "above floor")


@pytest.mark.parametrize(
    ("right", "start", "verdict"),
    [(300, 0, "above floor"), (100, 0, "below floor"), (205, 100, "not separable")],
)
def test_the_verdict_needs_significance_in_its_direction(
    right: int, start: int, verdict: str
) -> None:
    """Above, below, or neither."""
    [found] = checks(
        [(make_result("simclr"), predicted(right, start=start)), (floor(), predicted(200))]
    )

    assert found.verdict == verdict


def test_each_replicate_meets_its_own_floor() -> None:
    """Replicate 1's floor is higher: the same method then gains less."""
    found = checks(
        [
            (make_result("simclr", replicate=0), predicted(300)),
            (make_result("simclr", replicate=1), predicted(300)),
            (floor(0), predicted(200)),
            (floor(1), predicted(280)),
        ]
    )

    assert [check.replicate for check in found] == [0, 1]
    assert [check.gain_points for check in found] == pytest.approx([25.0, 5.0])


def test_patches_meet_the_floor_of_patches() -> None:
    """CPC v2 and YADIM over patches compare with `random_init[views=patches]`."""
    seen: dict[str, Value] = {"views": "patches", "resolution": 32}
    cut = make_cell("yadim[views=patches]", values={**seen})
    cut_floor = make_cell("random_init[views=patches]", values={**seen})
    whole_floor, patch_floor = floor(), make_result(cell=cut_floor)

    found = checks(
        [
            (make_result("cpc_v2"), predicted(300)),
            (make_result(cell=cut), predicted(300)),
            (make_result("simclr"), predicted(300)),
            (whole_floor, predicted(100)),
            (patch_floor, predicted(250)),
        ]
    )

    assert {check.method: check.floor_id for check in found} == {
        "cpc_v2": patch_floor.id,
        "yadim[views=patches]": patch_floor.id,
        "simclr": whole_floor.id,
    }


@pytest.mark.parametrize(
    "other",
    [
        floor(replicate=1),
        floor(encoder="resnet18"),
        floor(dataset="digits"),
        floor(dataset_sha256="cd" * 32),
        make_result(cell=make_cell("random_init[views=patches]", values={"views": "patches"})),
        make_result(cell=make_cell("random_init", values={"resolution": 64})),
    ],
    ids=["replicate", "encoder", "dataset", "content", "views", "resolution"],
)
def test_another_floor_is_no_floor(other: Result) -> None:
    """Without the floor of the same replicate, encoder, data, view and size there is no check."""
    assert not checks([(make_result("simclr"), predicted(300)), (other, predicted(200))])


def test_controls_and_failed_cells_are_not_checked() -> None:
    """The ceiling, the floor itself and what came to nothing stay out of the family."""
    found = checks(
        [
            (make_result("supervised"), predicted(390)),
            (make_result("byol", status="failed", error="no"), predicted(0)),
            (floor(), predicted(200)),
        ]
    )

    assert not found


def test_cells_without_predictions_are_left_out() -> None:
    """A result whose predictions were not kept has no check, and spoils no other."""
    results = [make_result("simclr"), floor()]

    assert not against_floor(results, lambda _: {})


def test_holm_corrects_over_methods_and_replicates_of_one_table() -> None:
    """Three checks of one family; another encoder's check is a family of its own."""
    rows = [
        (make_result("simclr"), predicted(212)),
        (make_result("byol"), predicted(209)),
        (make_result("simclr", replicate=1), predicted(230)),
        (make_result("simclr", encoder="resnet18"), predicted(212)),
        *((floor(r), predicted(200)) for r in (0, 1)),
        (floor(encoder="resnet18"), predicted(200)),
    ]

    found = checks(rows)

    family = [check for check in found if check.encoder == "compact"]
    assert [check.p_holm for check in family] == holm([check.p for check in family])
    [alone] = [check for check in found if check.encoder == "resnet18"]
    assert alone.p_holm == alone.p


def test_with_groups_the_clustered_p_decides_and_both_are_reported() -> None:
    """All gains lie in four tiles: McNemar calls them above, the clustered test can't."""
    groups = np.arange(N) // 20
    first, second = predicted(280), predicted(200)

    [found] = checks([(make_result("simclr"), first), (floor(), second)], groups)

    assert found.mcnemar_verdict == "above floor"
    assert found.p_clustered == sign_flip(first == LABELS, second == LABELS, groups)
    assert found.p_clustered == pytest.approx(2 / 2**4)
    assert found.verdict == "not separable"


def test_other_test_images_are_refused() -> None:
    """A pair over different labels is no pair."""
    results = [make_result("simclr"), floor()]
    labels = {results[0].id: LABELS, results[1].id: LABELS[::-1]}

    with pytest.raises(ValueError, match="simclr photos compact pocket r0 and its floor"):
        against_floor(results, lambda r: {"linear": LABELS, "labels": labels[r.id]})


def test_the_kind_of_a_cell_is_read_from_its_card() -> None:
    """A method of a package that is not installed is a plain method on whole views."""
    assert is_floor(make_cell("random_init"))
    assert is_control(make_cell("random_init"))
    assert not is_floor(make_cell("supervised"))
    assert is_control(make_cell("supervised"))
    assert not is_control(make_cell("elsewhere"))
    assert not sees_patches(make_cell("elsewhere"))
    assert sees_patches(make_cell("elsewhere", values={"views": "patches"}))
