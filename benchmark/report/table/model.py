"""What a table is before it is Markdown or LaTeX: panels of cells, notes, and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from benchmark.store.result import Finite, Record

Format: TypeAlias = Literal["markdown", "latex", "csv", "json", "html"]
Spread: TypeAlias = Literal["interval", "sd", "none"]
Mark: TypeAlias = Literal["best", "tied", ""]
REPORTED = "reported"
"""In place of a value's name: what others published."""
ABSENT = "–"
"""Stands where nothing was run."""


class Request(Record):
    """What was asked for; with the same results it makes the same table."""

    rows: tuple[str, ...] = ("method",)
    """Axes down the side."""
    columns: tuple[str, ...] = ("dataset", "encoder")
    """Axes along the top."""
    values: tuple[str, ...] = ("linear_top1",)
    """Protocol and metric, innermost along the top."""
    spread: Spread = "interval"
    """What stands behind ±: half of the 95 % interval, the sd between replicates, or nothing."""
    digits: int = Field(default=1, ge=0, le=4)
    """Behind the point."""
    published: bool = True
    """Whether reported numbers stand beside ours."""
    format: Format = "markdown"
    """Of the written table."""
    caption: str | None = None
    """In place of ours; an author may put it in other words later, too."""
    label: str | None = Field(default=None, pattern=r"^[A-Za-z0-9:._-]+$")
    """Of LaTeX; of several parts each has its number behind it."""
    matrix: str | None = None
    """What should be there."""
    methods: tuple[str, ...] = ()
    """Only these; all if none; so below."""
    datasets: tuple[str, ...] = ()
    """Only these."""
    encoders: tuple[str, ...] = ()
    """Only these."""


class Receipt(Record):
    """What a printed cell rests on."""

    panel: int = Field(ge=1)
    """Which of the table's parts."""
    row: dict[str, str]
    """Its place down the side, by axis."""
    column: dict[str, str]
    """Its place along the top, by axis."""
    value: str
    """Protocol and metric, or `reported`."""
    printed: str
    """The cell as text, without emphasis."""
    mark: Mark = ""
    """`best`: the highest mean of the ranked; `tied`: may be the best, none is shown to beat it."""
    results: tuple[str, ...] = ()
    """Ids of the results, in the order of their replicates; so below."""
    replicates: tuple[int, ...] = ()
    """Their numbers."""
    values: tuple[Finite, ...] = ()
    """Percent."""
    n: int = Field(default=0, ge=0)
    """Replicates."""
    mean: Finite | None = None
    """Percent."""
    sd: Finite | None = None
    """Between replicates, points; None for fewer than two."""
    low: Finite | None = None
    """Lower end of the 95 % interval of the mean."""
    high: Finite | None = None
    """Upper end of it."""
    interval: str = ""
    """How it was made, or why there is none."""
    test: str = ""
    """By what the mark was given, or why none was."""
    commits: tuple[str, ...] = ()
    """Of the program that made the results; `+` where it had uncommitted changes."""
    reported: str | None = None
    """Id of the published number."""
    certainty: str | None = None
    """How sure that is."""
    verdict: str | None = None
    """What our results say of it."""
    notes: tuple[str, ...] = ()
    """What the cell's footnotes say."""

    @property
    def name(self) -> str:
        """Name the cell to a person."""
        places = (*self.row.values(), *self.column.values(), self.value)
        return " / ".join(filter(None, places))


class Receipts(Record):
    """The sidecar of a written table: what was asked for, and one receipt a cell."""

    schema_version: Literal[1] = 1
    """Of this file."""
    request: Request
    """What was asked for."""
    receipts: Annotated[tuple[Receipt, ...], Field(max_length=100_000)]
    """Row by row."""


@dataclass(frozen=True)
class Entry:
    """One cell."""

    text: str
    mark: Mark = ""
    notes: tuple[int, ...] = ()
    """Numbers of footnotes of the panel."""
    receipt: Receipt | None = None
    """None where nothing stands: beside a row without a reported number."""


@dataclass(frozen=True)
class Panel:
    """A part of a table in which everything else is alike."""

    about: tuple[str, ...]
    """What all its cells have in common, and how to read them, in sentences."""
    corner: tuple[str, ...]
    """Names of the row axes."""
    header: tuple[tuple[str, ...], ...]
    """For each level of the header its labels, one a column."""
    labels: tuple[tuple[str, ...], ...]
    """For each row its labels, one a row axis."""
    cells: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...]
    """The first is number 1."""
    rules: tuple[int, ...] = ()
    """Rows above which a rule stands: between methods and controls."""


def spans(panel: Panel, level: int) -> list[tuple[str, int]]:
    """Return the labels of one level of a header, and over how many columns each stands."""
    keys = zip(*panel.header[: level + 1], strict=True)
    return [(key[-1], len([*group])) for key, group in groupby(keys)]


@dataclass(frozen=True)
class Pivot:
    """A whole table."""

    request: Request
    caption: str
    """What the numbers are; an author may put it in other words."""
    panels: tuple[Panel, ...]

    def caption_of(self, number: int) -> str:
        """Return the caption of a part, which says so where there are several."""
        count = len(self.panels)
        if count == 1:
            return self.caption
        stop = "." if self.caption.endswith(".") else ""
        return f"{self.caption.removesuffix('.')} (part {number} of {count}){stop}"

    @property
    def receipts(self) -> Receipts:
        """Return the receipts of all cells."""
        entries = (e for panel in self.panels for row in panel.cells for e in row)
        return Receipts(
            request=self.request, receipts=tuple(e.receipt for e in entries if e.receipt)
        )
