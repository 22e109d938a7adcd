"""The loss while training, method by method: each loss has a unit of its own."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.report.plot import style
from benchmark.report.plot.looks import Look, of_methods
from benchmark.report.plot.points import Group, points, refuse_none, role, several
from benchmark.report.rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 24
"""Panels of one figure; they are small."""
_COLUMNS = {"single": 2, "double": 4}
_NOTE = (
    "Line: mean of the replicates; band: their lowest and highest. Losses of different methods "
    "have different units."
)


@dataclass(frozen=True)
class Curve:
    """One method."""

    name: str
    group: tuple[str, ...]
    """What else there is to say: dataset, encoder, training and length."""
    images: tuple[int, ...]
    """Samples seen, at the steps that all replicates recorded."""
    mean: tuple[float, ...]
    """Loss, over replicates."""
    low: tuple[float, ...]
    """Of the lowest replicate."""
    high: tuple[float, ...]
    """Of the highest."""
    n: int
    """Replicates."""
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Curves:
    """What the figure shows."""

    curves: tuple[Curve, ...]
    left_out: tuple[str, ...]
    """Rows of fewer than two points in common, in words."""


def data(groups: Sequence[Group]) -> Curves:
    """Return what is plotted.

    Raises:
        UsageError: If no result has a curve, or there are too many.
    """
    curves: list[Curve] = []
    left_out = []
    for group, told in zip(groups, several(groups), strict=True):
        own = tuple(filter(None, (*group.where, *group.how, told)))
        trained = [row for row in group.rows if role(row.cell) != "floor" and row.final]
        for row, point in zip(trained, points(trained, "", group.cell), strict=True):
            curve = _curve(row, point.name, own)
            if curve is None:
                left_out.append(f"{' '.join(own)}: {point.name}: fewer than two points in common")
            else:
                curves.append(curve)
    refuse_none(curves, "no result has a learning curve", most=MOST)
    return Curves(tuple(curves), tuple(left_out))


def _curve(row: Row, name: str, group: tuple[str, ...]) -> Curve | None:
    losses = [{point.step: point.loss for point in result.curve} for result in row.final]
    steps = sorted(set.intersection(*(set(each) for each in losses)))
    if len(steps) < 2:
        return None
    at = [[each[step] for each in losses] for step in steps]
    return Curve(
        name,
        group,
        tuple(step * row.cell.recipe.batch for step in steps),
        tuple(map(statistics.fmean, at)),
        tuple(map(min, at)),
        tuple(map(max, at)),
        len(losses),
        tuple(result.id for result in row.final),
    )


def draw(shown: Curves, width: style.Width) -> Figure:
    """Draw it: methods of one group on lines of their own, under its heading."""
    found: dict[tuple[str, ...], list[Curve]] = {}
    for curve in shown.curves:
        found.setdefault(curve.group, []).append(curve)
    columns, inches = _COLUMNS[width], style.WIDTHS[width]
    rows = [-(-len(own) // columns) for own in found.values()]
    heights = [
        (1.05 + _titles(own)) * count + 0.13 * len(style.heading(group, inches)) + 0.15
        for count, (group, own) in zip(rows, found.items(), strict=True)
    ]
    extra = style.note_height(_NOTE, inches)
    figure, parts = style.panels(heights, width, 1, extra=extra)
    looks = of_methods(curve.name for curve in shown.curves)
    for part, (group, own), count in zip(parts, found.items(), rows, strict=True):
        style.headed(part, group, inches)
        part.supxlabel("images seen, samples", fontsize=style.SMALL)
        part.supylabel("loss", fontsize=style.SMALL)
        every = list(part.subplots(count, columns, squeeze=False).flat)
        for axes, curve in zip(every, own, strict=False):
            _draw(axes, curve, looks[curve.name])
        for axes in every[len(own) :]:
            axes.set_visible(False)
    style.noted(figure, _NOTE)
    return figure


def _title(curve: Curve) -> str:
    return f"{style.label(curve.name, 22)}, n = {curve.n}"


def _titles(curves: Sequence[Curve]) -> float:
    """Return the height of the longest title of a group, inches."""
    return 0.1 * max(1 + _title(curve).count("\n") for curve in curves)


def _draw(axes: Axes, curve: Curve, look: Look) -> None:
    style.light(axes, "both")
    axes.fill_between(curve.images, curve.low, curve.high, color=look.colour, alpha=0.3, lw=0)
    axes.plot(curve.images, curve.mean, color=look.colour, label=curve.name)
    axes.set_title(_title(curve), fontsize=style.SMALL, pad=3)
    style.amounts(axes, (0.0, *curve.images))
