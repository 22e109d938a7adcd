"""How each method looks, in every figure: its colour and marker are its own, whatever is beside it.

Variants of one method (`amdim`, `amdim[width=256]`) share them and differ in what fills the marker
and in the line. Colours are those of Okabe and Ito, "Color universal design" (2008), which the
colour-blind tell apart; no two methods of ours share a marker, so that grey print can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Any

BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
)  # fmt: skip
COLOURS = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, BLACK)
MARKERS = "osD^vPX<>*"
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
FILLS = ("full", "left", "bottom", "right", "top")
HOLLOW = "white"
"""Fills a control's marker."""
_OURS = {
    "amdim": (BLUE, "o"),
    "byol": (GREEN, "^"),
    "cpc_v2": (ORANGE, "s"),
    "moco_v2": (PINK, "v"),
    "simclr": (YELLOW, "D"),
    "yadim": (SKY, "P"),
    "supervised": (BLACK, "D"),
    "random_init": (BLACK, "s"),
}
_CONTROLS = ("supervised", "random_init")
_OTHERS = [(colour, marker) for marker, colour in product("X<>*", COLOURS)]
"""For methods that are not ours."""


@dataclass(frozen=True)
class Look:
    """How one series is told from others."""

    colour: str
    marker: str
    line: Any
    fill: str = FILLS[0]

    @property
    def inside(self) -> dict[str, Any]:
        """Return what fills the marker, as matplotlib takes it."""
        if self.fill == HOLLOW:
            return {"markerfacecolor": "white"}
        return {"fillstyle": self.fill, "markerfacecoloralt": "white"}


def of_methods(names: Iterable[str]) -> dict[str, Look]:
    """Return the look of each method or variant of one, as figures name them.

    A method of a stranger has one of 28 other looks by its name; should two of one figure meet
    there, the later takes the next.
    """
    found: dict[str, Look] = {}
    taken: dict[str, tuple[str, str]] = {}
    seen: dict[str, int] = {}
    for name in sorted({*names}):
        base = _base(name)
        if base not in taken:
            taken[base] = _OURS.get(base) or _other(base, [*taken.values()])
        variant = seen.get(base, 0)
        seen[base] = variant + 1
        fill = HOLLOW if base in _CONTROLS else FILLS[variant % len(FILLS)]
        found[name] = Look(*taken[base], LINES[variant % len(LINES)], fill)
    return found


def of_levels(names: Iterable[str]) -> dict[str, Look]:
    """Return the look of each encoder or dataset by its place: 70 differ in colour and marker."""
    return {
        name: Look(COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)], LINES[i % len(LINES)])
        for i, name in enumerate(dict.fromkeys(names))
    }


def _base(name: str) -> str:
    """Return a method's name without its options, its checkpoint or its length."""
    return re.split(r"[\[(:]", name, maxsplit=1)[0].strip()


def _other(base: str, taken: list[tuple[str, str]]) -> tuple[str, str]:
    first = int.from_bytes(sha256(base.encode()).digest()[:4]) % len(_OTHERS)
    free = [look for look in _OTHERS[first:] + _OTHERS[:first] if look not in taken]
    return (free or _OTHERS[first:])[0]
