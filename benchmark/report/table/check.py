"""Whether a written table still prints what the results say: cell by cell, note by note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.report.table.formats import MEDIA
from benchmark.report.table.model import Pivot, Receipt, Receipts
from benchmark.report.table.reading import Document, Grid

_FOR_PROGRAMS = ("csv", "json")
"""Formats that hold nothing but records."""


@dataclass(frozen=True)
class Fault:
    """What does not fit, and where."""

    cell: str
    """The cell by its row and column, or the note by its number."""
    reason: str


@dataclass(frozen=True)
class Checked:
    """What a look at a written table found."""

    faults: tuple[Fault, ...]
    cells: int
    """Receipts that were looked at."""
    unreceipted: tuple[str, ...]
    """Rows of the document's table that are none of ours: nothing is said of them."""


def check(text: str, sidecar: Receipts, pivot: Pivot) -> Checked:
    """Hold a document and the receipts beside it to the results.

    Args:
        text: The document; what else it holds, and spacing and emphasis, do not matter.
        sidecar: The receipts that were written with the table.
        pivot: The table as the results make it now, of the sidecar's request.
    """
    medium = MEDIA[sidecar.request.format]
    expected, found = medium.read(medium.render(pivot, "")), medium.read(text)
    faults, unreceipted = list[Fault](), list[str]()
    left = [*found.grids]
    pairs = zip(expected.grids, _shapes(pivot, expected), strict=True)
    for number, (grid, shape) in enumerate(pairs, start=1):
        nearest = max(left, key=lambda each: _likeness(grid, each, shape), default=None)
        if nearest is None or not _likeness(grid, nearest, shape):
            faults.append(Fault(f"part {number}", "no such table is in the document"))
            continue
        left.remove(nearest)
        faults += _of_grid(grid, nearest, shape)
        own = {row[: shape.corner] for row in grid}
        labels = (row[: shape.corner] for row in nearest)
        unreceipted += [" / ".join(label) for label in labels if label not in own]
    if sidecar.request.format not in _FOR_PROGRAMS:
        faults += _of_notes(pivot, expected, found)
    named = {fault.cell for fault in faults}
    faults += [f for f in _of_receipts(sidecar, pivot.receipts) if f.cell not in named]
    return Checked(tuple(faults), len(sidecar.receipts), tuple(filter(None, unreceipted)))


@dataclass(frozen=True)
class _Shape:
    """How many lines of a grid are its header, and how many cells of a line its labels."""

    headers: int
    corner: int


def _shapes(pivot: Pivot, document: Document) -> list[_Shape]:
    request = pivot.request
    if request.format == "json":
        return [_Shape(0, 1)]
    if request.format == "csv":
        return [_Shape(1, 2 + len(request.rows) + len(request.columns))]
    return [
        _Shape(len(grid) - len(panel.labels), len(panel.corner))
        for grid, panel in zip(document.grids, pivot.panels, strict=True)
    ]


def _likeness(expected: Grid, found: Grid, shape: _Shape) -> int:
    """Count what two tables have in common: labels, which a table must share, and cells."""
    rows = {row[: shape.corner]: row for row in found}
    shared = [(row, rows[row[: shape.corner]]) for row in expected if row[: shape.corner] in rows]
    return sum(1 + sum(a == b for a, b in zip(*pair, strict=False)) for pair in shared)


def _of_grid(expected: Grid, found: Grid, shape: _Shape) -> Iterator[Fault]:
    for number, line in enumerate(expected[: shape.headers]):
        there = found[number] if number < len(found) else ()
        yield from _of_line(line, there, [f"header line {number + 1}"] * len(line), "says")
    rows: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row in found:
        rows.setdefault(row[: shape.corner], []).append(row)
    names = _names(expected[: shape.headers], expected)
    for row in expected[shape.headers :]:
        label = row[: shape.corner]
        same = rows.get(label)
        if not same:
            yield Fault(" / ".join(label), "this row is not in the document")
            continue
        cells = [" / ".join(filter(None, (*label, name))) for name in names]
        yield from _of_line(row, same.pop(0), cells, "prints")


def _names(headers: Grid, expected: Grid) -> list[str]:
    """Name the columns."""
    if not headers:
        return [""] * max(map(len, expected), default=0)
    return [" / ".join(filter(None, labels)) for labels in zip(*headers, strict=True)]


def _of_line(
    expected: Sequence[str], found: Sequence[str], cells: Sequence[str], verb: str
) -> Iterator[Fault]:
    if len(expected) != len(found):
        reason = f"has {len(found)} columns, the table {len(expected)}"
        yield Fault(cells[0], reason)
        return
    for name, ours, theirs in zip(cells, expected, found, strict=True):
        if ours != theirs:
            yield Fault(name, f"the document {verb} {theirs!r}, the results say {ours!r}")


def _of_notes(pivot: Pivot, expected: Document, found: Document) -> Iterator[Fault]:
    """Find sentences and footnotes that the document does not hold, or not as often."""
    medium = MEDIA[pivot.request.format]
    for panel in pivot.panels:
        notes = [(f"note {n}", f"[{n}] ", text) for n, text in enumerate(panel.notes, start=1)]
        for name, before, text in [*(("note", "", text) for text in panel.about), *notes]:
            words = before + medium.read(medium.escape(text)).plain + ("." if before else "")
            if found.plain.count(words) < max(1, expected.plain.count(words)):
                yield Fault(name, f"the document does not hold {words!r}")


def _of_receipts(sidecar: Receipts, now: Receipts) -> Iterator[Fault]:
    """Name every receipt that the results would write otherwise now."""
    before, after = ({_key(r): r for r in each.receipts} for each in (sidecar, now))
    for key, receipt in before.items():
        if key not in after:
            yield Fault(receipt.name, "has a receipt, and no results")
        elif after[key] != receipt:
            differing = _difference(receipt, after[key])
            yield Fault(receipt.name, f"its receipt does not fit: {differing}")
    for key, receipt in after.items():
        if key not in before:
            yield Fault(receipt.name, "has results, and no receipt")


def _key(receipt: Receipt) -> tuple[object, ...]:
    return receipt.panel, *receipt.row.items(), *receipt.column.items(), receipt.value


def _difference(receipt: Receipt, now: Receipt) -> str:
    """Name the first field in which two receipts differ."""
    for name in type(receipt).model_fields:
        old, new = getattr(receipt, name), getattr(now, name)
        if old != new:
            return f"{name} is {old!r}, the results say {new!r}"
    raise AssertionError("receipts that differ, differ in a field")
