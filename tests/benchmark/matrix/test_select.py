"""Selectors keep a part of a matrix, the same way for every verb."""

from __future__ import annotations

import pytest

from benchmark.errors import UsageError
from benchmark.matrix.model import Matrix
from benchmark.matrix.select import fitting, select
from tests.benchmark.factories import make_cell
from tests.benchmark.matrix.texts import matrix, text


@pytest.fixture(scope="module")
def whole() -> Matrix:
    """Three methods, one in two variants, on two datasets, with two encoders."""
    return matrix(
        text(
            methods='[simclr, yadim, "yadim[views=patches]", "moco_v2[queue=4096]"]',
            datasets="[photos, cifar10]",
            encoders='[compact, "resnet18[width=16]"]',
            replicates="2",
        )
    )


def methods(part: Matrix) -> set[str]:
    """Return the methods that are left."""
    return {cell.method for cell in part.cells}


def test_nothing_said_keeps_everything(whole: Matrix) -> None:
    """A verb without selectors works on the whole matrix."""
    assert select(whole) == whole


def test_a_base_name_means_every_variant(whole: Matrix) -> None:
    """`-m yadim` is both of them; with options it is that one, however written."""
    assert methods(select(whole, ["yadim"])) == {"yadim", "yadim[views=patches]"}
    assert methods(select(whole, ["yadim[views=whole]"])) == {"yadim"}
    assert methods(select(whole, ["yadim[views=patches]"])) == {"yadim[views=patches]"}


def test_a_variant_that_is_a_datasets_default_is_found_there_too(whole: Matrix) -> None:
    """A queue of 4,096 is CIFAR-10's own, so its cells are plain `moco_v2`."""
    part = select(whole, ["moco_v2[queue=4096]"])
    assert {(cell.dataset, cell.method) for cell in part.cells} == {
        ("photos", "moco_v2[queue=4096]"),
        ("cifar10", "moco_v2"),
    }


def test_repetition_is_union_and_axes_intersect(whole: Matrix) -> None:
    """Two methods or one of them, on one dataset, with one encoder, of one replicate."""
    part = select(whole, ["simclr", "yadim[views=patches]"], ["cifar10"], ["resnet18"], [1])
    assert [cell.label for cell in part.cells] == [
        "simclr cifar10 resnet18[width=16] 40000-images r1",
        "yadim[views=patches] cifar10 resnet18[width=16] 40000-images r1",
    ]


def test_what_is_excluded_is_selected_alike() -> None:
    """The reasons that are shown are those of the rows asked for."""
    loaded = matrix(
        text(methods="[simclr, cpc_v2]", encoders='[compact, "amdim[rkhs=128,ndf=16]"]')
    )
    assert len(select(loaded, ["cpc_v2"]).excluded) == 1
    assert select(loaded, ["simclr"]).excluded == ()
    with pytest.raises(UsageError, match=r"no cell fits this selection \(cpc_v2 photos amdim"):
        select(loaded, ["cpc_v2"], encoders=["amdim"])


@pytest.mark.parametrize(
    ("axis", "given", "said"),
    [
        ("methods", "byol", "matrix 'mine': unknown method 'byol'.*known: moco_v2"),
        (
            "methods",
            "yadim[extraction=1:1]",
            r"unknown method 'yadim\[extraction=1:1\]' \(known: .*, yadim, ya",
        ),
        ("methods", "simclear", "unknown method 'simclear'; did you mean 'simclr'"),
        ("methods", "simclr[temperature=-1]", "must be above 0"),
        (
            "datasets",
            "stl10",
            r"matrix 'mine': unknown dataset 'stl10'.*\(known: cifar10, photos\)",
        ),
        ("datasets", "cifar11", "unknown dataset 'cifar11'; did you mean 'cifar10'"),
        ("encoders", "resnet18[width=32]", r"did you mean 'resnet18\[width=16\]'"),
        ("encoders", "resnet19", "unknown encoder 'resnet19'; did you mean"),
    ],
)
def test_what_is_not_in_the_matrix_is_an_error(
    whole: Matrix, axis: str, given: str, said: str
) -> None:
    """Names that nobody has, and ones that this matrix has not, both with the nearest."""
    with pytest.raises(UsageError, match=said):
        select(
            whole,
            methods=[given] if axis == "methods" else (),
            datasets=[given] if axis == "datasets" else (),
            encoders=[given] if axis == "encoders" else (),
        )


def test_a_replicate_that_is_not_in_the_matrix_is_an_error(whole: Matrix) -> None:
    """Two replicates are 0 and 1."""
    with pytest.raises(UsageError, match=r"unknown replicate '2'.*\(known: 0, 1\)"):
        select(whole, replicates=[2])


def test_cells_of_results_are_chosen_by_the_same_selectors() -> None:
    """A base name means every variant; of a method that nobody has, the name alone is asked."""
    cells = [
        make_cell("yadim"),
        make_cell("yadim[views=patches]", encoder="resnet18[width=16]"),
        make_cell("theirs[depth=2]", dataset="cifar10"),
    ]
    assert fitting(cells) == cells
    assert fitting(cells, ["yadim"]) == cells[:2]
    assert fitting(cells, ["yadim[views=whole]", "theirs"]) == [cells[0], cells[2]]
    assert fitting(cells, ["theirs[depth=2]"], ["cifar10"]) == cells[2:]
    assert fitting(cells, encoders=["resnet18"]) == cells[1:2]


def test_a_selector_that_means_no_result_is_refused() -> None:
    """With the nearest name; nothing is judged by mistake."""
    cells = [make_cell("yadim"), make_cell("simclr", dataset="cifar10")]
    with pytest.raises(UsageError, match="unknown method 'yadin'; did you mean 'yadim'"):
        fitting(cells, ["yadin"])
    with pytest.raises(UsageError, match="no result fits this selection"):
        fitting(cells, ["yadim"], ["cifar10"])
