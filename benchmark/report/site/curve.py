"""Learning curves as lines in a box: numbers for an SVG, no drawing."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.report.rows import Row
from benchmark.report.site.scale import Scale, Tick

WIDTH, HEIGHT = 640, 220
LEFT, BOTTOM, TOP, RIGHT = 52, 30, 10, 12


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
    across = Scale(0, max(steps), LEFT, WIDTH - RIGHT)
    up = Scale(min(losses), max(losses), HEIGHT - BOTTOM, TOP)
    places = {step: f"{across(step):.1f}" for step in set(steps)}  # replicates share their steps
    lines = tuple(
        Line(
            name,
            " ".join(f"{places[step]},{up(loss):.1f}" for step, loss in points),
            f"{points[0][1]:.3g}",
            f"{points[-1][1]:.3g}",
        )
        for name, points in found.items()
    )
    return Curve(lines, across.ticks(), up.ticks())
