"""Any encoder of timm, `timm:<name>`, never with downloaded weights.

Slots: `5` and `last` are the deepest map, `7` the one before it, `1` the deepest map's average.
Transformers give the grids of their last two feature blocks, which have one size. timm leaves out
what follows the last map (a wider 1x1 convolution, a pooling norm), and so does this.
"""

from __future__ import annotations

import difflib
from typing import Any

import timm
import torch
from torch import Tensor, nn

from methods.encoders.blocks import Encoder

_DEEPEST = 2


class TimmEncoder(Encoder):
    """A timm model's last two feature maps.

    Args:
        name: timm's name of the model, without `timm:`.
        image_size: Side of the images in pixels.

    Raises:
        ValueError: If timm has no such model, or it gives no maps, or none at that size.
    """

    def __init__(self, name: str, image_size: int) -> None:
        super().__init__()
        self.stem = f"timm {timm.__version__}"
        self.body = _body(name, image_size)
        shapes = _shapes(name, self.body, image_size)
        # channels-last models (Swin, for one) put the channels where the widths are announced
        channels = [int(width) for width in self.body.feature_info.channels()][-_DEEPEST:]
        self.permuted = str(getattr(self.body, "output_fmt", "NCHW")).endswith("NHWC")
        axis = -1 if self.permuted else 1
        if [shape[axis] for shape in shapes] != channels:
            raise ValueError(f"timm:{name} gives {shapes}, no maps of {channels} channels")
        self.widths = {"1": channels[-1], "5": channels[-1], "last": channels[-1]}
        if len(channels) == _DEEPEST:
            self.widths["7"] = channels[0]

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Encode (B, 3, H, W) float images."""
        maps = list(self.body(images))[-_DEEPEST:]
        if self.permuted:
            maps = [one.permute(0, 3, 1, 2) for one in maps]
        last = maps[-1]
        slots = {"1": last.mean((2, 3)), "5": last, "last": last}
        return slots if len(maps) < _DEEPEST else {**slots, "7": maps[0]}


def _body(name: str, image_size: int) -> Any:  # timm ships no types
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ValueError(f"timm {timm.__version__} has no model {name!r}{hint}")
    config = timm.get_pretrained_cfg(name)
    # only models of one image size take it; the others would choke on the argument
    sized: dict[str, Any] = (
        {"img_size": image_size} if config is not None and config.fixed_input_size else {}
    )
    try:
        return timm.create_model(name, pretrained=False, features_only=True, **sized)
    except (AssertionError, AttributeError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"timm:{name} gives no feature maps of {image_size} px images ({_words(error)})"
        ) from error


def _shapes(name: str, body: nn.Module, image_size: int) -> list[tuple[int, ...]]:
    """Encode a blank image to see the last two maps' shapes; statistics and modes stay."""
    training = body.training
    body.eval()
    try:
        with torch.no_grad():
            maps = list(body(torch.zeros(1, 3, image_size, image_size)))[-_DEEPEST:]
    except (AssertionError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"timm:{name} cannot encode {image_size} px images ({_words(error)})"
        ) from error
    finally:
        body.train(training)
    shapes = [tuple(one.shape) for one in maps]
    if not shapes or any(len(shape) != 4 or 0 in shape for shape in shapes):
        raise ValueError(f"timm:{name} gives no maps of {image_size} px images (got {shapes})")
    return shapes


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
