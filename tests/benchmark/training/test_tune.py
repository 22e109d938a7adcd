"""Tuning sees train images alone, uses seeds of its own, and chooses the same way every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.data.dataset import Dataset, Split
from benchmark.data.parts import held_out
from benchmark.errors import UsageError
from benchmark.matrix import common
from benchmark.matrix.cell import Cell
from benchmark.matrix.load import load
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.training import tune
from benchmark.training.tune import Tried
from tests.benchmark.matrix.texts import TABLE, matrix, text

CELL = matrix(text()).cells[0]


def dataset(groups: torch.Tensor | None) -> Dataset:
    """Make 40 train images, each of its own grey level, and ten test images of level 255."""
    images = torch.arange(40, dtype=torch.uint8).view(40, 1, 1, 1).expand(40, 3, 4, 4)
    train = Split(images, torch.arange(40) % 4, groups)
    test = Split(torch.full((10, 3, 4, 4), 255, dtype=torch.uint8), torch.zeros(10).long())
    numbers = (0.5, 0.5, 0.5)
    return Dataset(
        "made", ("a", "b", "c", "d"), 4, numbers, numbers, train.unlabelled(), train, test, None, ""
    )


def levels(split: Split) -> set[int]:
    """Return the grey levels of a split, which are the numbers of its images."""
    return set(split.images[:, 0, 0, 0].tolist())


def tried(rate: float, score: float | None, replicate: int = 1000) -> Tried:
    """Make a run of the grid."""
    recipe = replace(CELL.recipe, base_learning_rate=rate)
    return Tried(CELL.model_copy(update={"recipe": recipe, "replicate": replicate}), score)


def test_the_test_split_is_never_in_a_trial() -> None:
    """A fifth of the train images is scored on; the rest is trained and probed on."""
    parts = held_out(dataset(None))
    assert (len(parts.train), len(parts.test)) == (32, 8)
    assert levels(parts.train) | levels(parts.test) == set(range(40))
    assert not levels(parts.train) & levels(parts.test)
    assert parts.test.labels.tolist() == [level % 4 for level in parts.test.images[:, 0, 0, 0]]


def test_what_is_held_out_is_not_pretrained_on() -> None:
    """Where the method learns from the train images; a set of its own stays whole."""
    parts = held_out(dataset(None))
    assert levels(parts.pretrain) == levels(parts.train)
    assert set(parts.pretrain.labels.tolist()) == {-1}
    made = dataset(None)
    own = replace(made, pretrain=Split(made.test.images, made.test.labels))
    assert len(held_out(own).pretrain) == 10


def test_groups_are_held_out_whole() -> None:
    """Patches of one tile are alike: none of them is scored if another is trained on."""
    groups = torch.arange(40) // 4 * 7
    parts = held_out(dataset(groups))
    assert parts.train.groups is not None
    assert parts.test.groups is not None
    assert not set(parts.train.groups.tolist()) & set(parts.test.groups.tolist())
    assert len(parts.test) == 8


def test_a_reported_replicate_is_refused() -> None:
    """Matrices report 0 to 999, tuning uses 1000 and above."""
    with pytest.raises(UsageError, match=r"below 1000 are reported.*\(got 0\)"):
        next(tune.tune(matrix(text()), replicates=(0,)))


def test_only_rows_of_the_common_training_are_tuned() -> None:
    """One cell a row whatever its replicates; the floor and the authors' trainings are left."""
    loaded = matrix(text(methods="[simclr, byol, random_init]", replicates="3"))
    assert [cell.method for cell in tune.rows(loaded)] == ["simclr", "byol"]
    with pytest.raises(UsageError, match="no row takes the common training"):
        tune.rows(load("paper"))


def test_the_best_mean_is_chosen_and_the_lower_rate_of_two_equals() -> None:
    """By hand: means 60, 65 and 65; 70 failed under one seed, so it is out."""
    runs = [
        tried(1e-3, 61.0), tried(1e-3, 59.0, 1001), tried(2e-3, 66.0), tried(2e-3, 64.0, 1001),
        tried(4e-3, 65.0), tried(4e-3, 65.0, 1001), tried(8e-3, 70.0), tried(8e-3, None, 1001),
    ]  # fmt: skip
    entry = tune.choose(CELL, runs)
    assert entry is not None
    assert entry.learning_rate == 2e-3
    assert [(trial.rate, trial.score) for trial in entry.tried] == [
        (1e-3, 60.0), (2e-3, 65.0), (4e-3, 65.0), (8e-3, None),
    ]  # fmt: skip
    assert tune.choose(CELL, runs[::-1]) == entry


def test_a_row_of_which_nothing_came_through_keeps_its_default() -> None:
    """It gets no entry."""
    assert tune.choose(CELL, [tried(1e-3, None), tried(2e-3, None)]) is None


def test_every_rate_is_run_with_every_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells differ in rate and replicate alone."""
    seen: list[Cell] = []

    def run(cell: Cell, *, data: Path | None, device: str) -> Tried:
        assert (data, device) == (None, "cpu")
        seen.append(cell)
        return Tried(cell, 100 * cell.recipe.base_learning_rate)

    monkeypatch.setattr(tune, "_run", run)
    found = list(tune.tune(matrix(text()), grid=(1e-3, 2e-3), replicates=(1000, 1001)))
    assert [(c.recipe.base_learning_rate, c.replicate) for c in seen] == [
        (1e-3, 1000), (1e-3, 1001), (2e-3, 1000), (2e-3, 1001),
    ]  # fmt: skip
    back = {"recipe": CELL.recipe, "replicate": 0}
    assert {cell.model_copy(update=back).pretrain_id for cell in seen} == {CELL.pretrain_id}
    assert [(entry.learning_rate, entry.tried_with) for entry in found] == [(2e-3, None)]


def test_a_run_may_spend_a_share_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry is for the whole budget, and says what a run spent."""
    monkeypatch.setattr(tune, "_run", lambda cell, **_: Tried(cell, float(cell.steps)))
    two = matrix(text(methods="[simclr, byol]", budget="{images: 6400}"))
    found = tune.tune(two, grid=(1e-3,), replicates=(1000,), share=0.5)
    first = next(found)  # told before the second row runs: nothing done is lost to an end
    batch = first.batch
    assert (first.budget, first.tried_with) == ("6400 images", "3200 images")
    assert first.tried[0].score == 3200 // batch
    assert [entry.method for entry in found] == ["byol"]
    with pytest.raises(UsageError, match="buys no step"):
        list(tune.tune(two, share=1e-4))


def test_saving_keeps_the_rows_that_were_not_tuned_again(tmp_path: Path) -> None:
    """The file is what the writer writes, whichever row came first."""
    path = tmp_path / "common.yaml"
    path.write_text(common.render(TABLE))
    one = tune.choose(CELL, [tried(1e-3, 60.0)])
    assert one is not None
    other = one.model_copy(update={"method": "amdim"})
    tune.save(one, path)
    tune.save(other, path)
    assert [entry.method for entry in common.load(path).tuned] == ["amdim", "simclr"]
    assert path.read_text() == common.render(TABLE.with_entries((one, other)))


def test_a_real_trial_scores_and_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step on the digits, probed on held-out train images: above nothing, at most 100."""
    shipped = matrix(text(datasets="[digits]", methods="[supervised]", budget="{steps: 1}"))
    told: list[Tried] = []
    monkeypatch.setattr(tune, "PROTOCOL", PROTOCOLS["knn"])
    list(tune.tune(shipped, grid=(1e-3,), report=told.append))
    assert [one.cell.replicate for one in told] == list(tune.REPLICATES)
    for one in told:
        assert one.error == ""
        assert one.score is not None
        assert 0 < one.score <= 100
