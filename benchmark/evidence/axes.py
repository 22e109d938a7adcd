"""What scores may be compared over: axes that every cell has, and what recipes resolve by name."""

from __future__ import annotations

from benchmark.matrix.cell import Cell
from methods import selector

AXES = ("encoder", "dataset", "budget", "batch")
"""That every cell has; beside them, whatever its recipe resolved by name (`extraction`)."""


def level(cell: Cell, axis: str) -> str:
    """Return where a cell stands on an axis; nothing if its recipe knows no such name."""
    if axis == "encoder":
        return cell.encoder
    if axis == "dataset":
        return cell.dataset
    if axis == "budget":
        return cell.budget.spent
    if axis == "batch":
        return str(cell.recipe.batch)
    return str(cell.values.get(axis, ""))


def variant(cell: Cell, axis: str | None) -> str:
    """Name the method with its options, but for the one that is the axis."""
    try:
        base, options = selector.split(cell.method)
    except ValueError:
        return cell.method
    return selector.join(base, {name: text for name, text in options.items() if name != axis})
