"""Which cells a selection of a claim means."""

from __future__ import annotations

from functools import cache

from benchmark.data import catalogue as datasets
from benchmark.errors import UsageError
from benchmark.evidence.claims.model import Selection
from benchmark.matrix.budget import NAMED
from benchmark.matrix.cell import Cell
from benchmark.matrix.row import Row, setting_of
from methods import selector


def is_meant(
    chosen: Selection, cell: Cell, over: str | None, held: frozenset[str] = frozenset()
) -> bool:
    """Say whether a selection means a cell; what spreads are over is not asked of its method.

    Args:
        chosen: the selection.
        cell: of a result.
        over: the axis of the claim's spreads.
        held: options that hold even where the selection's method does not name them: at their
            defaults.
    """
    for name in ("training", "precision"):
        if getattr(chosen, name) not in (None, getattr(cell, name)):
            return False
    batches = chosen.batch if isinstance(chosen.batch, list) else [chosen.batch]
    if chosen.batch is not None and cell.recipe.batch not in batches:
        return False
    if cell.budget.amount and not _spends(chosen, cell):
        return False
    if not _is_method(chosen.method or "", cell.method, cell.dataset, held - {over}, over):
        return False
    return all(
        not chosen.texts(axis) or any(_is_of(axis, text, cell) for text in chosen.texts(axis))
        for axis in ("dataset", "encoder")
    )


def _spends(chosen: Selection, cell: Cell) -> bool:
    wanted = chosen.budget
    if wanted is None:
        return True
    if isinstance(wanted, dict):
        return wanted == {cell.budget.currency: cell.budget.amount}
    named = NAMED.get(wanted)
    own = cell.budget
    return wanted == own.name or (named is not None and named.spent == own.spent)


def _is_of(axis: str, text: str, cell: Cell) -> bool:
    return _meant(axis, text, cell.method, cell.dataset, cell.encoder)


@cache
def _meant(axis: str, text: str, method: str, dataset: str, encoder: str) -> bool:
    try:
        resolved = datasets.resolve(dataset)
        row = Row(setting_of(method, resolved), resolved, encoder)
        return row.is_meant("dataset" if axis == "dataset" else "encoder", text)
    except (ValueError, UsageError):  # a stranger's result, of what is not installed here
        return False


@cache
def _is_method(
    text: str, method: str, dataset: str, held: frozenset[str], over: str | None
) -> bool:
    base, options = selector.split(text)
    if method.partition("[")[0] != base:
        return False
    try:
        resolved = datasets.resolve(dataset)
        wanted, own = setting_of(text, resolved), setting_of(method, resolved)
    except (ValueError, UsageError):
        return False
    choices = {name for name, option in own.card.options.items() if option.choices}
    fixed = choices | set(options) | held
    return all(wanted.values[name] == own.values[name] for name in fixed - {over})
