"""What is read back from a written table: grids of plain text, and all of its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Grid: TypeAlias = "tuple[tuple[str, ...], ...]"


@dataclass(frozen=True)
class Document:
    """A file that holds tables, without emphasis and spacing."""

    grids: tuple[Grid, ...]
    """Each table line by line, header lines first."""
    plain: str
    """Every word of the file on one line."""


def squash(text: str) -> str:
    """Return text as one line of single spaces; what cannot be printed becomes `?`."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)


def marked(text: str, notes: tuple[int, ...]) -> str:
    """Return a cell's text with the numbers of its notes, as every format reads it back."""
    return f"{text} [{','.join(map(str, notes))}]" if notes else text
