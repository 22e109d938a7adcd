"""What the board shows, before it is words: rows, and the tables that they stand in."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from benchmark.evidence.floor import is_control, is_floor, sees_patches
from benchmark.evidence.margin import Noise, pooled_noise
from benchmark.evidence.verdict import Measured
from benchmark.matrix.budget import Budget
from benchmark.matrix.cell import Cell
from benchmark.report.matching import measured
from benchmark.store.result import Result

PROTOCOL = "linear"
"""What the rows are sorted by, and their floors compared in."""


@dataclass(frozen=True)
class Row:
    """One method with everything else the same, over its replicates."""

    cells: tuple[Cell, ...]
    """In the order of their replicates."""
    results: tuple[Result, ...]
    """Of some of the cells, final or not, in the same order."""
    stale: tuple[str, ...] = ()
    """What has changed since, in words; each once."""

    @property
    def cell(self) -> Cell:
        """The first cell: all are alike but for the replicate."""
        return self.cells[0]

    @cached_property
    def key(self) -> str:
        """Twelve hex digits that only this row has: of its settings and the data it was run on."""
        alike = self.cell.model_copy(update={"replicate": 0}).pretrain_id
        data = self.final[0].provenance.dataset_sha256 if self.final else ""
        return hashlib.sha256(f"{alike} {data}".encode()).hexdigest()[:12]

    @cached_property
    def final(self) -> tuple[Result, ...]:
        """Results that have a number."""
        return tuple(result for result in self.results if result.final)

    @cached_property
    def scored(self) -> tuple[Result, ...]:
        """Results that have a number under the main protocol."""
        return tuple(result for result in self.final if PROTOCOL in result.metrics)

    @cached_property
    def missing(self) -> tuple[Cell, ...]:
        """Cells without any result."""
        known = {result.id for result in self.results}
        return tuple(cell for cell in self.cells if cell.pretrain_id not in known)

    @property
    def unfinished(self) -> tuple[Result, ...]:
        """Results that say why there is no number."""
        return tuple(result for result in self.results if not result.final)

    def measured(self, protocol: str = PROTOCOL) -> Measured | None:
        """Return the replicates under a protocol; None if there are none."""
        return self._measured.get(protocol)

    @cached_property
    def _measured(self) -> dict[str, Measured | None]:
        """By protocol, once: a site asks for the same number a dozen times."""
        names = dict.fromkeys(name for result in self.final for name in result.metrics)
        return {n: measured([r for r in self.final if n in r.metrics], n) for n in names}

    @cached_property
    def mean(self) -> float | None:
        """Mean of the main protocol over replicates, percent."""
        found = self.measured()
        return None if found is None else found.mean


@dataclass(frozen=True)
class Floor:
    """A row's floor."""

    mean: float | None
    """Over the floor's replicates, percent; None if its encoder sees images of another size."""
    difference: float | None
    """Mean of row - floor over the replicates that both have, points; None if none."""
    resolutions: tuple[object, ...]
    """What the floor's encoder sees, pixels: the row's own, or else every other that there is."""


@dataclass(frozen=True)
class Table:
    """Rows that may stand in one order."""

    rows: tuple[Row, ...]
    """Methods of one dataset, encoder, training, precision and budget; and the controls of that
    dataset and encoder."""
    ranked: bool
    """Sorted by the mean; otherwise, where each row has a length of its own, by name."""

    @property
    def cell(self) -> Cell:
        """A cell that says what all rows but the controls have in common."""
        return next((row.cell for row in self.rows if not is_control(row.cell)), self.rows[0].cell)

    def measured(self, row: Row, protocol: str = PROTOCOL) -> Measured | None:
        """Return a row's replicates, with the noise of all methods of its budget beside them."""
        found = row.measured(protocol)
        if found is None or is_control(row.cell):
            return found
        return replace(found, noise=self._noise[row.cell.budget, protocol])

    @cached_property
    def _noise(self) -> dict[tuple[Budget, str], Noise | None]:
        """Pooled over the rows of a budget, under each protocol."""
        groups: dict[tuple[Budget, str], list[tuple[float, ...]]] = {}
        for row in (row for row in self.rows if not is_control(row.cell)):
            for name in {name for result in row.final for name in result.metrics}:
                values = [r.metrics[name].top1.value for r in row.final if name in r.metrics]
                groups.setdefault((row.cell.budget, name), []).append(tuple(values))
        return {key: pooled_noise(rows) for key, rows in groups.items()}

    def candidates(self, row: Row) -> Iterator[Measured]:
        """Yield a row's replicates under each protocol, the main one first."""
        names = {name for result in row.final for name in result.metrics}
        for name in (PROTOCOL, *sorted(names - {PROTOCOL})):
            found = self.measured(row, name)
            if found is not None:
                yield found

    def floor(self, row: Row) -> Floor | None:
        """Return the floor of a row: an untrained encoder that sees the same kind of view.

        One at another resolution is no like floor: it is named, without a number.
        """
        if is_floor(row.cell) or not row.final:
            return None
        sha = row.final[0].provenance.dataset_sha256
        near = [
            result
            for other in self.rows
            for result in other.scored
            if is_floor(other.cell)
            and sees_patches(other.cell) == sees_patches(row.cell)
            and result.provenance.dataset_sha256 == sha
        ]
        if not near:
            return None
        own = _resolution(row.cell)
        floors = {r.cell.replicate: r for r in near if _resolution(r.cell) == own}
        if not floors:
            return Floor(None, None, tuple(dict.fromkeys(_resolution(r.cell) for r in near)))
        differences = [
            _value(result) - _value(floors[result.cell.replicate])
            for result in row.scored
            if result.cell.replicate in floors
        ]
        return Floor(
            statistics.fmean(map(_value, floors.values())),
            statistics.fmean(differences) if differences else None,
            (own,),
        )

    def ceilings(self, row: Row) -> list[float]:
        """Return the means of the other rows that had labels and saw the same data as a row."""
        if not row.final:
            return []
        like = (_resolution(row.cell), row.final[0].provenance.dataset_sha256)
        return [
            other.mean
            for other in self.rows
            if other is not row
            and other.mean is not None
            and is_control(other.cell)
            and not is_floor(other.cell)
            and (_resolution(other.cell), other.final[0].provenance.dataset_sha256) == like
        ]


def _resolution(cell: Cell) -> object:
    return cell.values.get("resolution")


def _value(result: Result) -> float:
    return result.metrics[PROTOCOL].top1.value
