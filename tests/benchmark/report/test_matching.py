"""Our number stands beside the reported one that is nearest, and never beside a lookalike."""

from __future__ import annotations

import pytest

from benchmark.evidence.reported import Reported, Scoring, Spent, load_reported
from benchmark.evidence.verdict import Measured
from benchmark.matrix.budget import Budget
from benchmark.report import published, words
from benchmark.report.matching import best_match, comparable_dataset, judged, measured
from benchmark.store.result import Result
from tests.benchmark.factories import make_cell, make_result

LINEAR = Scoring(probe="linear", feature="pooled", resolution=32, online=False)


def reported(name: str, value: float = 90.0, **changes: object) -> Reported:
    """Make a reported number of SimCLR on CIFAR-10."""
    entry = Reported(
        id=name,
        value=value,
        unit="percent",
        metric="top1",
        method="simclr",
        variant="",
        dataset="cifar10",
        encoder="resnet18",
        protocol=LINEAR,
        budget=Spent(epochs=1000),
        source="somebody",
        certainty="seen",
    )
    return entry.model_copy(update=changes)


def nearest(entries: list[Reported]) -> str | None:
    """Name the nearest of some entries to our ResNet-18."""
    result = make_result(dataset="cifar10", encoder="resnet18", scores={"knn": 60.0})
    ours = [measured([result], name) for name in ("linear", "knn")]
    match = best_match([mine for mine in ours if mine], entries)
    return match.reported.id if match else None


@pytest.mark.parametrize(
    "farther",
    [
        {"encoder": "resnet50"},
        {"protocol": Scoring()},
        {"protocol": LINEAR.model_copy(update={"probe": "knn", "k": 200})},
        {"protocol": LINEAR.model_copy(update={"pretrain_split": "imagenet:train"})},
        {"budget": Spent()},
        {"certainty": "memory"},
        {"variant": "layers=3"},
    ],
    ids=["encoder", "nothing known", "probe", "transfer", "epochs", "memory", "variant"],
)
def test_the_nearest_reported_number_is_taken(farther: dict[str, object]) -> None:
    """One that differs in a field more, or knows one less, stands back."""
    assert nearest([reported("far", 91.0, **farther), reported("near", 90.0)]) == "near"


WHOLE = Scoring(
    probe="linear", feature="pooled", pretrain_split="train", probe_split="train", resolution=32,
    online=False, selection="last",
)  # fmt: skip


def of(*values: float, encoder: str = "resnet18") -> Measured:
    """Make replicates of ours that can be compared with a number whose protocol is whole."""
    return Measured("simclr", "", "cifar10", encoder, WHOLE, 1000.0, values)


@pytest.mark.parametrize(
    ("ours", "kinds", "shown"),
    [
        (
            [of(90.0, 90.1, 89.9), of(80.0, 80.1, 79.9)],
            ["reproduced", "below"],
            "reproduced; below",
        ),
        ([of(80.0, 80.1, 79.9), of(80.0, 80.1, 79.9)], ["below"], "below: "),
        ([of(80.0, 80.1, 79.9), of(90.0, encoder="resnet50")], ["below"], "below: "),
        ([of(90.0, encoder="resnet50")], ["not comparable"], "not comparable"),
        ([], ["not run"], "not run"),
    ],
    ids=["disagree", "agree", "one comparable", "none comparable", "none"],
)
def test_verdicts_that_disagree_are_all_told(
    ours: list[Measured], kinds: list[str], shown: str
) -> None:
    """In whatever order ours come: the most favourable is not chosen."""
    entry = reported("near", protocol=WHOLE, margin=1.0)

    for mine in (ours, ours[::-1]):
        assert [each.kind for each in judged(entry, mine)] == kinds
        assert published.told(entry, mine).startswith(shown)


@pytest.mark.parametrize(("online", "said"), [(True, "online"), (False, "offline"), (None, "")])
def test_online_and_offline_are_both_said_where_they_are_stated(
    online: bool | None, said: str
) -> None:
    """A probe that is not known to be either looks like neither."""
    scoring = Scoring(probe="linear", feature="pooled", online=online)
    assert words.protocol(scoring) == ", ".join(filter(None, ("linear", "pooled", said)))


def test_epochs_are_those_that_were_asked_for() -> None:
    """392 steps of 128 images are 6.272 passes of photos, and 7 epochs where 7 were asked for."""
    asked = make_result(cell=make_cell(budget=Budget.of("epochs", 7)))
    for result, epochs in ((asked, 7.0), (make_result(), 6.272)):
        mine = measured([result], "linear")
        assert mine is not None
        assert (mine.epochs, mine.asked) == (epochs, result is asked)
        assert (mine.seen, mine.batch) == (50_176, 128)


@pytest.mark.parametrize(
    "other",
    [
        {"method": "byol"}, {"dataset": "stl10"}, {"metric": "top5"}, {"repeats": "near"},
    ],
    ids=["method", "dataset", "top-5", "repeats"],
)  # fmt: skip
def test_another_method_dataset_or_metric_is_no_neighbour(other: dict[str, object]) -> None:
    """Nor is an entry that repeats another."""
    assert nearest([reported("far", 91.0, **other)]) is None


def test_a_number_under_the_same_probe_is_nearer_than_one_under_another() -> None:
    """Where only a kNN number was reported, our kNN meets it."""
    result = make_result(dataset="cifar10", encoder="resnet18", scores={"knn": 60.0})
    knn = reported("knn", protocol=LINEAR.model_copy(update={"probe": "knn", "k": 200}))

    match = best_match([m for n in ("linear", "knn") if (m := measured([result], n))], [knn])

    assert match is not None
    assert match.protocol == "kNN-200"


@pytest.mark.parametrize(
    ("result", "dataset"),
    [
        (make_result(dataset="cifar10"), "cifar10"),
        (make_result(dataset="stl10[pretrain=train+unlabeled]"), "stl10"),
        (make_result(dataset="imagenet[size=128]"), "imagenet"),
        (make_result(dataset="imagenet[root=mine,size=128]"), "imagenet[root=mine,size=128]"),
        (make_result(dataset="stl10", official=False), "unofficial stl10"),
        (make_result(dataset="no [name] at all"), "no [name] at all"),
    ],
)
def test_files_of_ones_own_are_not_the_published_dataset(result: Result, dataset: str) -> None:
    """A subset of ImageNet or a stand-in is never judged by the published number."""
    assert comparable_dataset(result) == dataset


def test_a_stand_in_is_told_so_beside_the_published_number() -> None:
    """It meets the dataset's number, and the dataset is what differs."""
    result = make_result(dataset="imagenet[root=mine]", encoder="resnet18")
    ours = measured([result], "linear")
    assert ours is not None

    match = best_match([ours], [reported("theirs", dataset="imagenet")])

    assert match is not None
    assert "imagenet[root=mine] vs imagenet dataset" in match.verdict.text


def test_stl10_says_what_it_was_pretrained_on() -> None:
    """100,000 unlabeled images, or the train images with them."""
    pairs = {
        name: measured([make_result(dataset=name)], "linear")
        for name in ("stl10", "stl10[pretrain=train+unlabeled]", "cifar10")
    }

    splits = [ours.protocol.pretrain_split for ours in pairs.values() if ours]
    assert splits == ["unlabeled", "train+unlabeled", "train"]


def test_every_shipped_number_can_be_met() -> None:
    """No reported number is out of reach of a result of its method and dataset."""
    for entry in load_reported():
        if entry.metric == "top1" and entry.repeats is None:
            result = make_result(entry.method, dataset=entry.dataset)
            ours = measured([result], "linear")
            assert ours is not None
            assert best_match([ours], [entry]) is not None
