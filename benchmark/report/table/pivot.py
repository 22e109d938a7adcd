"""Results as a table of any axis by any other; a pure function of what it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias

from benchmark.errors import UsageError, unknown
from benchmark.evidence.reported import Reported
from benchmark.report.grouping import latest, tables
from benchmark.report.table import cells
from benchmark.report.table.axes import AXES, Placed, ordered, placed, rules, titles
from benchmark.report.table.cells import Place
from benchmark.report.table.model import ABSENT, REPORTED, Entry, Panel, Pivot, Receipt, Request
from benchmark.report.table.standing import Standing, metric_of, standings
from benchmark.store.result import Result

if TYPE_CHECKING:
    from benchmark.matrix.cell import Cell

Key: TypeAlias = tuple[str, ...]
METRICS = ("top1", "top5")
CAPTION = "Accuracy of frozen encoders."
"""An author may reword it: no number of it is checked, so it has none."""
_MARKS = (
    "Bold: the highest mean of the ranked; italic: may be the best: no method is shown to beat it "
    "(paired t tests over replicates, Holm over all pairs, 5 %). Tests are paired: a "
    "method whose differences from the best vary more may be italic where one of a higher mean is "
    "not. Only methods that differ in nothing else are compared; controls are not."
)
_ALONE = {"training": "training {}", "budget": "budget {}", "precision": "{}", "dataset": "{}",
          "encoder": "encoder {}", "method": "{}"}  # fmt: skip


def build(
    request: Request,
    results: Iterable[Result],
    reported: Sequence[Reported] = (),
    *,
    wanted: Iterable[Cell] = (),
    stale: Mapping[str, str] | None = None,
) -> Pivot:
    """Return the table that was asked for.

    An axis that is neither down the side nor along the top splits the table into panels: what
    differs in it never stands in one cell or one order.

    Args:
        request: What was asked for.
        results: Of any cells, already selected.
        reported: What others published.
        wanted: Cells that should have a result.
        stale: What has changed since a result was made, in words, by its id.

    Raises:
        UsageError: If an axis or a value is unknown, or there is nothing to show.
    """
    check(request)
    asked = (*request.rows, *request.columns)
    shown = latest(results)
    found = [*placed(tables(shown, wanted, stale or {}), by_replicate="replicate" in asked)]
    if not found:
        raise UsageError("no result fits: there is nothing to make a table of")
    _check_values(request, shown)
    others = [axis for axis in AXES if axis not in asked and axis != "replicate"]
    maker = _Maker(request, found, reported)
    keys = ordered(found, others)
    panels = tuple(
        maker.panel(number, len(keys), others, key) for number, key in enumerate(keys, start=1)
    )
    return Pivot(request, request.caption or CAPTION, panels)


def check(request: Request) -> None:
    """Raise UsageError if a table cannot have these axes and values."""
    asked = (*request.rows, *request.columns)
    for axis in asked:
        if axis not in AXES:
            raise UsageError(unknown("axis", axis, AXES))
    twice = [axis for axis, count in Counter(asked).items() if count > 1]
    if twice or not request.rows:
        raise UsageError(
            f"axis {twice[0]!r} twice: an axis is down the side or along the top"
            if twice
            else "a table needs an axis down the side: --rows method"
        )
    for value in request.values:
        protocol, _, metric = value.rpartition("_")
        if not protocol or metric not in METRICS:
            raise UsageError(
                f"value {value!r} must be a protocol and top1 or top5, such as linear_top1"
            )
    if not request.values:
        raise UsageError("a table needs a value, such as linear_top1")


def _check_values(request: Request, results: Sequence[Result]) -> None:
    known = {name for result in results for name in result.metrics}
    for value in request.values:
        if known and value.rpartition("_")[0] not in known:
            have = [f"{name}_top1" for name in known]
            raise UsageError(f"no result has it: {unknown('value', value, have)}")


class _Maker:
    """Makes the panels of one table."""

    def __init__(
        self, request: Request, found: Sequence[Placed], reported: Sequence[Reported]
    ) -> None:
        self._request, self._found, self._reported = request, found, reported

    @cached_property
    def _standings(self) -> dict[tuple[int, str], dict[str, Standing]]:
        if "replicate" in (*self._request.rows, *self._request.columns):
            return {}
        by_id = {id(each.table): each.table for each in self._found}
        return {
            (number, value): standings(table, *_split(value))
            for number, table in by_id.items()
            for value in self._request.values
        }

    def panel(self, number: int, count: int, others: Sequence[str], key: Key) -> Panel:
        """Return the part of the table at one place of the axes that are not in it."""
        request = self._request
        own = [each for each in self._found if _at(each, others) == key]
        usual = _usual(own, request.values)
        at = {(_at(each, request.rows), _at(each, request.columns)): each for each in own}
        notes = dict[str, int]()
        rows, columns = ordered(own, request.rows), ordered(own, request.columns)
        maker = partial(self._entries, number, at=at, usual=usual, notes=notes)
        body = [[e for column in columns for e in maker(row, column)] for row in rows]
        heads = self._heads(columns)
        keep = [
            index
            for index, head in enumerate(heads)
            if head[-1] != REPORTED or any(line[index].receipt for line in body)
        ]
        cells_kept = tuple(tuple(line[index] for index in keep) for line in body)
        return Panel(
            about=(
                _common(f"Part {number} of {count}" if count > 1 else "Everywhere", others, key),
                _legend(request, usual),
                *([_MARKS] if any(e.mark for line in cells_kept for e in line) else []),
            ),
            corner=tuple(request.rows),
            header=self._header([heads[index] for index in keep]),
            labels=tuple(zip(*self._labels(request.rows, rows), strict=True)),
            cells=cells_kept,
            notes=tuple(notes),
            rules=rules(own, request.rows, rows),
        )

    def _heads(self, columns: Sequence[Key]) -> list[Key]:
        beside = (REPORTED,) if self._request.published else ()
        return [
            (*column, name)
            for column in columns
            for value in self._request.values
            for name in (value, *beside)
        ]

    def _header(self, heads: Sequence[Key]) -> tuple[Key, ...]:
        levels = self._labels(self._request.columns, heads)
        values = [REPORTED if head[-1] == REPORTED else _value_words(head[-1]) for head in heads]
        several = len({*values}) > 1 or not levels
        return (*map(tuple, levels), *([tuple(values)] if several else []))

    def _labels(self, axes: Sequence[str], keys: Sequence[Key]) -> list[list[str]]:
        """Return for each axis what its places are called."""
        found = []
        for index, axis in enumerate(axes):
            called = titles(axis, (each.places[axis] for each in self._found))
            found.append([called[key[index]] for key in keys])
        return found

    def _entries(
        self, number: int, row: Key, column: Key, *, at: Mapping[tuple[Key, Key], Placed],
        usual: int, notes: dict[str, int],
    ) -> Iterator[Entry]:  # fmt: skip
        """Yield the cells of one place: for each value ours, and beside it the reported one."""
        request, found = self._request, at.get((row, column))
        side = dict(zip(request.rows, row, strict=True))
        top = dict(zip(request.columns, column, strict=True))
        for value in request.values:
            place = Place(number, side, top, value)
            ours = cells.absent(place)
            theirs: Receipt | None = None
            if found is not None:
                told = self._standings.get((id(found.table), value), {})
                standing = told.get(found.row.cell.pretrain_id, Standing())
                ours = cells.measured(place, found, standing, request, usual)
                theirs = cells.published(place, found, self._reported)
            yield _entry(ours, notes)
            if request.published:
                yield Entry("") if theirs is None else _entry(theirs, notes)


def _usual(found: Iterable[Placed], values: Sequence[str]) -> int:
    """Return how many replicates most cells have."""
    counts = Counter(
        sum(metric_of(result, *_split(value)) is not None for result in each.row.final)
        for each in found
        for value in values
    )
    counts.pop(0, None)
    return max(counts, key=lambda n: (counts[n], n)) if counts else 1


def _legend(request: Request, usual: int) -> str:
    spread = {
        "interval": " ± half of its 95 % t interval over replicates",
        "sd": " ± sd between replicates",
        "none": "",
    }[request.spread]
    ours = f"n = {usual} where a cell says nothing else"
    values = ", ".join(map(_value_words, request.values))
    mean = f"mean{spread}" if usual > 1 else "mean"
    return f"Values: {values}, percent; {mean}; {ours}; {ABSENT}: nothing was run."


def _common(part: str, axes: Sequence[str], key: Key) -> str:
    """Say what all cells have in common."""
    said = [_ALONE[axis].format(place) for axis, place in zip(axes, key, strict=True) if place]
    return f"{part}: {', '.join(said) or 'nothing in common'}."


def _entry(receipt: Receipt, notes: dict[str, int]) -> Entry:
    numbers = tuple(notes.setdefault(text, len(notes) + 1) for text in receipt.notes)
    return Entry(receipt.printed, receipt.mark, tuple(sorted(numbers)), receipt)


def _at(each: Placed, axes: Sequence[str]) -> Key:
    return tuple(each.places[axis] for axis in axes)


def _split(value: str) -> tuple[str, str]:
    protocol, _, metric = value.rpartition("_")
    return protocol, metric


def _value_words(value: str) -> str:
    protocol, metric = _split(value)
    return f"{protocol} {metric.replace('top', 'top-')}"
