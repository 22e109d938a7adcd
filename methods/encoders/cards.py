"""The built-in encoders as data: options, norms, stems, slots, builders. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from methods.encoders import geometry
from methods.encoders.geometry import Slots
from methods.selector import Value

Options = Mapping[str, Value]

_NORMS = ("batch", "group", "layer")


@dataclass(frozen=True)
class EncoderCard:
    """An encoder as data."""

    name: str
    build: str
    """`module:function`; the function takes the image size and the options by keyword."""
    slots: Callable[[int, Options], Slots]
    """From the image size and the resolved options; raises ValueError where it cannot serve."""
    options: Options = field(default_factory=lambda: MappingProxyType({}))
    """Defaults; each whole number is at least 1 when given."""
    norm: str = "batch"
    """The norm, where no option `norm` chooses it: whether patches leak depends on it."""
    stem: Callable[[int], str] = geometry.resnet_stem
    """What the image meets first, from the image size."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"norm": _NORMS})
    """What an option of text may be."""
    by_size: Mapping[int, Options] = field(default_factory=lambda: MappingProxyType({}))
    """Defaults that depend on the image size; `options` holds 0 for them."""


def _resnet(name: str, layer3: int, layer4: int, module: str = "resnet") -> EncoderCard:
    """Make a ResNet's card, given its last two stages' channels in stem widths."""

    def slots(image_size: int, options: Options) -> Slots:
        width = _number(options, "width")
        return geometry.resnet(image_size, layer3 * width, layer4 * width)

    options: Options = {"norm": "batch", "width": 64}
    return EncoderCard(name, f"methods.encoders.{module}:{name}", slots, options)


def _number(options: Options, name: str) -> int:
    value = options[name]
    if not isinstance(value, int):
        raise ValueError(f"{name} must be a whole number (got {value!r})")
    return value


_AMDIM = EncoderCard(
    "amdim",
    "methods.encoders.amdim:Amdim",
    lambda size, given: geometry.amdim(size, _number(given, "ndf"), _number(given, "rkhs")),
    options={"depth": 0, "ndf": 0, "rkhs": 0},
    stem=geometry.amdim_stem,
    # Source: lightning-bolts 34958a889, the defaults for CIFAR-10, STL-10 and ImageNet
    by_size={
        32: {"depth": 10, "ndf": 320, "rkhs": 1280},
        64: {"depth": 8, "ndf": 192, "rkhs": 1536},
        128: {"depth": 10, "ndf": 320, "rkhs": 2560},
    },
)
_CPC = EncoderCard(
    "cpc_resnet101",
    "methods.encoders.cpc:CPCResNet",
    lambda size, given: geometry.cpc(size, _number(given, "width")),
    options={"stacks": (3, 4, 46, 3), "width": 64},
    norm="layer",
    stem=lambda _: geometry.CPC_STEM,
)
_COMPACT = EncoderCard(
    "compact",
    "methods.encoders.compact:Compact",
    lambda size, given: geometry.compact(size, _number(given, "width")),
    options={"norm": "batch", "width": 32},
    stem=lambda _: geometry.COMPACT_STEM,
)
BUILT_IN = {
    card.name: card
    for card in (
        _resnet("resnet18", 4, 8),
        _resnet("resnet34", 4, 8),
        _resnet("resnet50", 16, 32),
        _resnet("resnet101", 16, 32),
        _resnet("wide_resnet34", 8, 16, "wide_resnet"),
        _resnet("wide_resnet50_2", 16, 32, "wide_resnet"),
        _AMDIM,
        _CPC,
        _COMPACT,
    )
}
