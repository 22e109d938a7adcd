"""A matrix file becomes frozen cells, or one sentence that says where it is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.errors import MatrixError, UsageError
from benchmark.matrix.common import render
from benchmark.matrix.load import load, shipped
from benchmark.store.result import Result
from tests.benchmark.matrix.texts import TABLE, matrix, text


@pytest.mark.parametrize(
    ("name", "cells", "excluded"),
    [
        ("default", 27, 0),
        ("nightly", 108, 3),
        ("cifar10-quick", 9, 0),
        ("cifar10", 108, 4),
        ("stl10", 69, 4),
        ("imagenet", 18, 0),
        ("paper", 39, 0),
    ],
)
def test_every_shipped_matrix_has_its_cells(name: str, cells: int, excluded: int) -> None:
    """The counts are those of the axes less what cannot run, and every id stands once."""
    loaded = load(name)
    assert (loaded.name, len(loaded.cells), len(loaded.excluded)) == (name, cells, excluded)
    assert len({cell.pretrain_id for cell in loaded.cells}) == cells
    assert all(len(left.reason) > 10 for left in loaded.excluded)


def test_no_shipped_matrix_is_left_out_of_the_counts() -> None:
    """Seven files are shipped, and they are the seven above."""
    names = ("cifar10", "cifar10-quick", "default", "imagenet", "nightly", "paper", "stl10")
    assert shipped() == names


def test_the_default_matrix_is_eight_rows_and_the_floor_of_patches() -> None:
    """Six methods, two controls, and random_init over patches, in three replicates."""
    loaded = load("default")
    rows = [cell.method for cell in loaded.cells if cell.replicate == 0]
    assert rows == [
        "amdim", "cpc_v2", "simclr", "byol", "moco_v2", "yadim", "random_init",
        "random_init[views=patches]", "supervised",
    ]  # fmt: skip
    assert {cell.replicate for cell in loaded.cells} == {0, 1, 2}
    assert [protocol.name for protocol in loaded.protocols] == ["linear", "knn"]


def test_a_shipped_name_that_is_not_there_names_the_nearest() -> None:
    """A path is recognised by its ending, everything else is a name."""
    with pytest.raises(UsageError, match="unknown matrix 'defualt'; did you mean 'default'"):
        load("defualt")


def test_a_file_of_ones_own_loads_like_a_shipped_one(tmp_path: Path) -> None:
    """A path that ends in .yaml is read; one that is not there is an error in words."""
    (tmp_path / "own.yaml").write_text(text())
    (tmp_path / "table.yaml").write_text(render(TABLE))
    assert load(str(tmp_path / "own.yaml"), table=tmp_path / "table.yaml") == matrix(text())
    with pytest.raises(MatrixError, match="cannot be read"):
        load(str(tmp_path / "none.yaml"))


def test_a_combination_that_cannot_run_is_kept_with_its_reason() -> None:
    """The rest of the product runs; the reason says what is needed and what there is."""
    loaded = matrix(
        text(methods="[simclr, cpc_v2]", encoders='[compact, "amdim[rkhs=128,ndf=16]"]')
    )
    assert [cell.label for cell in loaded.cells] == [
        "simclr photos compact 40000-images r0",
        "simclr photos amdim[ndf=16,rkhs=128] 40000-images r0",
        "cpc_v2 photos compact 40000-images r0",
    ]
    (left,) = loaded.excluded
    assert left.label == "cpc_v2 photos amdim[ndf=16,rkhs=128]"
    assert "32, 64, 128 px (got 8 px)" in left.reason


def test_a_batch_larger_than_the_dataset_is_a_reason_not_an_error() -> None:
    """1,198 images a step are one more than digits has to train on; photos has 8,000."""
    loaded = matrix(text(datasets="[digits, photos]", batch="1198", budget="smoke"))
    assert [cell.dataset for cell in loaded.cells] == ["photos"]
    (left,) = loaded.excluded
    assert left.reason == "a batch of 1198 is larger than the 1197 images of digits"


def test_a_queue_longer_than_the_dataset_is_a_reason() -> None:
    """A key would meet its own image as a negative."""
    loaded = matrix(text(methods='[moco_v2, "moco_v2[queue=2048]"]', datasets="[digits]"))
    assert [left.label for left in loaded.excluded] == ["moco_v2[queue=2048] digits compact"]
    assert "longer than the 1197 images" in loaded.excluded[0].reason


def test_an_exclusion_by_base_name_means_every_variant() -> None:
    """One with options means that variant alone, however it is written."""
    methods = '[yadim, "yadim[views=patches]", "yadim[extraction=1:1]"]'
    every = text(methods=f"{methods[:-1]}, simclr]", exclude="[{method: yadim, reason: slow}]")
    assert [cell.method for cell in matrix(every).cells] == ["simclr"]
    one = text(methods=methods, exclude='[{method: "yadim[views=whole]", reason: slow}]')
    assert [cell.method for cell in matrix(one).cells] == [
        "yadim[views=patches]", "yadim[extraction=1:1]",
    ]  # fmt: skip


def test_selectors_are_brought_to_one_form() -> None:
    """Options at their defaults go, the others are sorted; so for encoders and datasets."""
    loaded = matrix(
        text(
            methods='["simclr[temperature=0.20,hidden=256]"]',
            encoders='["resnet18[width=16,norm=batch]"]',
            datasets='["stl10[pretrain=unlabeled]"]',
        )
    )
    (cell,) = loaded.cells
    assert (cell.method, cell.dataset, cell.encoder) == (
        "simclr[hidden=256,temperature=0.2]", "stl10", "resnet18[width=16]",
    )  # fmt: skip


def test_ids_are_pinned() -> None:
    """Results are filed by these: they change with what a cell is, never with how it is made."""
    loaded = matrix(text(methods="[simclr, random_init]", datasets="[cifar10]"))
    assert {cell.label: cell.pretrain_id for cell in loaded.cells} == {
        "simclr cifar10 compact 40000-images r0": "da7099dbd8c03541",
        "random_init cifar10 compact none r0": "28e0f76346e06509",
    }


def test_ids_do_not_depend_on_key_order_or_aliases() -> None:
    """Keys the other way round, options at their defaults, and a named budget change no id."""
    plain = matrix(text(budget="pocket"))
    lines = text(methods='["simclr[temperature=0.2]"]', encoders='["compact[norm=batch]"]',
                 budget="{images: 50000}").splitlines(keepends=True)  # fmt: skip
    assert matrix("".join(reversed(lines))).cells == plain.cells


def test_every_field_that_decides_the_number_changes_the_id() -> None:
    """Another dataset, encoder, budget, batch, precision or replicate is another cell."""
    changes: tuple[dict[str, str], ...] = (
        {}, {"datasets": "[digits]"}, {"encoders": '["compact[norm=group]"]'}, {"budget": "smoke"},
        {"batch": "64"}, {"precision": "bfloat16"}, {"replicates": "[1]"}, {"training": "authors"},
        {"methods": '["simclr[temperature=0.3]"]'},
    )  # fmt: skip
    ids = {matrix(text(**change)).cells[0].pretrain_id for change in changes}
    assert len(ids) == len(changes)


def test_the_floor_is_one_cell_whatever_the_others_spend() -> None:
    """Neither budget, training nor batch changes an untrained encoder."""
    changes: tuple[dict[str, str], ...] = (
        {}, {"budget": "paper", "training": "authors"}, {"batch": "32"}, {"budget": "{seconds: 9}"},
    )  # fmt: skip
    cells = [matrix(text(methods="[random_init]", **change)).cells[0] for change in changes]
    assert len({cell.pretrain_id for cell in cells}) == 1
    assert {cell.steps for cell in cells} == {0}


def test_budgets_become_steps() -> None:
    """By hand: 40,000 images in batches of 128 are 312 steps; 8,000 images are 62 an epoch."""
    budgets = {
        "{images: 40000}": 312, "{epochs: 2}": 124, "{epochs: 0.5}": 31, "smoke": 3,
        "{seconds: 5}": None, "{flops: 1.0e+12}": None,
    }  # fmt: skip
    assert {b: matrix(text(budget=b)).cells[0].steps for b in budgets} == budgets


def test_steps_of_epochs_wait_for_files_where_only_they_know_the_count() -> None:
    """The same cell has the same id before and after its steps are known."""
    (cell,) = matrix(text(datasets="[imagenet]", budget="{epochs: 1}")).cells
    assert cell.steps is None
    assert cell.model_copy(update={"steps": 5004}).pretrain_id == cell.pretrain_id
    assert matrix(text(datasets="[imagenet]")).cells[0].steps == 40_000 // 256


def test_the_paper_budget_is_each_methods_own_length() -> None:
    """AMDIM 300 epochs of 104 batches of 480; CPC 1,000 of 781 of 64, on CIFAR-10."""
    cells = matrix(text(methods="[amdim, cpc_v2]", datasets="[cifar10]", budget="paper",
                        encoders="[resnet50]", training="authors")).cells  # fmt: skip
    assert [(c.budget.name, c.budget.amount, c.recipe.batch, c.steps) for c in cells] == [
        ("paper", 300.0, 480, 31_200), ("paper", 1000.0, 64, 781_000),
    ]  # fmt: skip


def test_each_cell_of_the_paper_matrix_has_its_own_probe() -> None:
    """AMDIM's MLP, CPC's MLP on all places, SimCLR's SGD; none has the others'."""
    loaded = load("paper")
    wanted = {
        (cell.method, cell.dataset): {protocol.name for protocol in loaded.wanted(cell)}
        for cell in loaded.cells
    }
    assert wanted["amdim", "cifar10"] == {"linear", "mlp"}
    assert wanted["cpc_v2", "stl10"] == {"linear", "mlp_flat"}
    assert wanted["simclr", "imagenet"] == {"linear", "linear_sgd_simclr", "knn"}
    default = load("default")
    assert {default.wanted(cell) for cell in default.cells} == {default.protocols}


def test_a_cell_survives_json_with_its_id() -> None:
    """What is read back is equal and has the same id, whole numbers for floats included."""
    for cell in load("paper").cells:
        again = type(cell).model_validate_json(cell.model_dump_json())
        assert (again, again.pretrain_id) == (cell, cell.pretrain_id)
    assert Result.model_fields["cell"].annotation is type(cell)


def test_loading_imports_no_torch() -> None:
    """Planning and validating must start in a moment: no torch, pandas or scipy."""
    code = (
        "import sys; from benchmark.matrix.load import load, select, shipped\n"
        "for name in shipped(): select(load(name))\n"
        "import benchmark.plan\n"
        "print({'torch', 'pandas', 'scipy', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
