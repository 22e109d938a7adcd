"""How far each method's accuracy spreads over encoders, or over datasets."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.evidence.designs import Design, Refused, designs
from benchmark.report.plot import style
from benchmark.report.plot.looks import BLACK, Look, of_levels
from benchmark.report.plot.points import refuse_none
from benchmark.store.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from benchmark.evidence.robustness import Row

_ROW = 0.24
"""Height of a method, inches, unless its name takes more than two lines."""


@dataclass(frozen=True)
class Spreading:
    """One method."""

    name: str
    means: tuple[float, ...]
    """At each level, percent."""
    sd: float
    """Of the true means over levels, noise of replicates taken out, points."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


@dataclass(frozen=True)
class Panel:
    """One full table of results."""

    title: str
    levels: tuple[str, ...]
    replicates: tuple[int, ...]
    """That every cell has."""
    methods: tuple[Spreading, ...]
    """The smallest spread first."""


@dataclass(frozen=True)
class Robustness:
    """What the figure shows."""

    protocol: str
    over: str
    panels: tuple[Panel, ...]
    left_out: tuple[str, ...]
    """Tables that are not full, with the reason."""


def data(results: Sequence[Result], over: str, protocol: str) -> Robustness:
    """Return what is plotted; only methods that were run at all levels can be compared.

    Raises:
        UsageError: If no table is full, or there are too many panels.
    """
    from benchmark.evidence.robustness import spreads  # here: it needs numpy and scipy

    panels, left_out = [], []
    for design in designs(results, over, protocol=protocol):
        rows = design if isinstance(design, Refused) else spreads(design)
        if isinstance(rows, Refused):
            left_out.append(rows.sentence)
        elif isinstance(design, Design):
            panels.append(_panel(design, rows))
    refuse_none(panels, "; ".join(left_out))
    return Robustness(protocol, over, tuple(panels), tuple(left_out))


def _panel(design: Design, rows: Sequence[Row]) -> Panel:
    from benchmark.evidence.robustness import sd_of_effect

    methods = []
    for row in rows:
        scores = design.scores[design.methods.index(row.method)]
        means = tuple(map(statistics.fmean, scores))
        methods.append(Spreading(row.method, means, *sd_of_effect(row.points)))
    return Panel(design.label, design.levels, design.replicates, tuple(methods))


def draw(shown: Robustness, width: style.Width) -> Figure:
    """Draw it."""
    inches = style.WIDTHS[width]
    levels = sorted({level for panel in shown.panels for level in panel.levels})
    looks = of_levels(levels)
    heights = [
        0.5 + 0.13 * len(style.heading(_title(p), inches)) + _row(p) * max(2, len(p.methods))
        for p in shown.panels
    ]
    note = f"Right: sd of the {shown.over} effect, noise of replicates taken out, 95 % interval."
    extra = style.key_size(levels, inches)[1] + style.note_height(note, inches)
    figure, parts = style.panels(heights, width, 1, extra=extra)
    for part, panel in zip(parts, shown.panels, strict=True):
        style.headed(part, _title(panel), inches)
        left, right = part.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        _means(left, panel, looks)
        _spreads(right, panel)
        left.set_xlabel(f"{style.label(shown.protocol)} top-1, %")
        right.set_xlabel("sd, points")
    style.keyed(figure, looks)
    style.noted(figure, note)
    return figure


def _row(panel: Panel) -> float:
    """Return how high a row must be for the longest of the names."""
    names = style.labels([method.name for method in panel.methods])
    return max(_ROW, *(0.1 * (1 + name.count("\n")) for name in names))


def _title(panel: Panel) -> tuple[str, ...]:
    return panel.title, f"n = {len(panel.replicates)}"


def _means(axes: Axes, panel: Panel, looks: dict[str, Look]) -> None:
    style.light(axes, "x")
    for y, method in enumerate(panel.methods):
        axes.hlines(y, min(method.means), max(method.means), color="#AAAAAA", linewidth=0.8)
    for column, level in enumerate(panel.levels):
        look = looks[level]
        axes.plot(
            [method.means[column] for method in panel.methods], range(len(panel.methods)),
            look.marker, color=look.colour, label=level,
        )  # fmt: skip
    axes.set_yticks(range(len(panel.methods)), style.labels([m.name for m in panel.methods]))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(panel.methods) - 0.5, -0.5)
    axes.margins(x=0.06)


def _spreads(axes: Axes, panel: Panel) -> None:
    style.light(axes, "x")
    for y, method in enumerate(panel.methods):
        axes.hlines(y, method.low, method.high, color=BLACK, linewidth=1.2)
    axes.plot(
        [method.sd for method in panel.methods], range(len(panel.methods)), "o",
        color=BLACK, label="sd", clip_on=False, zorder=3,
    )  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0)
