"""How long a run still takes: what earlier results took, corrected by what this run has taken."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from benchmark.matrix.cell import Cell
from benchmark.plan import row_of


class Forecast:
    """The cells that a run has not finished, and what the finished ones took."""

    def __init__(self, cells: Iterable[tuple[Cell, float | None]], workers: int) -> None:
        """Begin with nothing finished.

        Args:
            cells: What is to run, each with the seconds that a plan gives it, None for unknown.
            workers: Cells side by side.
        """
        self.pending = {cell.pretrain_id: (cell, seconds) for cell, seconds in cells}
        self.workers = workers
        self._ratios: list[float] = []
        self._took: dict[object, list[float]] = {}

    def strike(self, cell: Cell, seconds: float | None) -> None:
        """Take a cell out; `seconds` is what it took where that tells of others, else None."""
        _, planned = self.pending.pop(cell.pretrain_id, (cell, None))
        if seconds is not None:
            self._took.setdefault(_kind(cell), []).append(seconds)
            if planned:
                self._ratios.append(seconds / planned)

    def expected(self, name: str) -> float | None:
        """Return the seconds that a pending cell takes from its start, None where nothing tells."""
        if name not in self.pending:
            return None
        cell, planned = self.pending[name]
        alike = self._took.get(_kind(cell))
        if alike:
            return statistics.median(alike)
        if planned is not None:
            return planned * (statistics.median(self._ratios) if self._ratios else 1.0)
        every = [seconds for each in self._took.values() for seconds in each]
        return statistics.median(every) if every else None

    def left(self, running: Mapping[str, tuple[float, float | None]]) -> float | None:
        """Return the seconds until the last cell is through, None while nothing tells.

        Args:
            running: By id, the seconds that a cell has run and those that it still takes by its
                own pace, None for unknown.
        """
        each: list[float] = []
        for name in self.pending:
            gone, paced = running.get(name, (0.0, None))
            whole = self.expected(name)
            if whole is None and paced is None:
                return None
            each.append(max(0.0 if whole is None else whole - gone, paced or 0.0))
        if not each:
            return 0.0
        return max(*each, sum(each) / max(1, min(self.workers, len(each))))


def _kind(cell: Cell) -> object:
    """Return what cells that take equally long have in common."""
    return *row_of(cell), cell.steps
