"""Learning curves as lines in a box: numbers for an SVG, no drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.report.rows import Row

WIDTH, HEIGHT = 640, 220
LEFT, BOTTOM, TOP, RIGHT = 52, 30, 10, 12
_TICKS = 4


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: str
    """Pixels."""
    text: str


@dataclass(frozen=True)
class Line:
    """The loss of one replicate."""

    name: str
    points: str
    """As an SVG polyline has them."""
    first: str
    last: str


@dataclass(frozen=True)
class Curve:
    """All replicates of a row in one box."""

    lines: tuple[Line, ...]
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]


def curve(row: Row) -> Curve | None:
    """Return the training loss of a row by step; None where nothing was trained."""
    found = {f"r{r.cell.replicate}": [(p.step, p.loss) for p in r.curve] for r in row.results}
    found = {name: points for name, points in found.items() if len(points) > 1}
    if not found:
        return None
    steps = [step for points in found.values() for step, _ in points]
    losses = [loss for points in found.values() for _, loss in points]
    across = _Scale(0, max(steps), LEFT, WIDTH - RIGHT)
    up = _Scale(min(losses), max(losses), HEIGHT - BOTTOM, TOP)
    lines = tuple(
        Line(
            name,
            " ".join(f"{across(step):.1f},{up(loss):.1f}" for step, loss in points),
            f"{points[0][1]:.3g}",
            f"{points[-1][1]:.3g}",
        )
        for name, points in found.items()
    )
    return Curve(lines, across.ticks(), up.ticks())


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        width = self.high - self.low
        # halved: the width of the widest floats is none
        part = 0.5 if not width else (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.start + part * (self.end - self.start)

    def ticks(self) -> tuple[Tick, ...]:
        return tuple(Tick(f"{self(value):.1f}", f"{value:g}") for value in _round(self))


def _round(scale: _Scale) -> Sequence[float]:
    """Return a few round numbers within a scale."""
    width = scale.high - scale.low
    if not 0 < width < math.inf:
        return [scale.low]
    unit = 10 ** math.floor(math.log10(width / _TICKS))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= width / _TICKS)
    first = math.ceil(scale.low / step)
    return [round((first + k) * step, 12) for k in range(int(scale.high / step - first) + 1)]
