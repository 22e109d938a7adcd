"""Settings: what a selector may change, in words where it may not; rates scaled by the batch."""

from __future__ import annotations

import math
from typing import Literal

import pytest

from methods.cards import CARDS
from methods.selector import join, split
from methods.settings import Setting, Training, Value, fallback, resolve


def setting(text: str, dataset: str = "cifar10", image_size: int = 32) -> Setting:
    """Resolve a selector on a dataset."""
    name, options = split(text)
    return resolve(CARDS[name], options, dataset, image_size)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "simclr[temprature=0.5]",
            "unknown option of simclr 'temprature'; did you mean 'temperature'?",
        ),
        ("simclr[temperature=-0.5]", r"simclr\[temperature=...\] must be above 0 \(got -0.5\)"),
        ("simclr[temperature=0]", r"must be above 0 \(got 0\)"),
        ("simclr[temperature=nan]", "must be finite"),
        ("moco_v2[temperature=inf]", "must be finite"),
        ("simclr[temperature=warm]", r"must be a number \(got 'warm'\)"),
        ("simclr[layers=4]", r"must be at least 2 and at most 3 \(got 4\)"),
        ("simclr[hidden=1.5]", r"must be a whole number \(got '1.5'\)"),
        ("simclr[brightness=subtractive]", "must be one of multiplicative, additive"),
        ("byol[tau=1.01]", r"must be at least 0 and at most 1 \(got 1.01\)"),
        ("moco_v2[momentum=-0.1]", r"must be at least 0 and at most 1 \(got -0.1\)"),
        ("moco_v2[queue=0]", r"must be at least 1 \(got 0\)"),
        ("moco_v2[direction=all]", "must be one of one, both"),
        ("amdim[extraction=5:1]", "must be one of 1:1, 1:5,1:7,5:5"),
        ("amdim[clip=0]", r"must be above 0 \(got 0\)"),
        ("yadim[views=pieces]", "must be one of whole, patches"),
        ("cpc_v2[directions=5]", "at most 4"),
        ("supervised[temperature=1]", r"unknown option of supervised .*\(known: none\)"),
    ],
)
def test_what_is_not_allowed_is_said_in_words(text: str, sentence: str) -> None:
    """The sentence names option, value and what is allowed."""
    with pytest.raises(ValueError, match=sentence):
        setting(text)


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("simclr", "simclr"),
        ("simclr[temperature=0.50]", "simclr"),
        ("simclr[temperature=5e-1,layers=2]", "simclr"),
        ("simclr[layers=3,temperature=0.2]", "simclr[layers=3,temperature=0.2]"),
        ("simclr[temperature=2e-1,layers=3]", "simclr[layers=3,temperature=0.2]"),
        ("amdim[extraction=1:5,1:7,5:5]", "amdim"),
        ("yadim[views=patches,extraction=1:1]", "yadim[extraction=1:1,views=patches]"),
        ("moco_v2[queue=04096]", "moco_v2"),
    ],
)
def test_a_variant_has_one_name(text: str, variant: str) -> None:
    """Options in alphabetical order, those at their default dropped, numbers in one form."""
    found = setting(text)
    assert found.variant == variant
    assert setting(found.variant) == found


def test_a_default_depends_on_the_dataset() -> None:
    """A temperature of 0.5 is CIFAR-10's own and a variant on ImageNet."""
    assert setting("simclr[temperature=0.5]").variant == "simclr"
    on_imagenet = setting("simclr[temperature=0.5]", "imagenet", 224)
    assert on_imagenet.variant == "simclr[temperature=0.5]"
    assert on_imagenet.values["temperature"] == 0.5


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("dataset", ["cifar10", "stl10", "imagenet", "photos", "digits"])
def test_every_option_has_a_default_that_is_allowed(name: str, dataset: str) -> None:
    """Each row of a card's table holds each option, and its value passes the option's own check."""
    card = CARDS[name]
    values = resolve(card, {}, dataset, 32).values
    for option, rule in card.options.items():
        value = values[option]
        assert isinstance(value, str | int | float)
        rule.check(option, value)
        assert setting(join(name, {option: value}), dataset).variant == name


@pytest.mark.parametrize(
    ("dataset", "image_size", "row"),
    [
        ("cifar10", 32, "cifar10"),
        ("stl10", 96, "stl10"),
        ("imagenet", 224, "imagenet"),
        ("svhn", 32, "cifar10"),
        ("svhn", 28, "cifar10"),
        ("tiny", 64, "stl10"),
        ("pets", 97, "imagenet"),
    ],
)
def test_an_unknown_dataset_takes_the_nearest_row(dataset: str, image_size: int, row: str) -> None:
    """By image size: to 32 px CIFAR-10's, to 96 px STL-10's, else ImageNet's."""
    assert setting("byol", dataset, image_size).row == row


def test_a_missing_row_is_stood_in_for_by_the_next() -> None:
    """Larger first, then smaller, then whatever there is."""
    rows: dict[str, dict[str, Value]] = {"cifar10": {}, "imagenet": {}}
    assert fallback("new", 64, rows) == "imagenet"
    assert fallback("new", 300, {"cifar10": {}}) == "cifar10"
    assert fallback("new", 32, {"stl10": {}, "imagenet": {}}) == "stl10"
    assert fallback("new", 32, {"photos": {}}) == "photos"
    assert fallback("photos", 32, {"photos": {}, **rows}) == "photos"


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("amdim", {"cifar10", "stl10", "imagenet"}),
        ("cpc_v2", {"cifar10", "stl10", "imagenet"}),
        ("simclr", {"cifar10", "imagenet"}),
        ("byol", {"imagenet"}),
        ("moco_v2", {"cifar10", "imagenet"}),
        ("yadim", set()),
    ],
)
def test_what_nobody_published_is_extrapolated(name: str, published: set[str]) -> None:
    """BYOL on CIFAR-10, SimCLR on STL-10, all of YADIM, and everything on our own data."""
    for dataset in ("cifar10", "stl10", "imagenet", "photos", "digits", "svhn"):
        assert setting(name, dataset).extrapolated == (dataset not in published)


@pytest.mark.parametrize(
    ("scaling", "base", "batch", "rate"),
    [
        ("none", 2e-4, 480, 2e-4),
        ("linear", 0.3, 4096, 4.8),
        ("linear", 0.03, 128, 0.015),
        ("sqrt", 0.075, 4096, 4.8),
        ("sqrt", 0.075, 256, 1.2),
    ],
)
def test_rates_scale_with_the_batch_by_their_rule(
    scaling: Literal["none", "linear", "sqrt"], base: float, batch: int, rate: float
) -> None:
    """Linear: times batch / 256; root: times the root of the batch; both 4.8 for SimCLR's 4096."""
    training = Training("lars", base, batch, scaling=scaling)
    assert math.isclose(training.learning_rate, rate, rel_tol=1e-12)


def test_values_are_read_by_type() -> None:
    """A value of another type is the card's fault and raises TypeError."""
    found = setting("simclr")
    assert found.number("temperature") == 0.5
    assert found.whole("hidden") == 2048
    assert found.numbers("scale") == (0.08, 1.0)
    assert found.text("brightness") == "multiplicative"
    with pytest.raises(TypeError, match="simclr: normalise is no number"):
        found.number("normalise")
    with pytest.raises(TypeError, match="simclr: hidden is no text"):
        found.text("hidden")
    with pytest.raises(TypeError, match="simclr: hidden is no tuple"):
        found.numbers("hidden")
