"""Values to pixels, and the marks on an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_TICKS = 4
_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z")
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

    def ticks(self, text: Callable[[float], str] = "{:g}".format) -> tuple[Tick, ...]:
        """Return marks at a few round values."""
        return tuple(Tick(f"{self(value):.1f}", text(value)) for value in self.values())

    def values(self) -> Sequence[float]:
        """Return a few round values within the range."""
        return _round(self.low, self.high)


@dataclass(frozen=True)
class Decades(Scale):
    """A range of amounts above 0, of which each power of ten is drawn as wide as any other."""

    def __call__(self, value: float) -> float:
        """Return where an amount is, pixels."""
        low, high, own = map(math.log10, (self.low, self.high, value))
        return Scale(low, high, self.start, self.end)(own)

    def values(self) -> Sequence[float]:
        """Return 1, 2 and 5 times each power of ten, or less of them where those are many."""
        first, last = (math.floor(math.log10(end)) for end in (self.low, self.high))
        powers = range(first, last + 1, max(1, (last - first) // _TICKS))
        for parts in ((1, 2, 5), (1, 3), (1,)):
            found = [m * 10.0**k for k in powers for m in parts]
            found = [each for each in found if self.low <= each <= self.high]
            if len(found) <= _TICKS + 1:
                break
        return found


def amount(value: float) -> str:
    """Write a round amount with the prefix of its size."""
    size = min(len(_PREFIXES) - 1, max(0, int(math.log10(value) // 3))) if value >= 1 else 0
    return f"{value / 1000**size:g} {_PREFIXES[size]}".rstrip()


def _round(low: float, high: float) -> Sequence[float]:
    """Return a few round numbers within a range."""
    width = high - low
    if not _NARROWEST < width < math.inf:
        return [low]
    unit = 10 ** math.floor(math.log10(width / _TICKS))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= width / _TICKS)
    first = math.ceil(low / step)
    return [round((first + k) * step, 12) for k in range(int(high / step - first) + 1)]
