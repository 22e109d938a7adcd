"""Where a result stands on each axis, in which order, and what that place is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from benchmark.evidence.floor import is_control
from benchmark.report import words
from benchmark.report.marks import settings
from benchmark.report.rows import Row, Table
from methods.cards import CARDS

AXES = ("method", "dataset", "encoder", "training", "budget", "precision", "replicate")
_DATASETS = ("cifar10", "stl10", "imagenet")


@dataclass(frozen=True)
class Placed:
    """A row of the board and its place on every axis."""

    places: dict[str, str]
    table: Table
    row: Row


def placed(tables: Iterable[Table], *, by_replicate: bool) -> Iterator[Placed]:
    """Yield every row with its places; controls stand where the methods beside them do.

    Args:
        tables: Of the board.
        by_replicate: Take replicates one by one instead of together.
    """
    for table in tables:
        for row in table.rows:
            common = table.cell
            places = {
                "method": _method(table, row),
                "dataset": common.dataset,
                "encoder": common.encoder,
                "training": common.training,
                "budget": words.length(common),
                "precision": common.precision,
            }
            if not by_replicate:
                yield Placed(places, table, row)
                continue
            for cell in row.cells:
                own = tuple(r for r in row.results if r.cell.replicate == cell.replicate)
                one = replace(row, cells=(cell,), results=own)
                yield Placed({**places, "replicate": f"r{cell.replicate}"}, table, one)


def _method(table: Table, row: Row) -> str:
    """Name a row by its method, and where several are of one name by their settings too."""
    name = row.cell.method
    if sum(other.cell.method == name for other in table.rows) == 1:
        return name
    return f"{name} ({settings(row)})"


def ordered(found: Sequence[Placed], axes: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the places that occur on some axes, each once, in the order of a table."""
    ranks: dict[tuple[str, ...], tuple[object, ...]] = {}
    for each in found:
        key = tuple(each.places[axis] for axis in axes)
        ranks.setdefault(key, tuple(_rank(each, axis) for axis in axes))
    return sorted(ranks, key=lambda key: (ranks[key], key))


def _rank(each: Placed, axis: str) -> tuple[object, ...]:
    place = each.places[axis]
    if axis == "method":
        return is_control(each.row.cell), place
    if axis == "dataset":
        return _DATASETS.index(place) if place in _DATASETS else len(_DATASETS), place
    if axis == "budget":
        budget = each.table.cell.budget
        return budget.name == "paper", budget.currency, budget.amount, place
    if axis == "replicate":
        return each.row.cell.replicate, place
    return (place,)


def rules(
    found: Sequence[Placed], axes: Sequence[str], rows: Sequence[tuple[str, ...]]
) -> tuple[int, ...]:
    """Return the rows of a table at which controls begin or end, if rows are of methods."""
    if "method" not in axes:
        return ()
    control = {
        tuple(each.places[axis] for axis in axes): is_control(each.row.cell) for each in found
    }
    return tuple(n for n in range(1, len(rows)) if control[rows[n]] != control[rows[n - 1]])


def titles(axis: str, places: Iterable[str]) -> dict[str, str]:
    """Return what places are called in print: methods by their papers' names if that is clear."""
    given = list(dict.fromkeys(places))
    if axis != "method":
        return {place: place for place in given}
    found = {place: _title(place) for place in given}
    return found if len({*found.values()}) == len(found) else {place: place for place in given}


def _title(method: str) -> str:
    base, bracket, options = method.partition("[")
    if base not in CARDS:
        return method
    inside, _, more = options.partition("]")
    title = CARDS[base].title
    return f"{title} ({inside}){more}" if bracket else title
