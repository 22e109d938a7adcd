"""Accuracy against what it cost, with the front that no method beats in both."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchmark.report import words
from benchmark.report.plot import style
from benchmark.report.plot.points import Group, Point, points, refuse_none, several
from benchmark.report.rows import Row
from benchmark.store.result import Ledger

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Currency = Literal["images", "flops", "seconds"]
CURRENCIES: tuple[Currency, ...] = ("images", "flops", "seconds")
_AXIS = {
    "images": "images seen, samples",
    "flops": "training, FLOP",
    "seconds": "training, seconds",
}
_NOTE = (
    "Grey steps and black rims: the Pareto front of the methods' means. Dashed: the floor, an "
    "untrained encoder. White inside: taught with labels. Bars: 95 % interval."
)


@dataclass(frozen=True)
class Spent:
    """A row and what one of its replicates cost."""

    point: Point
    series: str
    """The method, whatever its budget."""
    cost: float
    """Mean over replicates, in the figure's currency."""
    front: bool
    """Whether no other method is as good for less."""


@dataclass(frozen=True)
class Panel:
    """One dataset, encoder and training; in seconds also one processor."""

    title: tuple[str, ...]
    spent: tuple[Spent, ...]
    """Methods and ceilings, the cheapest first."""
    floors: tuple[Point, ...]


@dataclass(frozen=True)
class Compute:
    """What the figure shows."""

    protocol: str
    against: Currency
    panels: tuple[Panel, ...]
    left_out: tuple[str, ...]
    """Rows whose cost is not known, in words."""


def data(groups: Sequence[Group], protocol: str, against: Currency) -> Compute:
    """Return what is plotted; budgets share a panel, since what was spent is the axis.

    Raises:
        UsageError: If nothing has a number and a cost, or there are too many panels.
    """
    parts: dict[tuple[str, ...], dict[str, Row]] = {}
    for group, told in zip(groups, several(groups), strict=True):
        training = group.how[0] if group.cell.budget.amount else ""
        precision = "" if group.cell.precision == "float32" else group.cell.precision
        for row in group.rows:
            if row.final:
                for machine in _machines(group, row, against):
                    key = (*group.where, training, precision, told, machine)
                    parts.setdefault(key, {})[row.cell.pretrain_id] = row
    left_out: list[str] = []
    panels = [_panel(key, list(own.values()), protocol, against, left_out)
              for key, own in parts.items()]  # fmt: skip
    panels = [panel for panel in panels if panel.spent]
    refuse_none(panels, f"no result has a top-1 under {protocol!r} and a cost in {against}")
    return Compute(protocol, against, tuple(panels), tuple(dict.fromkeys(left_out)))


def _machines(group: Group, row: Row, against: Currency) -> list[str]:
    """Return what a row may be compared on: seconds of two processors are two currencies.

    The floor costs nothing, so it stands with all.
    """
    if against != "seconds":
        return [""]
    rows = [row] if row.cell.budget.amount else [r for r in group.rows if r.cell.budget.amount]
    kinds = ({words.execution(r.execution) for r in each.final} for each in rows)
    # replicates of several machines have no one cost
    return sorted({next(iter(kind)) for kind in kinds if len(kind) == 1})


def _panel(
    title: tuple[str, ...], rows: Sequence[Row], protocol: str, against: Currency, left: list[str]
) -> Panel:
    spent: list[tuple[Point, str, float]] = []
    floors = []
    for row, point in zip(rows, points(rows, protocol), strict=True):
        costs = [_cost(result.ledger, against) for result in row.final]
        if point.estimate is None:
            continue
        if point.role == "floor":
            floors.append(point)
        elif any(cost is None for cost in costs):
            left.append(f"{' '.join(filter(None, title))}: {point.name}: no {against} recorded")
        else:
            mean = statistics.fmean(cost for cost in costs if cost is not None)
            spent.append((point, row.cell.method, mean))
    spent.sort(key=lambda each: (each[2], each[0].name))
    front = _front([(point, cost) for point, _, cost in spent])
    return Panel(
        title,
        tuple(Spent(point, series, cost, point in front) for point, series, cost in spent),
        tuple(floors),
    )


def _cost(ledger: Ledger | None, against: Currency) -> float | None:
    if ledger is None or not ledger.steps:
        return None
    costs = {"images": ledger.images, "flops": ledger.flops, "seconds": ledger.train_seconds}
    return costs[against]


def _front(spent: Sequence[tuple[Point, float]]) -> list[Point]:
    """Return the methods that no cheaper or equally cheap one beats; the ceiling has labels."""
    found: list[Point] = []
    best = -1.0
    methods = [(p, cost, p.estimate.mean) for p, cost in spent if p.estimate and p.role == "method"]
    for point, _, mean in sorted(methods, key=lambda each: (each[1], -each[2])):
        if mean > best:
            found.append(point)
            best = mean
    return found


def draw(shown: Compute, width: style.Width) -> Figure:
    """Draw it."""
    columns = 2 if width == "double" else 1
    each = style.WIDTHS[width] / min(columns, len(shown.panels))
    names = sorted({s.series for panel in shown.panels for s in panel.spent})
    looks = style.looks(names)
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


def _draw(axes: Axes, panel: Panel, shown: Compute, looks: dict[str, style.Look]) -> None:
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
            markerfacecolor="white" if spent.point.role == "ceiling" else look.colour,
            markeredgecolor="black" if spent.front else look.colour, zorder=3,
        )  # fmt: skip
    style.amounts(axes, [spent.cost for spent in panel.spent])
    axes.set_xlabel(_AXIS[shown.against])
    axes.set_ylabel(f"{style.label(shown.protocol)} top-1, %")
