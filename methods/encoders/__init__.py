"""Encoders: images in, named feature maps out. `build` makes any of them by its name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from methods.encoders.blocks import Encoder


def build(name: str, image_size: int) -> Encoder:
    """Build an encoder with fresh weights, drawn from torch's global generator.

    Args:
        name: Such as `resnet18`, `compact[norm=group]`, `timm:resnet10t`.
        image_size: Side in pixels of what the encoder sees: the image, or the patch.

    Raises:
        ValueError: If there is no such encoder, or not with those options at that size.
    """
    from methods import catalogue  # here, since it reads the cards of this package

    if image_size < 1:
        raise ValueError(f"image size must be at least 1 px (got {image_size})")
    encoder: Encoder
    base, _ = catalogue.parse_name(name)
    if catalogue.is_timm(base):
        from methods.encoders.timm import TimmEncoder

        encoder = TimmEncoder(base.removeprefix(catalogue.TIMM), image_size)
        return encoder
    card, options = catalogue.resolve(name, image_size)
    module, _, function = card.build.partition(":")
    encoder = getattr(importlib.import_module(module), function)(image_size, **options)
    if not hasattr(encoder, "widths"):
        raise ValueError(f"encoder {name!r} does not say the `widths` of its slots")
    return encoder
