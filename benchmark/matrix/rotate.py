"""The same rows with other replicates, and as a matrix file that another commit can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmark.matrix.budget import NAMED, PAPER
from benchmark.matrix.cell import Cell
from benchmark.matrix.model import Matrix


def row_key(cell: Cell) -> str:
    """Return what the replicates of a cell have in common."""
    return cell.model_copy(update={"replicate": 0}).pretrain_id


def replicates(matrix: Matrix) -> list[int]:
    """Return the replicates of any cell, in order."""
    return sorted({cell.replicate for cell in matrix.cells})


def rotated(matrix: Matrix, indices: Sequence[int]) -> Matrix:
    """Return a matrix whose replicates are others, the first for the first and so on.

    Args:
        matrix: Of any replicates.
        indices: As many as the matrix has.
    """
    new = dict(zip(replicates(matrix), indices, strict=True))
    return _changed(matrix, ((cell, (new[cell.replicate],)) for cell in matrix.cells))


def with_replicates(matrix: Matrix, wanted: Mapping[str, Sequence[int]]) -> Matrix:
    """Return the rows that are asked for, with these replicates.

    Args:
        matrix: Has the rows.
        wanted: Replicates by the key of the row.
    """
    rows = {row_key(cell): cell for cell in matrix.cells}
    return _changed(matrix, ((rows[key], indices) for key, indices in wanted.items()))


def _changed(matrix: Matrix, cells: Iterable[tuple[Cell, Sequence[int]]]) -> Matrix:
    made, own = [], {}
    for cell, indices in cells:
        for index in indices:
            made.append(cell.model_copy(update={"replicate": index}))
            if cell.pretrain_id in matrix.own_protocols:
                own[made[-1].pretrain_id] = matrix.own_protocols[cell.pretrain_id]
    return replace(matrix, cells=tuple(made), own_protocols=own)


def as_file(matrix: Matrix) -> str:
    """Return a matrix file that gives these cells, a block for each row."""
    import yaml

    rows: dict[str, list[Cell]] = {}
    for cell in matrix.cells:
        rows.setdefault(row_key(cell), []).append(cell)
    blocks = [_block(matrix, cells) for cells in rows.values()]
    document = {"name": matrix.name, "description": matrix.description, "blocks": blocks}
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


def _block(matrix: Matrix, cells: Sequence[Cell]) -> dict[str, Any]:
    first = cells[0]
    trains = first.budget.amount > 0
    block: dict[str, Any] = {
        "methods": [first.method], "datasets": [first.dataset], "encoders": [first.encoder],
        "replicates": [cell.replicate for cell in cells], "training": first.training,
        "budget": _budget(first) if trains else "smoke",
        "precision": first.precision,
        "protocols": [protocol.name for protocol in matrix.wanted(first)],
    }  # fmt: skip
    if trains and first.training == "common":
        block["batch"] = first.recipe.batch
    return block


def _budget(cell: Cell) -> str | dict[str, float | int]:
    budget = cell.budget
    if budget.name in (*NAMED, PAPER.name):
        return budget.name
    whole = budget.amount == int(budget.amount)
    return {budget.currency: int(budget.amount) if whole else budget.amount}
