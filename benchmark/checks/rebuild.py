"""The parts of a cell that came in a file, found again by their names; no torch."""

from __future__ import annotations

from benchmark.data import catalogue as datasets
from benchmark.errors import UsageError
from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import PROTOCOLS, Protocol
from benchmark.matrix.row import Row, setting_of
from benchmark.store.result import Result
from methods import catalogue, contract
from methods.cards import CHECKPOINT


def row(cell: Cell) -> Row:
    """Return the row that a cell is of, with the settings that it was made with.

    Raises:
        UsageError: If the cell cannot be made any more, never could, or is of a checkpoint.
    """
    if cell.base_method == CHECKPOINT.name:
        raise UsageError(
            f"{cell.label}: the encoder was trained elsewhere, and only its file can be scored "
            f"again (cslbench evaluate FILE -e '{cell.encoder}' -d '{cell.dataset}')"
        )
    try:
        chosen = datasets.resolve(cell.dataset)
        found = Row(setting_of(cell.method, chosen), chosen, catalogue.canonical(cell.encoder))
        reason = _changed(cell, found) or _budget(cell, found) or _refused(cell, found)
    except (ValueError, UsageError) as error:
        reason = str(error)
    if reason is not None:
        raise UsageError(f"{cell.label} cannot be made any more: {reason}")
    return found


def protocols(result: Result) -> tuple[Protocol, ...]:
    """Return how a result was scored.

    Raises:
        UsageError: If a protocol is not known any more, or is another one now.
    """
    for name, score in result.metrics.items():
        if PROTOCOLS.get(name) != score.protocol:
            what = "another one now" if name in PROTOCOLS else "not known"
            raise UsageError(f"{result.cell.label}: the protocol {name!r} is {what}")
    return tuple(score.protocol for score in result.metrics.values())


def _changed(cell: Cell, found: Row) -> str | None:
    now = dict(found.setting.values)
    for name in dict.fromkeys((*cell.values, *now)):
        before, after = cell.values.get(name), now.get(name)
        if before != after or (name in cell.values) != (name in now):
            return f"its {name} is {before!r}, and that of {found.setting.variant} is {after!r}"
    return None


def _budget(cell: Cell, found: Row) -> str | None:
    batch = cell.recipe.batch
    if batch < 1:
        return f"a batch is at least 1 image (got {batch})"
    steps = cell.budget.steps(batch, found.images) if found.trains else 0
    if steps == cell.steps:
        return None
    return f"its budget of {cell.budget.spent} is {steps} steps, not {cell.steps}"


def _refused(cell: Cell, found: Row) -> str | None:
    images = found.images if found.trains else None
    return contract.refusal(found.setting, found.encoder, batch=cell.recipe.batch, images=images)
