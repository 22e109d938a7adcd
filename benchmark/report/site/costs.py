"""Accuracy against cost, as the page of costs draws it: numbers for an SVG, no drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.counting import counted
from benchmark.report import words
from benchmark.report.plot.points import Estimate, Point, decades, parted
from benchmark.report.plot.spent import CURRENCIES, Currency, Panel, Spent, spent
from benchmark.report.rows import PROTOCOL, Table
from benchmark.report.site.scale import Decades, Scale, amount

WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, TOP, BOTTOM = 42, 14, 14, 44
_SHAPES = (
    "M4.2 0A4.2 4.2 0 1 1 -4.2 0A4.2 4.2 0 1 1 4.2 0Z",
    "M-3.8 -3.8H3.8V3.8H-3.8Z",
    "M0 -5.2L5.2 0L0 5.2L-5.2 0Z",
    "M0 -5L4.8 3.6H-4.8Z",
    "M0 5L4.8 -3.6H-4.8Z",
    "M-1.6 -5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z",
)
_COLOURS = 5
"""Of the style sheet; with six shapes, thirty methods look different."""
_NAMES: dict[Currency, str] = {"images": "images seen", "flops": "FLOP", "seconds": "seconds"}


def page(every: Iterable[Table], pages: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows, currency by currency.

    Args:
        every: The tables of the board.
        pages: Where the page of a row lies, by the id of each of its results.
    """
    groups = parted(every)
    found = {against: spent(groups, PROTOCOL, against) for against in CURRENCIES}
    names = {s.series for each in found.values() for panel in each.panels for s in panel.spent}
    looks = {
        name: {"colour": i % _COLOURS, "shape": _SHAPES[i % len(_SHAPES)]}
        for i, name in enumerate(sorted(names))
    }
    return {
        "box": {
            "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP,
            "bottom": HEIGHT - BOTTOM, "middle": (LEFT + WIDTH - RIGHT) / 2,
        },
        "currencies": [
            {
                "key": against,
                "name": _NAMES[against],
                "panels": [_panel(panel, against, looks, pages) for panel in each.panels],
                "left_out": each.left_out,
            }
            for against, each in found.items()
        ],
        "first": "flops" if found["flops"].panels else "images",
    }  # fmt: skip


def _panel(
    panel: Panel,
    against: Currency,
    looks: Mapping[str, Mapping[str, Any]],
    pages: Mapping[str, str],
) -> dict[str, Any]:
    across, up = _scales(panel)
    logarithmic = isinstance(across, Decades)
    rows = [
        {
            **_row(each.point, pages),
            **looks[each.series],
            "role": each.point.role,
            "front": each.front,
            "cost": _cost(each.cost, against),
            "x": f"{across(each.cost):.1f}",
            **_heights(_known(each.point), up),
        }
        for each in panel.spent
    ]
    floors = [{**_row(p, pages), "y": f"{up(_known(p).mean):.1f}"} for p in panel.floors]
    title = " · ".join(filter(None, panel.title))
    return {
        "title": title,
        "x": across.ticks(amount),
        "axis": f"{_NAMES[against]}{', logarithmic' if logarithmic else ''}",
        "y": up.ticks(),
        "rows": rows,
        "floors": floors,
        "front": _front(panel.spent, across, up),
        "about": _about(panel, against),
    }


def _known(point: Point) -> Estimate:
    """Return the estimate that every point of a panel has."""
    assert point.estimate is not None
    return point.estimate


def _scales(panel: Panel) -> tuple[Scale, Scale]:
    costs = [each.cost for each in panel.spent]
    ends = (LEFT, WIDTH - RIGHT)
    if decades(costs):
        room = (max(costs) / min(costs)) ** 0.05
        across: Scale = Decades(min(costs) / room, max(costs) * room, *ends)
    else:
        across = Scale(0, 1.05 * max(costs), *ends)
    shown = [_known(each.point) for each in panel.spent]
    levels = [_known(point).mean for point in panel.floors]
    low = min([each.low for each in shown] + levels)
    high = max([each.high for each in shown] + levels)
    room = 0.04 * (high - low) or 1.0
    return across, Scale(low - room, high + room, HEIGHT - BOTTOM, TOP)


def _row(point: Point, pages: Mapping[str, str]) -> dict[str, Any]:
    found = _known(point)
    return {
        "name": point.name,
        "page": pages[point.ids[0]],
        "mean": f"{found.mean:.1f}",
        "range": f"[{found.low:.1f}, {found.high:.1f}]",
        "n": found.n,
        "state": "" if point.state == "ok" else point.state,
    }


def _heights(found: Estimate, up: Scale) -> dict[str, str]:
    return {
        "y": f"{up(found.mean):.1f}", "bar": f"{up(found.low):.1f}V{up(found.high):.1f}"
    }  # fmt: skip


def _front(found: Sequence[Spent], across: Scale, up: Scale) -> str:
    """Return the front as a path of steps, to the dearest row; empty without one."""
    front = [each for each in found if each.front]
    if not front:
        return ""
    places = [f"{across(each.cost):.1f} {up(_known(each.point).mean):.1f}" for each in front]
    x, _, y = places[0].partition(" ")
    steps = [f"H{x}V{y}" for x, _, y in (place.partition(" ") for place in places[1:])]
    return f"M{x} {y}{''.join(steps)}H{across(found[-1].cost):.1f}"


def _cost(cost: float, against: Currency) -> str:
    """Write a cost with its unit, as the board does."""
    if against == "flops":
        return f"{cost / 1e12:.3g} TFLOP"
    if against == "seconds":
        return f"{words.grouped(round(cost)) if cost >= 100 else f'{cost:.3g}'} s"
    return words.grouped(round(cost))


def _about(panel: Panel, against: Currency) -> str:
    """Return the chart in words, for who does not see it; the table has every number."""
    front = [
        f"{each.point.name} at {_cost(each.cost, against)}, {_known(each.point).mean:.1f} %"
        for each in panel.spent
        if each.front
    ]
    floors = [f"{_known(point).mean:.1f} %" for point in panel.floors]
    return (
        f"{counted(len(panel.spent), 'row')}, from {_cost(panel.spent[0].cost, against)} to "
        f"{_cost(panel.spent[-1].cost, against)}. Pareto front: {'; '.join(front) or 'none'}. "
        f"Floor: {', '.join(floors) or 'none'}."
    )
