"""A matrix: the cells to run, how each is scored, and the combinations that are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import Protocol


@dataclass(frozen=True)
class Excluded:
    """A combination that is not run, and why."""

    label: str
    """Method, dataset and encoder, as a cell's label names them."""
    reason: str
    method: str = ""
    dataset: str = ""
    encoder: str = ""


@dataclass(frozen=True)
class Matrix:
    """What a matrix file says to run."""

    name: str
    description: str
    cells: tuple[Cell, ...]
    protocols: tuple[Protocol, ...]
    """Of any cell, each once."""
    excluded: tuple[Excluded, ...]
    own_protocols: Mapping[str, tuple[Protocol, ...]] = field(default_factory=dict)
    """By cell id, where a cell has not all of them."""

    def wanted(self, cell: Cell) -> tuple[Protocol, ...]:
        """Return the protocols that score a cell."""
        return self.own_protocols.get(cell.pretrain_id, self.protocols)
