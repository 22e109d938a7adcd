"""timm's encoders: maps from models of every family, refusals in words, no download."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch

from methods.encoders import build


@pytest.mark.parametrize(
    ("name", "size", "last", "seven"),
    [
        ("resnet10t", 64, (512, 2, 2), (256, 4, 4)),
        ("mobilenetv3_small_050", 64, (288, 2, 2), (24, 4, 4)),
        ("test_vit", 64, (64, 4, 4), (64, 4, 4)),
        ("swin_tiny_patch4_window7_224", 64, (768, 2, 2), (384, 4, 4)),
    ],
)
def test_the_deepest_two_maps_are_the_slots(
    name: str, size: int, last: tuple[int, ...], seven: tuple[int, ...]
) -> None:
    """Channels first, whatever layout the model itself uses."""
    encoder = build(f"timm:{name}", size).eval()
    maps = encoder(torch.zeros(1, 3, size, size))
    assert (tuple(maps["last"].shape[1:]), tuple(maps["7"].shape[1:])) == (last, seven)
    torch.testing.assert_close(maps["1"], maps["5"].mean((2, 3)))


def test_maps_are_timms_own() -> None:
    """The last map is what the whole timm model pools, given the same weights."""
    ours = build("timm:resnet10t", 32)
    ours.eval()
    whole: Any = timm.create_model("resnet10t", pretrained=False).eval()
    body = {key.removeprefix("body."): value for key, value in ours.state_dict().items()}
    missing = whole.load_state_dict(body, strict=False)
    assert missing.missing_keys == ["fc.weight", "fc.bias"]
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours(images)["last"], whole.forward_features(images))


def test_building_leaves_the_statistics_alone() -> None:
    """Looking at the maps' shapes moves no running statistic and leaves training mode on."""
    encoder = build("timm:resnet10t", 32)
    assert all(module.training for module in encoder.modules())
    counts = [v for key, v in encoder.state_dict().items() if key.endswith("num_batches_tracked")]
    assert counts
    assert not any(counts)


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("resnet10", 32, r"has no model 'resnet10'; did you mean 'resnet"),
        ("vit_tiny_patch16_224", 8, "timm:vit_tiny_patch16_224"),
        ("densenet121", 8, "timm:densenet121 cannot encode 8 px images"),
    ],
)
def test_what_cannot_work_is_refused_in_words(name: str, size: int, words: str) -> None:
    """The sentence names the model, the size and timm's own reason."""
    with pytest.raises(ValueError, match=words):
        build(f"timm:{name}", size)
