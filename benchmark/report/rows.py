"""What the board shows, before it is words: results and cells as rows and tables."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def tables(
    results: Iterable[Result], cells: Iterable[Cell] = (), stale: Mapping[str, str] | None = None
) -> list[Table]:
    """Group results, and cells that should have one, into rows and rows into tables.

    Args:
        results: Of any cells, at most one each.
        cells: What a matrix says to run.
        stale: What has changed since a result was made, by its id.
    """
    rows = _rows(results, cells, stale or {})
    controls: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if is_control(row.cell):
            controls.setdefault(_table_key(row.cell)[:3], []).append(row)
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if not is_control(row.cell):
            found.setdefault(_table_key(row.cell), []).append(row)
    homes = {key[:3] for key in found}
    for key, own in found.items():
        own.extend(_guests(key, controls.get(key[:3], ())))
    for place, alone in controls.items():
        if place not in homes:
            found[*place, "", ""] = alone
    return [_table(found[key]) for key in sorted(found, key=_order)]


def _guests(key: tuple[object, ...], near: Sequence[Row]) -> list[Row]:
    """Return the floors and the ceilings of a table of methods.

    A ceiling says what labels can give, whatever the methods may spend: one of the table's own
    budget if there is one, else those of other budgets.
    """
    own = [row for row in near if _table_key(row.cell) == key and not is_floor(row.cell)]
    return [row for row in near if is_floor(row.cell) or not own or row in own]


def latest(results: Iterable[Result]) -> list[Result]:
    """Return one result per cell, the last to finish, in the order of ids."""
    found: dict[str, Result] = {}
    for result in sorted(results, key=lambda r: (r.id, r.final, r.provenance.finished)):
        found[result.id] = result
    return list(found.values())


def _rows(results: Iterable[Result], cells: Iterable[Cell], stale: Mapping[str, str]) -> list[Row]:
    by_id = {result.id: result for result in latest(results)}
    every = {cell.pretrain_id: cell for cell in cells}
    every.update({name: result.cell for name, result in by_id.items()})
    groups: dict[str, dict[str, list[Cell]]] = {}
    for name, cell in every.items():
        result = by_id.get(name)
        sha = result.provenance.dataset_sha256 if result and result.final else ""
        alike = cell.model_copy(update={"replicate": 0}).pretrain_id
        groups.setdefault(alike, {}).setdefault(sha, []).append(cell)
    placed = [found for by_content in groups.values() for found in _placed(by_content)]
    return [_row(found, by_id, stale) for found in placed]


def _placed(by_content: dict[str, list[Cell]]) -> list[list[Cell]]:
    """Put cells without a number to the first data that their row was run on."""
    without = by_content.pop("", [])
    rows = [by_content[sha] for sha in sorted(by_content)] or [[]]
    rows[0] = [*rows[0], *without]
    return rows


def _row(cells: Sequence[Cell], by_id: Mapping[str, Result], stale: Mapping[str, str]) -> Row:
    ordered = tuple(sorted(cells, key=lambda cell: cell.replicate))
    found = (by_id.get(cell.pretrain_id) for cell in ordered)
    changed = dict.fromkeys(stale[c.pretrain_id] for c in ordered if c.pretrain_id in stale)
    return Row(ordered, tuple(result for result in found if result is not None), tuple(changed))


def _table_key(cell: Cell) -> tuple[object, ...]:
    paper = cell.budget.name == "paper"
    length = "paper" if paper else (cell.budget.currency, cell.budget.amount)
    return cell.dataset, cell.encoder, cell.precision, cell.training, length


def _order(key: tuple[object, ...]) -> tuple[str, ...]:
    *names, length = key
    amount = f"{length[0]} {length[1]:024.3f}" if isinstance(length, tuple) else str(length)
    return (*map(str, names), amount)


def _table(rows: Sequence[Row]) -> Table:
    lengths = {row.cell.budget.amount for row in rows if not is_control(row.cell)}
    ranked = len(lengths) <= 1

    def place(row: Row) -> tuple[bool, float, bool, str, str]:
        mean = row.mean if ranked else None
        name, own = row.cell.method, row.cell.pretrain_id
        return (ranked and mean is None, -(mean or 0.0), is_control(row.cell), name, own)

    return Table(tuple(sorted(rows, key=place)), ranked)


def _resolution(cell: Cell) -> object:
    return cell.values.get("resolution")


def _value(result: Result) -> float:
    return result.metrics[PROTOCOL].top1.value
