"""What every probe is given: refusals in words, and a held-out split that leaks nothing."""

from __future__ import annotations

import pytest
import torch

from benchmark.evaluation.probe import TrainSet, batches, check_features, split


def labelled(count: int = 120, classes: int = 4, replicate: int = 0) -> TrainSet:
    """Return random features with balanced labels."""
    features = torch.randn(count, 3, generator=torch.Generator().manual_seed(replicate))
    return TrainSet(features, torch.arange(count) % classes, classes, replicate)


def test_the_split_is_stratified_and_covers_every_row_once() -> None:
    """A fifth of each class is held out, and the two parts are the whole."""
    train = labelled()
    fit, chosen = split(train)
    assert torch.equal(torch.cat([fit, chosen]).sort()[0], torch.arange(120))
    assert torch.bincount(train.labels[chosen]).tolist() == [6, 6, 6, 6]


def test_the_split_depends_on_the_replicate_and_not_on_the_features() -> None:
    """Common random numbers: two methods of a replicate get one split, two replicates do not."""
    train = labelled()
    other = TrainSet(train.features * 7 + 1, train.labels, train.classes, 0)
    assert torch.equal(split(train)[1], split(other)[1])
    another = TrainSet(train.features, train.labels, train.classes, 1)
    assert not torch.equal(split(train)[1], split(another)[1])


def test_groups_are_held_out_whole() -> None:
    """No group has rows on both sides, and each class gives the same number of groups."""
    train = labelled(200, 4)
    groups = torch.arange(200) % 4 + 4 * (torch.arange(200) // 40)  # 5 groups of 10 a class
    fit, chosen = split(TrainSet(train.features, train.labels, 4, 0, groups))
    assert not set(groups[fit].tolist()) & set(groups[chosen].tolist())
    assert torch.bincount(train.labels[chosen]).tolist() == [10, 10, 10, 10]


def test_a_split_of_too_few_examples_is_refused() -> None:
    """Four examples a class leave none to hold out at a fifth."""
    with pytest.raises(ValueError, match="at least 5 examples or groups"):
        split(labelled(16, 4))


def test_features_that_are_not_finite_are_refused_with_their_row() -> None:
    """One NaN in row 3 and one infinity in row 5."""
    features = torch.ones(8, 4)
    features[3, 1], features[5, 0] = torch.nan, torch.inf
    with pytest.raises(ValueError, match="NaN or infinity in 2 of 8 examples, the first is 3"):
        check_features(features, "train")


def test_large_finite_features_are_accepted() -> None:
    """A sum that overflows float32 is no reason to refuse."""
    check_features(torch.full((4, 4), 3e38), "train")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.tensor([0, 1, -1]), r"0\.\.1 \(got -1\.\.1\)"),
        (torch.tensor([0, 1, 2]), r"0\.\.1 \(got 0\.\.2\)"),
        (torch.tensor([0, 0, 0]), r"classes \[1\] of 2 have no train example"),
        (torch.tensor([0, 1]), "one for each of 3 examples"),
        (torch.tensor([0.0, 1.0, 0.0]), "int64"),
    ],
)
def test_unfit_labels_are_refused(labels: torch.Tensor, message: str) -> None:
    """Unlabelled examples, unknown or missing classes, wrong shapes and types."""
    with pytest.raises(ValueError, match=message):
        TrainSet(torch.ones(3, 2), labels, 2, 0)


def test_batches_drop_the_last_that_is_not_full() -> None:
    """10 rows in batches of 4 are two batches; in batches of 16, one."""
    order = torch.arange(10)
    assert [b.tolist() for b in batches(order, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert [b.tolist() for b in batches(order, 16)] == [order.tolist()]
