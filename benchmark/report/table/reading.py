"""What is read back from a written table: grids of plain text, their emphasis, and all words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from benchmark.report.table.model import Mark

Grid: TypeAlias = "tuple[tuple[str, ...], ...]"
Cell: TypeAlias = "tuple[str, Mark]"
"""The text of a cell, and whether any of it is bold (`best`) or else italic (`tied`)."""


@dataclass(frozen=True)
class Document:
    """A file that holds tables, without spacing."""

    grids: tuple[Grid, ...]
    """Each table line by line, header lines first."""
    marks: tuple[Grid, ...]
    """The emphasis of each of its cells; `Mark` in place of the text."""
    plain: str
    """Every word of the file on one line."""


def document(tables: Iterable[Sequence[Sequence[Cell]]], plain: str) -> Document:
    """Return a file of tables whose cells have a text and an emphasis."""
    every = [[[*row] for row in table] for table in tables]
    texts, marks = (
        tuple(tuple(tuple(cell[part] for cell in row) for row in table) for table in every)
        for part in (0, 1)
    )
    return Document(texts, marks, plain)


def mark(*, bold: bool, italic: bool) -> Mark:
    """Return what an emphasis says of a number."""
    return "best" if bold else "tied" if italic else ""


def squash(text: str) -> str:
    """Return text as one line of single spaces; what cannot be printed becomes `?`."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)


def marked(text: str, notes: tuple[int, ...]) -> str:
    """Return a cell's text with the numbers of its notes, as every format reads it back."""
    return f"{text} [{','.join(map(str, notes))}]" if notes else text
