"""Results, and cells that should have one, grouped into rows and rows into tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmark.evidence.floor import is_control, is_floor
from benchmark.matrix.cell import Cell
from benchmark.report.rows import Row, Table
from benchmark.store.result import Result


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
