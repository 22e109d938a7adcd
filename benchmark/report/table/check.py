"""Whether a written table still prints what the results say: cells, marks and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmark.report.table.formats import MEDIA
from benchmark.report.table.model import Pivot, Receipt, Receipts
from benchmark.report.table.reading import Document, Grid

_FOR_PROGRAMS = ("csv", "json")
"""Formats that hold nothing but records."""
_EMPHASIS = {"best": "bold", "tied": "italic", "": "neither bold nor italic"}


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
    emphasis: bool = True
    """Whether the marks were checked: not where the document has taken all of them away."""


def check(text: str, sidecar: Receipts, pivot: Pivot) -> Checked:
    """Hold a document and the receipts beside it to the results.

    Args:
        text: The document; what else it holds, and spacing, do not matter. Bold and italic
            numbers are held to the marks, unless no number of the table is either.
        sidecar: The receipts that were written with the table.
        pivot: The table as the results make it now, of the sidecar's request.
    """
    medium = MEDIA[sidecar.request.format]
    expected, found = medium.read(medium.render(pivot, "")), medium.read(text)
    faults, unreceipted = list[Fault](), list[str]()
    left = [*range(len(found.grids))]
    pairs = list[_Pair]()
    for number, (shape, grid, marks) in enumerate(_parts(pivot, expected), start=1):
        nearest = max(left, key=lambda at: _likeness(grid, found.grids[at], shape), default=None)
        if nearest is None or not _likeness(grid, found.grids[nearest], shape):
            faults.append(Fault(f"part {number}", "no such table is in the document"))
            continue
        left.remove(nearest)
        there = found.grids[nearest]
        pairs.append(_Pair(number, shape, grid, marks, there, found.marks[nearest]))
        faults += _in_part(_of_grid(grid, there, shape), number, len(expected.grids))
        own = {row[: shape.corner] for row in grid}
        labels = (row[: shape.corner] for row in there)
        unreceipted += [" / ".join(label) for label in labels if label not in own]
    stripped = any(pair.marked(ours=True) for pair in pairs) and not any(
        pair.marked(ours=False) for pair in pairs
    )
    if not stripped:
        for pair in pairs:
            faults += _in_part(_of_marks(pair), pair.number, len(expected.grids))
    if sidecar.request.format not in _FOR_PROGRAMS:
        faults += _of_notes(pivot, expected, found)
    named = {fault.cell for fault in faults}
    faults += [f for f in _of_receipts(sidecar, pivot.receipts) if f.cell not in named]
    return Checked(
        tuple(faults), len(sidecar.receipts), tuple(filter(None, unreceipted)), not stripped
    )


@dataclass(frozen=True)
class _Shape:
    """How many lines of a grid are its header, and how many cells of a line its labels."""

    headers: int
    corner: int


@dataclass(frozen=True)
class _Pair:
    """A part of the table as it should be, and what the document has of it."""

    number: int
    shape: _Shape
    grid: Grid
    marks: Grid
    there: Grid
    marks_there: Grid

    @cached_property
    def rows(self) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
        """Return text, marks, and the document's marks of each of our rows that it has."""
        found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for row, marks in zip(self.there, self.marks_there, strict=True):
            found.setdefault(row[: self.shape.corner], []).append(marks)
        own = list(zip(self.grid, self.marks, strict=True))[self.shape.headers :]
        return [
            (row, marks, found[row[: self.shape.corner]].pop(0))
            for row, marks in own
            if found.get(row[: self.shape.corner])
        ]

    def marked(self, *, ours: bool) -> bool:
        """Say whether any number of our rows is bold or italic, as it should be or as it is."""
        return any(any(row[1 if ours else 2][self.shape.corner :]) for row in self.rows)


def _parts(pivot: Pivot, document: Document) -> Iterator[tuple[_Shape, Grid, Grid]]:
    """Yield each part of a table as it was written: its shape, its texts and its marks."""
    request = pivot.request
    for number, (grid, marks) in enumerate(zip(document.grids, document.marks, strict=True)):
        if request.format == "json":
            shape = _Shape(0, 1)
        elif request.format == "csv":
            shape = _Shape(1, 2 + len(request.rows) + len(request.columns))
        else:
            panel = pivot.panels[number]
            shape = _Shape(len(grid) - len(panel.labels), len(panel.corner))
        yield shape, grid, marks


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


def _of_marks(pair: _Pair) -> Iterator[Fault]:
    """Find numbers that are emphasised otherwise than the results say."""
    corner = pair.shape.corner
    names = _names(pair.grid[: pair.shape.headers], pair.grid)
    for row, ours, theirs in pair.rows:
        for at, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            if at >= corner and one != other:
                cell = " / ".join(filter(None, (*row[:corner], names[at])))
                yield Fault(cell, f"is {_EMPHASIS[other]}, the results say {_EMPHASIS[one]}")


def _in_part(faults: Iterable[Fault], number: int, count: int) -> Iterator[Fault]:
    """Say in which part of the table a fault is, where it has several."""
    for fault in faults:
        cell = f"part {number}: {fault.cell}" if count > 1 else fault.cell
        yield Fault(cell, fault.reason)


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
