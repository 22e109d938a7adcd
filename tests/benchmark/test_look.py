"""A look at an encoder while it trains moves no number, and sees train images alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark import look
from benchmark.cell import run_cell
from benchmark.data import load as load_dataset
from benchmark.data.dataset import Dataset
from benchmark.data.parts import held_out, is_held_out
from benchmark.matrix.protocol import PROTOCOLS
from benchmark.progress import Progress
from benchmark.run import Run
from methods.aspects.encoder import represent
from tests.benchmark.matrix.texts import matrix, text

CELL = matrix(
    text(
        datasets="[digits]", methods="[byol]", encoders="['compact[width=8]']",
        budget="{steps: 6}",
    )
).cells[0]  # fmt: skip
KNN = (PROTOCOLS["knn"],)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """Return digits, with a batch's worth and more to learn from."""
    return load_dataset("digits")


def test_a_look_moves_no_number(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights, curve and predictions are the same where every point is looked at."""
    told: list[Progress] = []

    def run() -> object:
        result, predictions = run_cell(CELL, KNN, data=None, dataset=digits, progress=told.append)
        return (
            result.provenance.weights_sha256, result.curve, result.metrics,
            {name: array.tolist() for name, array in predictions.items()},
        )  # fmt: skip

    alone = run()
    assert {moment.knn for moment in told} == {None}, "a short training is not looked at"
    told.clear()
    monkeypatch.setattr(look, "FIRST", 0.0)
    monkeypatch.setattr(look, "COST", 1e9)
    assert run() == alone
    looks = [moment.knn for moment in told if moment.phase == "train"]
    assert len(looks) == 6
    assert all(knn is not None and 0 <= knn <= 100 for knn in looks)


def test_a_look_is_the_share_of_held_out_train_images_with_the_right_neighbours(
    digits: Dataset,
) -> None:
    """By hand in float64, from features that one forward pass over the same images gives."""
    run = _built(digits)
    found = _once(run, digits)
    parts = held_out(digits)
    rows = [
        torch.linspace(0, len(part) - 1, min(most, len(part))).long()
        for part, most in ((parts.train, look.BANK), (parts.test, look.QUERIES))
    ]
    bank, queries = parts.train.images[rows[0]], parts.test.images[rows[1]]
    features = [_features(run, images) for images in (bank, queries)]
    similarity = features[1] @ features[0].T
    right = 0
    for row, label in zip(similarity, parts.test.labels[rows[1]].tolist(), strict=True):
        votes = [0.0] * 10
        for place in row.argsort(descending=True)[: look.NEIGHBOURS].tolist():
            votes[int(parts.train.labels[rows[0]][place])] += float((row[place] / 0.1).exp())
        right += votes.index(max(votes)) == label
    assert found == pytest.approx(100 * right / len(queries))


def test_looks_are_rare_enough_to_cost_little(digits: Dataset) -> None:
    """None in the first 30 s, then none within a hundred times what the last one took."""
    run = _built(digits)
    clock = [0.0]
    taken: list[float] = []

    class Slow(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            if not taken or taken[-1] != clock[0]:
                clock[0] += 2.0
                taken.append(clock[0])
            return run.encoder(x)  # type: ignore[no-any-return]

    watched = look.watch(run.recipe, digits, run.device, lambda: clock[0])
    slow = Slow()
    while clock[0] < 500:
        clock[0] += 1.0
        watched(slow)
    assert len(taken) <= 1 + 500 * look.COST
    assert min(taken) > look.FIRST


def test_nothing_of_the_test_split_is_looked_at(digits: Dataset) -> None:
    """Test images and labels of another dataset change no look."""
    run = _built(digits)
    test = replace(digits.test, images=255 - digits.test.images, labels=digits.test.labels.flip(0))
    other = replace(digits, test=test)
    assert _once(run, digits) == _once(run, other)


def test_where_nobody_is_left_to_vote_there_is_no_look(digits: Dataset) -> None:
    """Images of one group are held out together: what is shown is nothing, not nan."""
    one = replace(digits.train, groups=torch.zeros(len(digits.train), dtype=torch.long))
    assert is_held_out(one).all()
    assert _once(_built(digits), replace(digits, train=one)) is None


def _built(dataset: Dataset) -> Run:
    return Run(
        CELL, KNN, data=Path(), device="cpu", dataset=dataset, progress=lambda _: None
    )  # fmt: skip


def _once(run: Run, dataset: Dataset) -> float | None:
    """Return what the first look gives."""
    now = iter([0.0, look.FIRST, look.FIRST])
    return look.watch(run.recipe, dataset, run.device, lambda: next(now))(run.encoder)


def _features(run: Run, images: torch.Tensor) -> torch.Tensor:
    run.encoder.eval()
    with torch.inference_mode():
        pooled = represent(run.recipe, run.encoder, images)["pooled"].double()
    return torch.nn.functional.normalize(pooled, dim=1)
