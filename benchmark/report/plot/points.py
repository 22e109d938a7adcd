"""What figures plot, before it is drawn: the groups that may stand in one panel, and their points.

A panel never holds two datasets, encoders, trainings or budgets, nor two contents of one dataset:
numbers are comparable within the tables of the board only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchmark.errors import UsageError, unknown
from benchmark.evidence.floor import is_control, is_floor
from benchmark.matrix.cell import Cell
from benchmark.report import words
from benchmark.report.grouping import tables
from benchmark.report.rows import Row, Table
from benchmark.store.result import Result

Role = Literal["method", "floor", "ceiling"]
MOST = 12
"""Panels of one figure: more cannot be read on a page."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, percent."""

    mean: float
    low: float
    high: float
    n: int
    """Replicates."""
    over: Literal["replicates", "images"]
    """What the interval is over: of one replicate the test images, which says nothing of seeds."""
    values: tuple[float, ...]
    """Of each replicate."""


@dataclass(frozen=True)
class Point:
    """A row of the board as a figure names it."""

    name: str
    """No two of a panel are alike."""
    role: Role
    state: str
    """`ok`, or what a reader must know: how many collapsed, or why there is no number."""
    estimate: Estimate | None
    ids: tuple[str, ...]
    """Of the results behind it."""


@dataclass(frozen=True)
class Group:
    """Rows that may stand in one panel."""

    rows: tuple[Row, ...]
    """In the order of the board."""
    cell: Cell
    """One that says what all but the controls have in common."""
    content: str
    """Hash of the dataset; empty where nothing has been measured."""

    @property
    def where(self) -> tuple[str, ...]:
        """Dataset and encoder."""
        return self.cell.dataset, self.cell.encoder

    @property
    def how(self) -> tuple[str, ...]:
        """Training, length and precision, in words."""
        if is_floor(self.cell):
            return ("untrained",)
        precision = () if self.cell.precision == "float32" else (self.cell.precision,)
        return (f"{self.cell.training} training", words.length(self.cell), *precision)


def chosen(
    results: Iterable[Result],
    *,
    methods: Sequence[str] = (),
    datasets: Sequence[str] = (),
    encoders: Sequence[str] = (),
    budgets: Sequence[str] = (),
) -> list[Result]:
    """Return the results that are selected; controls stay whatever methods and budgets are.

    A name without options means every variant.

    Raises:
        UsageError: If a name fits no result.
    """
    found = list(results)
    axes: tuple[tuple[str, Sequence[str], Callable[[Cell], str], bool], ...] = (
        ("method", methods, lambda cell: cell.method, True),
        ("budget", budgets, lambda cell: cell.budget.name, True),
        ("dataset", datasets, lambda cell: cell.dataset, False),
        ("encoder", encoders, lambda cell: cell.encoder, False),
    )
    for axis, names, of, spares in axes:
        known = {of(result.cell) for result in found}
        for name in names:
            if not any(_means(name, each) for each in known):
                raise UsageError(f"no result: {unknown(axis, name, known)}")
        if names:
            found = [
                result
                for result in found
                if any(_means(name, of(result.cell)) for name in names)
                or (spares and is_control(result.cell))
            ]
    return found


def _means(name: str, full: str) -> bool:
    return name in (full, full.partition("[")[0])


def groups(results: Iterable[Result], cells: Iterable[Cell] = ()) -> list[Group]:
    """Return the groups of results, and of cells that should have one, in the order of the board.

    A group whose rows are all controls is there only where no group has methods.
    """
    return parted(tables(results, cells))


def parted(every: Iterable[Table]) -> list[Group]:
    """Return the groups of tables."""
    found = [group for table in every for group in _by_content(table)]
    with_methods = [g for g in found if not all(is_control(row.cell) for row in g.rows)]
    return with_methods or found


def _by_content(table: Table) -> list[Group]:
    contents = dict.fromkeys(filter(None, map(_content, table.rows)))
    parts = []
    for content in contents or {"": None}:
        rows = tuple(row for row in table.rows if _content(row) in (content, ""))
        cell = next((row.cell for row in rows if not is_control(row.cell)), rows[0].cell)
        parts.append(Group(rows, cell, content))
    return parts


def _content(row: Row) -> str:
    return row.final[0].provenance.dataset_sha256 if row.final else ""


def several(found: Sequence[Group]) -> list[str]:
    """Return for each group what tells its data from others of the same name; mostly nothing.

    Where nothing has been measured there is no other data.
    """
    contents = {(group.cell.dataset, group.content) for group in found if group.content}
    names = [dataset for dataset, _ in contents]
    return [
        f"data {group.content[:8]}" if group.content and names.count(group.cell.dataset) > 1 else ""
        for group in found
    ]


def points(rows: Sequence[Row], protocol: str, panel: Cell | None = None) -> list[Point]:
    """Return a point for each row, named so that no two are alike.

    Args:
        rows: Of one panel.
        protocol: Whose top-1 is taken.
        panel: Says what budget the panel is of: a ceiling of another one says so.
    """
    found = [_point(row, protocol, panel) for row in rows]
    details: tuple[Callable[[Row], str], ...] = (
        lambda row: f"({words.length(row.cell)})" if row.cell.budget.amount else "",
        lambda row: f"(rate {row.cell.recipe.learning_rate:.3g})",
        lambda row: f"({row.cell.model_copy(update={'replicate': 0}).pretrain_id[:6]})",
    )
    for detail in details:
        names = [point.name for point in found]
        found = [
            replace(point, name=f"{point.name} {detail(row)}".rstrip())
            if names.count(point.name) > 1
            else point
            for point, row in zip(found, rows, strict=True)
        ]
    return found


def _point(row: Row, protocol: str, panel: Cell | None) -> Point:
    scored = [result for result in row.final if protocol in result.metrics]
    named = row.final[0].provenance.checkpoint_name if row.final else None
    name = f"{row.cell.method}: {named}" if named else row.cell.method
    if panel and role(row.cell) == "ceiling" and row.cell.budget.spent != panel.budget.spent:
        name = f"{name} ({words.length(row.cell)})"
    return Point(
        name,
        role(row.cell),
        _state(row, scored),
        estimate(row, protocol),
        tuple(result.id for result in scored),
    )


def role(cell: Cell) -> Role:
    """Return whether a cell is of a method or of a control."""
    if is_floor(cell):
        return "floor"
    return "ceiling" if is_control(cell) else "method"


def estimate(row: Row, protocol: str) -> Estimate | None:
    """Return a row's mean with the interval that the board prints; None without a number."""
    found = row.measured(protocol)
    if found is None:
        return None
    interval = found.interval()
    if interval is None:
        top1 = next(r for r in row.final if protocol in r.metrics).metrics[protocol].top1
        return Estimate(top1.value, top1.low, top1.high, 1, "images", found.values)
    low, high = max(0.0, interval[0]), min(100.0, interval[1])
    return Estimate(found.mean, low, high, found.n, "replicates", found.values)


def _state(row: Row, scored: Sequence[Result]) -> str:
    if not scored:
        if row.unfinished:
            return row.unfinished[0].status.replace("_", " ")
        return "not scored" if row.final else "missing"
    collapsed = sum(result.status == "collapsed" for result in scored)
    return f"collapsed: {collapsed} of {len(scored)}" if collapsed else "ok"


def decades(values: Sequence[float]) -> bool:
    """Return whether an axis of amounts is logarithmic: where they span more than a decade."""
    return min(values) > 0 and max(values) / min(values) > 10


def refuse_none(found: Sequence[object], what: str, *, most: int = MOST) -> None:
    """Refuse a figure without panels, or with more than a page can hold.

    Raises:
        UsageError: Then, saying what to choose.
    """
    if not found:
        raise UsageError(f"nothing to plot: {what}")
    if len(found) > most:
        raise UsageError(
            f"a figure holds at most {most} panels (got {len(found)}): "
            "choose with -m, -d, -e or --budget"
        )
