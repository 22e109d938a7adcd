"""Values to pixels, and the marks on an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_TICKS = 4
_NARROWEST = 1e-300
"""Below it a power of ten, or a part of the width, may be 0."""


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: str
    """Pixels."""
    text: str


@dataclass(frozen=True)
class Scale:
    """A range of values, and the pixels that it is drawn over."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where a value is, pixels."""
        # halved: the width of the widest floats is none
        width = self.high / 2 - self.low / 2
        part = 0.5 if not width else (value / 2 - self.low / 2) / width
        return self.start + part * (self.end - self.start)

    def ticks(self) -> tuple[Tick, ...]:
        """Return marks at a few round values."""
        return tuple(Tick(f"{self(value):.1f}", f"{value:g}") for value in _round(self))


def _round(scale: Scale) -> Sequence[float]:
    """Return a few round numbers within a scale."""
    width = scale.high - scale.low
    if not _NARROWEST < width < math.inf:
        return [scale.low]
    unit = 10 ** math.floor(math.log10(width / _TICKS))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= width / _TICKS)
    first = math.ceil(scale.low / step)
    return [round((first + k) * step, 12) for k in range(int(scale.high / step - first) + 1)]
