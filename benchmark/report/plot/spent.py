"""What accuracy is plotted against: the cost of each row, and the front that none beats in both."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.evidence.floor import is_floor
from benchmark.report import words
from benchmark.report.plot.points import Group, Point, points, refuse_none, several
from benchmark.report.rows import Row
from benchmark.store.result import Ledger

Currency = Literal["images", "flops", "seconds"]
CURRENCIES: tuple[Currency, ...] = ("images", "flops", "seconds")


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
    """One dataset, encoder, training and resolution; in seconds also one processor."""

    title: tuple[str, ...]
    spent: tuple[Spent, ...]
    """Methods and ceilings, the cheapest first."""
    floors: tuple[Point, ...]


@dataclass(frozen=True)
class Compute:
    """What a figure, or the site's page of costs, shows."""

    protocol: str
    against: Currency
    panels: tuple[Panel, ...]
    left_out: tuple[str, ...]
    """Rows whose cost is not known, in words."""


def data(groups: Sequence[Group], protocol: str, against: Currency) -> Compute:
    """Return what one figure shows.

    Raises:
        UsageError: If nothing has a number and a cost, or there are too many panels.
    """
    found = spent(groups, protocol, against)
    refuse_none(found.panels, f"no result has a top-1 under {protocol!r} and a cost in {against}")
    return found


def spent(groups: Sequence[Group], protocol: str, against: Currency) -> Compute:
    """Return every panel: budgets share one, since what was spent is the axis.

    Rows of two resolutions are not comparable, so no panel holds both.
    """
    parts: dict[tuple[str, ...], dict[str, Row]] = {}
    for group, told in zip(groups, several(groups), strict=True):
        training = group.how[0] if group.cell.budget.amount else ""
        precision = "" if group.cell.precision == "float32" else group.cell.precision
        for row in group.rows:
            if row.final:
                for machine in _machines(group, row, against):
                    key = (*group.where, training, precision, told, machine, _pixels(row))
                    parts.setdefault(key, {})[row.cell.pretrain_id] = row
    left_out: list[str] = []
    panels = [_panel(title, list(own.values()), protocol, against, left_out)
              for title, own in _titled(parts)]  # fmt: skip
    panels = [panel for panel in panels if panel.spent]
    return Compute(protocol, against, tuple(panels), tuple(dict.fromkeys(left_out)))


def _pixels(row: Row) -> str:
    found = row.cell.values.get("resolution")
    return "" if found is None else f"{found} px"


def _titled(
    parts: Mapping[tuple[str, ...], dict[str, Row]],
) -> Iterator[tuple[tuple[str, ...], dict[str, Row]]]:
    """Yield titles with their rows: of a resolution only where methods have several."""
    trained = (key for key, own in parts.items() if not all(is_floor(r.cell) for r in own.values()))
    several_of = Counter(key[:-1] for key in trained)
    for key, own in parts.items():
        yield (key if several_of[key[:-1]] > 1 else key[:-1]), own


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
    found: list[tuple[Point, str, float]] = []
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
            found.append((point, row.cell.method, mean))
    found.sort(key=lambda each: (each[2], each[0].name))
    front = _front([(point, cost) for point, _, cost in found])
    return Panel(
        title,
        tuple(Spent(point, series, cost, point in front) for point, series, cost in found),
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
