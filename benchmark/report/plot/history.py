"""Nights by method, and by cell: means with intervals, and the levels between detected steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from benchmark.errors import UsageError
from benchmark.evidence.history import History, Of, Trend, intervals
from benchmark.report import words
from benchmark.report.plot import style
from benchmark.report.plot.looks import BLACK, ORANGE
from benchmark.report.plot.points import refuse_none

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Cells = Literal["none", "steps", "all"]
CELLS: tuple[Cells, ...] = ("none", "steps", "all")
"""Which cells have a panel of their own beside their method's."""
MOST = 24
"""Panels of one figure."""
_COLUMNS = {"single": 1, "double": 2}
_PANEL = 1.35
"""Height, inches."""


@dataclass(frozen=True)
class Night:
    """What a method or a cell came to in one night."""

    date: str
    mean: float
    """Percent."""
    low: float | None
    """Of the 95 % interval, percent; None where no night has two replicates."""
    high: float | None
    n: int
    """Replicates."""


@dataclass(frozen=True)
class Level:
    """Nights between two steps."""

    first: str
    last: str
    mean: float
    """Over their replicates, percent."""
    change: float | None
    """Against the level before, points; None of the first one."""


@dataclass(frozen=True)
class Panel:
    """One method or one cell."""

    name: str
    of: Of
    nights: tuple[Night, ...]
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Nights:
    """What the figure shows."""

    protocol: str
    alpha: float
    first: str
    """Night of the history."""
    last: str
    panels: tuple[Panel, ...]


def data(found: History | None, cells: Cells = "none") -> Nights:
    """Return what is plotted: each method, and after it those of its cells that are asked for.

    Args:
        found: The nights.
        cells: Which; `steps` means those in which a step was found.

    Raises:
        UsageError: If no night has a number, or there are too many panels.
    """
    if found is None:
        raise UsageError("nothing to plot: a history needs nights")
    methods = [trend for trend in found.trends if trend.series.of == "method"]
    refuse_none(methods, words.unscored(found.protocol, found.protocols), most=MOST)
    shown = [trend for method in methods for trend in (method, *_cells(found, method, cells))]
    if len(shown) > MOST:
        less = " or --cells steps" if cells == "all" else ""
        raise UsageError(
            f"a figure holds at most {MOST} panels (got {len(methods)} of methods and "
            f"{len(shown) - len(methods)} of cells): choose with -m, -d or -e{less}"
        )
    panels = tuple(map(_panel, shown))
    return Nights(found.protocol, found.alpha, found.nights[0], found.nights[-1], panels)


def _cells(found: History, method: Trend, cells: Cells) -> list[Trend]:
    """Return the cells of a method that have a panel."""
    return [
        trend
        for trend in found.trends
        if trend.series.of == "cell"
        and trend.series.method == method.series.method
        and (cells == "all" or (cells == "steps" and trend.steps))
    ]


def _panel(trend: Trend) -> Panel:
    points = trend.series.points
    around: Sequence[tuple[float | None, float | None]]
    around = intervals(trend.series) or [(None, None)] * len(points)
    changes = [None, *(step.change for step in trend.steps)]
    return Panel(
        trend.series.name,
        trend.series.of,
        tuple(
            Night(point.night, point.mean, low, high, len(point.scores))
            for point, (low, high) in zip(points, around, strict=True)
        ),
        tuple(
            Level(points[each.first].night, points[each.last].night, each.mean, change)
            for each, change in zip(trend.levels, changes, strict=True)
        ),
    )


def draw(shown: Nights, width: style.Width) -> Figure:
    """Draw it, a point as high in every panel."""
    columns = min(_COLUMNS[width], len(shown.panels))
    each = style.WIDTHS[width] / columns
    note = _note(shown)
    extra = style.note_height(note, style.WIDTHS[width])
    figure, parts = style.panels([_PANEL] * len(shown.panels), width, columns, extra=extra)
    ends = [_ends(panel) for panel in shown.panels]
    span = 1.1 * max(1.0, *(high - low for low, high in ends))
    for part, panel, (low, high) in zip(parts, shown.panels, ends, strict=True):
        style.headed(part, ("cell" if panel.of == "cell" else "", *panel.name.split(", ")), each)
        axes = part.subplots()
        _draw(axes, panel)
        middle = (low + high) / 2
        axes.set_ylim(middle - span / 2, middle + span / 2)
        axes.set_xlim(_day(shown.first) - 0.8, _day(shown.last) + 0.8)
        axes.set_ylabel(f"{style.label(shown.protocol, 12)} top-1, %", fontsize=style.SMALL)
        _dated(axes)
    style.noted(figure, note)
    return figure


def _ends(panel: Panel) -> tuple[float, float]:
    """Return the lowest and the highest that is drawn, percent."""
    lows = [night.mean if night.low is None else night.low for night in panel.nights]
    highs = [night.mean if night.high is None else night.high for night in panel.nights]
    return min(lows), max(highs)


def _day(night: str) -> int:
    return date.fromisoformat(night).toordinal()


def _dated(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: date.fromordinal(int(x)).isoformat()))


def _draw(axes: Axes, panel: Panel) -> None:
    style.light(axes, "y")
    axes.set_title(" ", fontsize=style.SMALL, pad=2)  # steps or none, panels are as high
    days = [_day(night.date) for night in panel.nights]
    for day, night in zip(days, panel.nights, strict=True):
        if night.low is not None and night.high is not None:
            axes.vlines(day, night.low, night.high, color=BLACK, linewidth=0.7, zorder=2.1)
    axes.plot(
        days, [night.mean for night in panel.nights], "o", color=BLACK, markersize=2.8,
        label=panel.name.lstrip("_"), zorder=2.2,
    )  # fmt: skip
    # without a step there is no level to show: a mean over nights is no finding
    for place, level in enumerate(panel.levels if len(panel.levels) > 1 else ()):
        axes.hlines(
            level.mean, *_reach(panel.levels, place), color=ORANGE, linewidth=1.6,
            label="_level",
        )  # fmt: skip
        if level.change is not None:
            _step(axes, _reach(panel.levels, place)[0], level.change)


def _reach(levels: Sequence[Level], place: int) -> tuple[float, float]:
    """Return from where to where a level is drawn: halfway to its neighbours' nights."""
    between = [(_day(one.last) + _day(two.first)) / 2 for one, two in pairwise(levels)]
    edges = [_day(levels[0].first) - 0.5, *between, _day(levels[-1].last) + 0.5]
    return edges[place], edges[place + 1]


def _step(axes: Axes, day: float, change: float) -> None:
    axes.axvline(day, color=style.GREY, linewidth=0.6, linestyle=":")
    axes.annotate(
        f"{change:+.1f}".replace("-", "\N{MINUS SIGN}"), (day, 1.0),
        xycoords=("data", "axes fraction"), xytext=(0, 1), textcoords="offset points",
        ha="center", va="bottom", fontsize=style.SMALL, color=ORANGE,
    )  # fmt: skip


def _note(shown: Nights) -> str:
    """Explain what there is: intervals, steps and levels, each only where some panel has it."""
    said = "Points: means of a night's replicates."
    if any(night.low is not None for panel in shown.panels for night in panel.nights):
        said += " Thin lines: their 95 % t interval, by the sd within nights."
    if any(night.low is None for panel in shown.panels for night in panel.nights):
        said += " A point without a line: no night has two replicates, so there is no interval."
    look = f"alpha {shown.alpha:g} for one look at all methods and cells"
    if not any(len(panel.levels) > 1 for panel in shown.panels):
        return f"{said} No step was detected ({look})."
    return (
        f"{said} Thick lines: levels before and after a detected step, the change in points above "
        f"({look})."
    )
