"""Methods with their intervals, between the floor and the ceiling; a panel for each table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.report.plot import style
from benchmark.report.plot.looks import Look, of_methods
from benchmark.report.plot.points import Group, Point, points, refuse_none, several

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.17
"""Height of a method, inches."""
_LONGEST = 24
"""Characters of a line of a name."""
_PALE = 4.0
"""Points that the interval of one replicate is high: unlike a line, whatever its length."""
_LINE = {"floor": "--", "ceiling": ":"}


@dataclass(frozen=True)
class Panel:
    """One dataset, encoder, training and budget."""

    title: tuple[str, ...]
    points: tuple[Point, ...]
    """From the top."""


@dataclass(frozen=True)
class Accuracy:
    """What the figure shows."""

    protocol: str
    panels: tuple[Panel, ...]


def data(groups: Sequence[Group], protocol: str) -> Accuracy:
    """Return what is plotted.

    Raises:
        UsageError: If nothing has a number, or there are too many panels.
    """
    panels = [
        Panel((*group.where, *group.how, told), tuple(points(group.rows, protocol, group.cell)))
        for group, told in zip(groups, several(groups), strict=True)
    ]
    panels = [p for p in panels if any(point.estimate for point in p.points)]
    refuse_none(panels, f"no result has a top-1 under the protocol {protocol!r}")
    return Accuracy(protocol, tuple(panels))


def draw(shown: Accuracy, width: style.Width) -> Figure:
    """Draw it."""
    columns = 2 if width == "double" else 1
    each = style.WIDTHS[width] / min(columns, len(shown.panels))
    note = _note(shown)
    heights = [
        0.45 + 0.13 * len(style.heading(p.title, each)) + _ROW * _lines(p) for p in shown.panels
    ]
    extra = style.note_height(note, style.WIDTHS[width])
    looks = of_methods(point.name for panel in shown.panels for point in panel.points)
    figure, parts = style.panels(heights, width, columns, extra=extra)
    for part, panel in zip(parts, shown.panels, strict=True):
        style.headed(part, panel.title, each)
        _draw(part.subplots(), panel, shown.protocol, looks)
    style.noted(figure, note)
    return figure


def _lines(panel: Panel) -> float:
    """Return how many rows a panel needs, one of two lines counted as one and a half."""
    return sum(1.0 + 0.5 * name.count("\n") for name in _names(panel))


def _names(panel: Panel) -> list[str]:
    shown = style.labels([point.name for point in panel.points], _LONGEST)
    return [_name(point, text) for point, text in zip(panel.points, shown, strict=True)]


def _name(point: Point, text: str) -> str:
    told: list[str] = [] if point.role == "method" else [point.role]
    told += [point.state] if point.estimate and point.state != "ok" else []
    aside = f"({', '.join(told)})" if told else ""
    fits = "\n" in text or len(text) + len(aside) < _LONGEST
    return f"{text} {aside}".rstrip() if fits else f"{text}\n{aside}"


def _draw(axes: Axes, panel: Panel, protocol: str, looks: dict[str, Look]) -> None:
    style.light(axes, "x")
    place, places = 0.0, []
    names = _names(panel)
    for name in names:
        half = (1.0 + 0.5 * name.count("\n")) / 2
        places.append(place + half)
        place += 2 * half
    for y, point in zip(places, panel.points, strict=True):
        _mark(axes, y, point, looks[point.name])
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(place, 0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.06)
    axes.set_xlabel(f"{style.label(protocol)} top-1, %")


def _mark(axes: Axes, y: float, point: Point, look: Look) -> None:
    found = point.estimate
    if found is None:
        axes.annotate(
            point.state, (0.5, y), xycoords=("axes fraction", "data"), ha="center", va="center",
            fontsize=style.SMALL, color=style.GREY, fontstyle="italic",
        )  # fmt: skip
        return
    colour = look.colour
    if point.role != "method":
        axes.axvline(found.mean, color=style.GREY, linewidth=0.8, linestyle=_LINE[point.role])
    several = found.over == "replicates"
    axes.hlines(
        y, found.low, found.high, color=colour, linewidth=1.2 if several else _PALE,
        alpha=None if several else 0.35,
    )  # fmt: skip
    if found.n > 1:
        axes.plot(
            found.values, [y] * found.n, "|", color=colour, markersize=6, markeredgewidth=0.6,
            label="_replicates",
        )  # fmt: skip
    axes.plot(
        [found.mean], [y], look.marker, color=colour, label=point.name.lstrip("_"), **look.inside,
    )  # fmt: skip


def _note(shown: Accuracy) -> str:
    found = [p.estimate for panel in shown.panels for p in panel.points if p.estimate]
    kinds = {each.over for each in found}
    counts = sorted({each.n for each in found if each.n > 1})
    said = []
    if "replicates" in kinds:
        most = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        said.append(f"Lines: 95 % t interval of the mean of {most} replicates (ticks).")
    if "images" in kinds:
        said.append("Pale bars: one replicate, 95 % interval over its test images.")
    roles = {p.role for panel in shown.panels for p in panel.points if p.estimate}
    if "floor" in roles:
        said.append("Dashed upright lines: a floor, an untrained encoder.")
    if "ceiling" in roles:
        said.append("Dotted upright lines: a ceiling, taught with labels.")
    return " ".join(said)
