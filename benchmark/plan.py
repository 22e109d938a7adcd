"""What a run of a matrix would do: what is done, what is to run, and about how long it takes."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from benchmark.matrix.cell import Cell
from benchmark.matrix.model import Excluded, Matrix
from benchmark.store import files, work
from benchmark.store.closure import Sources, words
from benchmark.store.files import Broken
from benchmark.store.result import Result

State = Literal["done", "stale", "tried before", "to run"]
BEGUN = "begun, with a checkpoint to go on from"
Row: TypeAlias = tuple[str, str, str]
"""Method, dataset and encoder."""


@dataclass(frozen=True)
class Planned:
    """A cell, and what a run would do with it."""

    cell: Cell
    state: State
    reason: str = ""
    """Why a cell that has a result is run again, or what has changed since where it is not; of one
    without a result, whether it was begun."""
    seconds: float | None = None
    """What it would take, from earlier results of its row; None where there is none; 0 if done."""
    result: Result | None = None
    """What there is of it."""
    lacking: tuple[str, ...] = ()
    """Protocols that its final result is without: an encoder that it left needs no training."""

    @property
    def runs(self) -> bool:
        """Say whether a run would work on it."""
        return self.state != "done"


@dataclass(frozen=True)
class Plan:
    """What a run of a matrix would do with a results folder."""

    rows: tuple[Planned, ...]
    excluded: tuple[Excluded, ...]
    broken: tuple[Broken, ...]
    """Files in the folder that are no result."""

    @property
    def to_run(self) -> tuple[Planned, ...]:
        """Return what a run would work on, in the matrix's order."""
        return tuple(row for row in self.rows if row.runs)

    @property
    def seconds(self) -> float:
        """Return what the cells with an estimate take, one after the other."""
        return sum(row.seconds or 0.0 for row in self.rows)

    @property
    def unknown(self) -> int:
        """Return how many cells have no estimate."""
        return sum(row.seconds is None for row in self.rows)


def plan(matrix: Matrix, root: Path, *, accept_stale: bool = False) -> Plan:
    """Compare a matrix with a results folder.

    Args:
        matrix: What is wanted.
        root: The results folder; it need not exist.
        accept_stale: Whether a result counts as done though its sources have changed since.

    Raises:
        ResultError: If the folder is a file.
    """
    loaded = files.read_all(root, curves_of=())
    by_id = {result.id: result for result in loaded.results}
    pace = paces(loaded.results)
    sources = Sources()

    def planned(cell: Cell) -> Planned:
        found, seconds = by_id.get(cell.pretrain_id), estimate(cell, pace.get(row_of(cell)))
        if found is None:
            begun = BEGUN if work.checkpoint_path(root, cell).exists() else ""
            return Planned(cell, "to run", begun, seconds)
        state, reason = _judged(matrix, found, sources, accept_stale=accept_stale)
        lacking = _lacking(matrix, found) if state == "to run" else ()
        return Planned(cell, state, reason, 0.0 if state == "done" else seconds, found, lacking)

    return Plan(tuple(map(planned, matrix.cells)), matrix.excluded, loaded.broken)


@dataclass(frozen=True)
class Pace:
    """How fast earlier cells of a row were, medians."""

    seconds_per_step: float
    evaluate_seconds: float


def paces(results: Iterable[Result]) -> dict[Row, Pace]:
    """Return the pace of every row that has a finished result."""
    found: dict[Row, list[tuple[float, float]]] = defaultdict(list)
    for result in results:
        ledger = result.ledger
        if result.final and ledger is not None:
            per_step = ledger.train_seconds / ledger.steps if ledger.steps else 0.0
            found[row_of(result.cell)].append((per_step, ledger.evaluate_seconds))
    return {row: _median(each) for row, each in found.items()}


def missing(result: Result, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the protocols that are wanted of a result and not in it."""
    return tuple(name for name in wanted if name not in result.metrics)


def _median(each: Sequence[tuple[float, float]]) -> Pace:
    return Pace(statistics.median(a for a, _ in each), statistics.median(b for _, b in each))


def row_of(cell: Cell) -> Row:
    """Return what cells of one pace have in common."""
    return cell.method, cell.dataset, cell.encoder


def _judged(
    matrix: Matrix, result: Result, sources: Sources, *, accept_stale: bool
) -> tuple[State, str]:
    """Say what a cell's result is worth, and why."""
    if not result.final:
        return "tried before", f"{result.status.replace('_', ' ')}: {result.error or ''}"
    stale = words(sources.stale(result))
    if stale and not accept_stale:
        return "stale", stale
    lacking = _lacking(matrix, result)
    if lacking:
        return "to run", f"lacks the protocols {', '.join(lacking)}"
    return "done", stale


def _lacking(matrix: Matrix, result: Result) -> tuple[str, ...]:
    return missing(result, [protocol.name for protocol in matrix.wanted(result.cell)])


def estimate(cell: Cell, pace: Pace | None) -> float | None:
    """Return seconds that a cell takes at a pace; a budget in seconds says its training itself."""
    if pace is None:
        return None
    if cell.budget.currency == "seconds":
        return cell.budget.amount + pace.evaluate_seconds
    return (
        None if cell.steps is None else cell.steps * pace.seconds_per_step + pace.evaluate_seconds
    )
