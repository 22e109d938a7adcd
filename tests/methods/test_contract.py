"""What cannot run is refused before a run, in words; what can is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from methods.cards import CARDS
from methods.contract import marks, refusal, sees_patches, view_size
from methods.selector import split
from methods.settings import Setting, resolve


def setting(text: str, dataset: str = "cifar10", image_size: int = 32) -> Setting:
    """Resolve a selector on a dataset."""
    name, options = split(text)
    return resolve(CARDS[name], options, dataset, image_size)


def why(text: str, encoder: str = "compact", batch: int = 128, images: int | None = 50_000) -> str:
    """Return the refusal of a method, empty if there is none."""
    return refusal(setting(text), encoder, batch=batch, images=images) or ""


@pytest.mark.parametrize("encoder", ["compact", "resnet18", "wide_resnet34", "timm:resnet10t"])
@pytest.mark.parametrize("name", CARDS)
def test_every_method_takes_every_ordinary_encoder(name: str, encoder: str) -> None:
    """At 32 px, or at CPC's 8 px patches."""
    assert why(name, encoder) == ""


def test_cpc_with_amdims_encoder_is_refused() -> None:
    """Its 8 px patches are no size that the encoder has layers for."""
    sentence = why("cpc_v2", "amdim")
    assert "cpc_v2 shows amdim 8 px" in sentence
    assert "32, 64, 128 px" in sentence
    assert why("amdim", "amdim") == why("yadim", "amdim") == ""
    assert "8 px" in why("yadim[views=patches]", "amdim")


@pytest.mark.parametrize("name", ["amdim", "yadim", "cpc_v2", "simclr", "byol", "moco_v2"])
def test_a_batch_of_one_image_is_refused(name: str) -> None:
    """There is nothing to repel, and batch norm has nothing to average."""
    assert "needs a batch of 2 images or more (got 1)" in why(name, batch=1)


def test_a_queue_longer_than_the_dataset_is_refused() -> None:
    """The sentence names both numbers and the way out."""
    sentence = why("moco_v2", images=4095)
    assert "a queue of 4096 keys is longer than the 4095 images of cifar10" in sentence
    assert "choose moco_v2[queue=N] with N at most 4095" in sentence
    assert why("moco_v2", images=4096) == ""
    assert why("moco_v2", images=None) == ""


@pytest.mark.parametrize(
    ("text", "batch", "keys"),
    [
        ("moco_v2[queue=1000]", 128, 128),
        ("moco_v2[direction=both,queue=384]", 128, 256),
    ],
)
def test_a_queue_that_steps_do_not_fill_is_refused(text: str, batch: int, keys: int) -> None:
    """Both directions queue two keys an image."""
    assert f"is no multiple of a step's {keys} keys" in why(text, batch=batch)
    assert why("moco_v2[direction=both]", batch=128) == ""


def test_a_batch_that_splits_do_not_divide_is_refused() -> None:
    """Eight parts of 100 images there are not."""
    sentence = why("moco_v2[queue=1000]", batch=100)
    assert "a batch of 100 does not divide into 8 splits" in sentence
    assert why("moco_v2[queue=1000,splits=4]", batch=100) == ""


@pytest.mark.parametrize("strategy", ["1:5,1:7,5:5", "1:1,5:5,7:7", "1:random"])
def test_patches_have_no_maps_of_other_scales(strategy: str) -> None:
    """A grid of patches is one map: the sentence says which strategies it serves."""
    sentence = why(f"yadim[views=patches,extraction={strategy}]")
    assert f"got extraction={strategy}; allowed: 1:1, last:last" in sentence


@pytest.mark.parametrize("text", ["yadim[views=patches]", "yadim[views=patches,extraction=1:1]"])
def test_patches_serve_their_own_maps(text: str) -> None:
    """The pooled vector and the grid."""
    assert why(text) == ""


def test_slots_are_those_that_the_strategy_names() -> None:
    """`1:random` may come upon any scale; patches are encoded to pooled vectors."""
    slots = CARDS["yadim"].slots
    assert slots({"extraction": "1:random", "views": "whole"}) == ("1", "5", "7")
    assert slots({"extraction": "last:last", "views": "whole"}) == ("1", "last")
    assert slots({"extraction": "last:last", "views": "patches"}) == ("1",)
    assert CARDS["simclr"].slots({}) == ("1",)


def test_an_encoder_of_nobody_raises() -> None:
    """That is no refusal of a pair but an error of its own."""
    with pytest.raises(ValueError, match="unknown encoder"):
        why("simclr", "resnet19")


def test_the_encoder_sees_patches_or_views() -> None:
    """CPC's patches, YADIM's by option, else the method's own resolution."""
    sizes = [view_size(setting(t)) for t in ("cpc_v2", "yadim[views=patches]", "yadim", "simclr")]
    assert sizes == [8, 8, 32, 32]
    assert sees_patches(setting("cpc_v2"))
    assert not sees_patches(setting("yadim"))
    assert view_size(setting("cpc_v2", "imagenet", 224)) == 32
    assert view_size(setting("moco_v2", "stl10", 96)) == 64


def test_a_method_of_ones_own_says_by_its_card_that_it_sees_patches() -> None:
    """Its encoder sees patches, its floor too, and batch norm leaks, whatever its name."""
    mine = replace(CARDS["cpc_v2"], name="mine")
    found = resolve(mine, {}, "cifar10", 32)

    assert sees_patches(found)
    assert view_size(found) == 8
    assert "leaks: batch norm" in marks(found, "compact")


def test_results_are_marked_for_their_reader() -> None:
    """Extrapolated settings, and patches that leak through batch norm."""
    assert marks(setting("cpc_v2"), "resnet18") == ("leaks: batch norm",)
    assert marks(setting("cpc_v2"), "cpc_resnet101") == ()
    assert marks(setting("cpc_v2"), "compact[norm=group]") == ()
    assert marks(setting("byol"), "resnet18") == ("extrapolated",)
    assert marks(setting("cpc_v2", "photos"), "compact") == ("extrapolated", "leaks: batch norm")
