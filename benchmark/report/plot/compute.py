"""Accuracy against what it cost, with the front that no method beats in both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.report.plot import style
from benchmark.report.plot.looks import Look, of_methods
from benchmark.report.plot.spent import Compute, Panel, Spent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_AXIS = {
    "images": "images seen, samples",
    "flops": "training, FLOP",
    "seconds": "training, seconds",
}
_NOTE = (
    "Grey steps and black rims: the Pareto front of the methods' means. Dashed: the floor, an "
    "untrained encoder. White inside: taught with labels. Bars: 95 % interval."
)


def draw(shown: Compute, width: style.Width) -> Figure:
    """Draw it."""
    columns = 2 if width == "double" else 1
    each = style.WIDTHS[width] / min(columns, len(shown.panels))
    looks = of_methods(s.series for panel in shown.panels for s in panel.spent)
    names = list(looks)
    inches = style.WIDTHS[width]
    extra = style.key_size(names, inches)[1] + style.note_height(_NOTE, inches)
    figure, parts = style.panels([2.1] * len(shown.panels), width, columns, extra=extra)
    for part, panel in zip(parts, shown.panels, strict=True):
        style.headed(part, panel.title, each)
        _draw(part.subplots(), panel, shown, looks)
    style.keyed(figure, looks)
    style.noted(figure, _NOTE)
    return figure


def _at(spent: Spent) -> tuple[float, float]:
    return spent.cost, spent.point.estimate.mean if spent.point.estimate else 0.0


def _draw(axes: Axes, panel: Panel, shown: Compute, looks: dict[str, Look]) -> None:
    style.light(axes, "both")
    for floor in panel.floors:
        if floor.estimate:
            axes.axhline(floor.estimate.mean, color=style.GREY, linewidth=0.8, linestyle="--")
    front = [_at(s) for s in panel.spent if s.front]
    if front:
        steps = [*front, (max(s.cost for s in panel.spent), front[-1][1])]
        axes.step(*zip(*steps, strict=True), where="post", color="#AAAAAA", label="_front")
    for series, look in looks.items():
        own = [_at(s) for s in panel.spent if s.series == series]
        if len(own) > 1:
            axes.plot(*zip(*own, strict=True), color=look.colour, linewidth=0.6, label="_series")
    for spent in panel.spent:
        found, look = spent.point.estimate, looks[spent.series]
        if found is None:
            continue
        axes.errorbar(
            [spent.cost], [found.mean], [[found.mean - found.low], [found.high - found.mean]],
            fmt=look.marker, color=look.colour, elinewidth=0.8, label=spent.point.name,
            markeredgecolor="black" if spent.front else look.colour, markeredgewidth=0.7, zorder=3,
            **look.inside,
        )  # fmt: skip
    style.amounts(axes, [spent.cost for spent in panel.spent])
    axes.set_xlabel(_AXIS[shown.against])
    axes.set_ylabel(f"{style.label(shown.protocol)} top-1, %")
